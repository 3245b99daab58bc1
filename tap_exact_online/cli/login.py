"""`exact-online login`: connect, once."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import click

from tap_exact_online.auth import loopback
from tap_exact_online.auth.exchange import Exchange
from tap_exact_online.auth.health import LIFE_DAYS, Health
from tap_exact_online.auth.login import (
    Consent,
    Foreign,
    Login,
    NotAnAnswer,
    again,
    check_redirect_uri,
    new_state,
)
from tap_exact_online.cli.options import has_terminal, with_settings
from tap_exact_online.cli.stopping import Stopping, told
from tap_exact_online.connection import Kept, kept
from tap_exact_online.errors import ConfigurationError, LoginNeeded, TapError
from tap_exact_online.reading import granted_divisions
from tap_exact_online.settings import Settings
from tap_exact_online.spoken import spoken
from tap_exact_online.surroundings import how_to
from tap_exact_online.telling import words

_LEAST_STATE = 16
_IN_THE_LIST = (
    "The address stood on the command line, where every user of this machine could read it with its code: use"
    " --code-url - next time, and write it to standard input."
)
_SHOWN = ("Code", "Description")


@dataclass(frozen=True, slots=True)
class _Answer:
    """An address that may be the answer, and how to tell the person who gave it what became of it.

    Attributes:
        address: The address, or None when no more can be typed.
        show: Shows the outcome in the browser, if it came from there.
    """

    address: str | None = field(repr=False)
    show: Callable[[loopback.View], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class _Inbox:
    """Where answers arrive.

    Attributes:
        listens: A browser can bring one.
        terminal: A person can paste one, and another after a wrong one.
        answers: Those that have arrived.
    """

    listens: bool
    terminal: bool
    answers: queue.Queue[_Answer] = field(default_factory=queue.Queue)


@click.command("login")
@click.option(
    "--redirect-uri",
    envvar="EXACT_ONLINE_REDIRECT_URI",
    metavar="URL",
    help="The redirect URI of your app registration, exactly as it stands there. [env: EXACT_ONLINE_REDIRECT_URI]",
)
@click.option("--no-browser", is_flag=True, help="Only print the address, open no browser.")
@click.option("--force-login", is_flag=True, help="Let Exact ask who you are, even if the browser knows.")
@click.option("--yes", is_flag=True, help="Replace a stored connection without asking.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for you.",
)
@click.option(
    "--code-url",
    metavar="URL|-",
    help="Without a terminal: - reads the address that the browser was sent back to from standard input, after the"
    " address to open was printed. Given here itself it works too, but every user of the machine can see it.",
)
@click.option(
    "--print-url",
    is_flag=True,
    help="Only print the address to open. Go on with --code-url - --state STATE.",
)
@click.option("--state", metavar="STATE", help="With --code-url: the `state` in the address of --print-url.")
@with_settings
def command(  # noqa: PLR0913  one for each option
    settings: Settings,
    *,
    redirect_uri: str | None,
    no_browser: bool,
    force_login: bool,
    yes: bool,
    timeout: float,
    code_url: str | None,
    print_url: bool,
    state: str | None,
) -> None:
    """Connect to Exact Online. Needed once: every run keeps the connection alive.

    Prints an address and opens it where there is a browser. You sign in and allow access; Exact then sends the browser
    to the redirect URI of your app registration. If that leads to this machine (http://localhost:PORT/...) the
    rest goes by itself; if not, copy the address of the page you end on and paste it here, within three minutes.

    A login ends any other connection that the same user has with the same app.

    \b
    Exit codes
      0  connected
      1  Exact Online does not answer, or the divisions cannot be read
      2  a setting, the app registration, the redirect URI or the store cannot
         be used, no division is granted, or there is a connection already
         and no terminal to ask on, without --yes
      3  not connected: denied, too late, used before, or not the answer to
         this login
      4  not now: another process holds the store, or a limit is reached
      5  Exact gave a connection that could not be stored
      130, 143  ended by Ctrl-C, terminated: it says whether anything was sent
    """  # noqa: D301  click wants the character itself
    with told() as stopping:
        redirect_uri = _redirect_uri(redirect_uri)
        if code_url not in {None, "-"} and state is None:
            msg = (
                "--code-url needs the --state of the address that --print-url gave, or it cannot know that the answer is"
                " yours. To do both in one go use --code-url - and write the answer to standard input."
            )
            raise ConfigurationError(msg)
        if state is not None and len(state) < _LEAST_STATE:
            msg = f"--state is too short to be safe: use at least {_LEAST_STATE} random characters."
            raise ConfigurationError(msg)
        consent = Consent(settings.base_url, settings.client_id, redirect_uri, state or new_state())
        places = kept(settings)
        health = places.health(time.time())
        login = _login(places)
        if print_url:
            login.prepare()
            click.echo(consent.url(force_login=force_login))
            return
        _confirm(health, yes=yes)
        login.prepare()
        if code_url is not None and code_url != "-":
            click.echo(_IN_THE_LIST, err=True)
            code = consent.code_in(code_url)
            stopping.sent = True
            login.redeem(code, redirect_uri)
        else:
            piped = code_url == "-"
            with _inbox(consent, piped=piped) as inbox:
                url = consent.url(force_login=force_login)
                _ask(url, consent, places, inbox)
                if not (piped or no_browser) and _has_browser(os.environ, sys.platform):
                    with contextlib.suppress(webbrowser.Error):
                        webbrowser.open(url)
                _receive(inbox, consent, login, stopping, time.monotonic() + timeout)
        _report(settings, places)


def _redirect_uri(given: str | None) -> str:
    if given is None and has_terminal():
        text = "Redirect URI of your app registration, exactly as it stands there"
        given = str(click.prompt(text, err=not sys.stdout.isatty())).strip()
    check_redirect_uri(given or "")
    return given or ""


def _login(places: Kept) -> Login:
    settings = places.settings
    exchange = Exchange(settings.base_url, settings.client_id, settings.client_secret, time.sleep)
    return Login(places.store, exchange, places.owner, settings.refresh_token, time.time, time.sleep)


def _confirm(health: Health, *, yes: bool) -> None:
    """Ask before a connection that works is replaced."""
    if not health.alive or yes:
        return
    warning = (
        f"There is a connection in {health.place} already. A new login by the same user ends it at once, also for"
        " copies of it that other machines keep."
    )
    if not has_terminal():
        msg = f"{warning} If that is what you want, add --yes."
        raise ConfigurationError(msg)
    click.confirm(f"{warning} Log in anew?", abort=True, err=not sys.stdout.isatty())


def _has_browser(environment: Mapping[str, str], platform: str) -> bool:
    """Tell whether there is a browser with a window; one inside the terminal would be in the way."""
    if platform in {"darwin", "win32"}:
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


@contextlib.contextmanager
def _inbox(consent: Consent, *, piped: bool) -> Iterator[_Inbox]:
    """Collect answers from the browser and from the terminal, or from a pipe only.

    Raises:
        ConfigurationError: No answer could reach us.
    """
    terminal = not piped and has_terminal()
    answers: queue.Queue[_Answer] = queue.Queue()
    server: loopback.Loopback | None = None
    redirect_uri = consent.redirect_uri
    door = None if piped else loopback.door_of(redirect_uri)
    problem = f"{redirect_uri} does not lead to this machine"
    if door is not None:
        try:
            server = loopback.Loopback(
                door, lambda came: answers.put(_Answer(came.address, came.show)), consent.is_answered_by
            )
        except OSError as error:
            problem = f"Port {door.port} of this machine cannot be had ({error.strerror})"
            if terminal:  # without one that is the error below
                click.echo(f"{problem}: the answer has to be pasted.", err=True)
    if server is None and not (piped or terminal):
        msg = f"{problem}, and there is no terminal to paste the answer into. Use --code-url -."
        raise ConfigurationError(msg)
    if piped or terminal:
        threading.Thread(target=_read_lines, args=(answers,), daemon=True).start()
    try:
        yield _Inbox(server is not None, terminal, answers)
    finally:
        if server is not None:
            server.close()


def _read_lines(answers: queue.Queue[_Answer]) -> None:
    """Pass on what is typed. Read below Python's buffers: a thread that waits in them cannot be left at the end."""
    rest = b""
    with contextlib.suppress(OSError):
        while part := os.read(0, 65536):
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                _pass_on(line, answers)
    _pass_on(rest, answers)
    answers.put(_Answer(None))


def _pass_on(line: bytes, answers: queue.Queue[_Answer]) -> None:
    if text := line.decode(errors="replace").strip():
        answers.put(_Answer(text))


def _ask(url: str, consent: Consent, places: Kept, inbox: _Inbox) -> None:
    """Say what to do. The address stands alone on its line, for programs that read it."""
    server, place = places.settings.server, places.store.place
    click.echo(f"Connecting to Exact Online ({server}); the connection is kept in {place}.")
    click.echo("This ends any other connection that the same user has with this app.")
    click.echo("\nOpen this address, sign in and allow access:\n")
    click.echo(url)
    click.echo(f"\nThe browser then goes to an address that begins with {consent.redirect_uri}")
    if inbox.listens:
        click.echo("and this program goes on by itself.")
        if inbox.terminal:
            click.echo("If the browser shows an error there instead, paste all of that address here:")
    else:
        click.echo("Whatever the page itself shows, copy all of that address. Within three minutes")
        click.echo("paste it here:" if inbox.terminal else "write it to standard input.")
    sys.stdout.flush()


def _receive(inbox: _Inbox, consent: Consent, login: Login, stopping: Stopping, deadline: float) -> None:
    """Wait for the answer and exchange its code; the browser that brought it shows how that went.

    Args:
        inbox: Where answers arrive.
        consent: The question.
        login: Exchanges the code.
        stopping: Is told when it is sent.
        deadline: When to give up, on the monotonic clock.
    """
    while True:
        try:
            answer = inbox.answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise _no_answer() from None
        if answer.address is None:
            if inbox.listens:
                continue  # nothing more can be typed, but the browser may still come
            msg = f"Standard input ended without an answer. {again()}"
            raise LoginNeeded(msg)
        try:
            code = consent.code_in(answer.address)
            stopping.sent = True
            login.redeem(code, consent.redirect_uri)
        except (NotAnAnswer, Foreign) as error:
            if not inbox.terminal:
                raise
            click.echo(str(error), err=True)
        except TapError as error:
            answer.show(loopback.failed(error))
            raise
        else:
            answer.show(loopback.CONNECTED)
            return


def _no_answer() -> LoginNeeded:
    return LoginNeeded(
        "No answer came in time. If Exact showed an error instead of asking for access, check `client_id`, `region` and"
        f" that the redirect URI is exactly the registered one. {again()}"
    )


def _report(settings: Settings, places: Kept) -> None:
    """Show what the connection gives."""
    click.echo(f"\nConnected. The connection is stored in {places.store.place}.")
    click.echo(
        f"It stays alive for {LIFE_DAYS} days without a run, and every run starts that time anew. See how it is doing with"
        f" `{how_to('status')}`."
    )
    sys.stdout.flush()
    client = kept(replace(settings, maintenance=0.0)).connect()  # a person waits
    rows = granted_divisions(client, _SHOWN, sorted(settings.choice.only)).rows
    if (unsaved := client.settle()) is not None:
        raise unsaved
    click.echo(f"\n{words.counted(len(rows), 'division is', 'divisions are')} granted to this app:")
    for row in sorted(rows, key=lambda row: int(row["Code"])):
        click.echo(f"  {row['Code']}  {spoken(row['Description'] or '')}".rstrip())
