"""Login in front of a terminal, and with a listener on this machine."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path

import click
import pytest
import requests

from tap_exact_online.cli.stopping import told
from tests.cli.conftest import PUBLIC
from tests.cli.program import Program, free_port, state_in, words_of

ARGS = ("login", "--redirect-uri", PUBLIC)


@pytest.fixture
def door(program: Program) -> str:
    """Register an address on this machine, and return it."""
    uri = f"http://localhost:{free_port()}/callback"
    program.sandbox.control.options(redirect_uri=uri)
    return uri


def visit(address: str) -> str:
    """Go to an address as the browser does, and return what can be read there."""
    with requests.Session() as session:
        session.trust_env = False
        return words_of(session.get(address, timeout=30).text)


# --- Pasting -------------------------------------------------------------------------------------------------


def test_the_address_is_pasted(program: Program) -> None:
    with program.start(*ARGS, terminal=True) as login:
        back = program.consent(login.url())
        login.wait_for("paste it here:")
        login.type(back)
        ended = program.checked(login)
    assert ended.exit_code == 0, ended.err
    assert "Connected." in ended.out


def test_something_else_is_pasted_first(program: Program) -> None:
    with program.start(*ARGS, terminal=True) as login:
        url = login.url()
        back = program.consent(url)
        for text in ("", "stampNL001.a-bare-code", url, back):
            login.type(text)
        ended = program.checked(login)
    assert ended.exit_code == 0, ended.err
    assert "A code alone is not taken" in ended.err
    assert "This is the address of Exact's own page" in ended.err


def test_the_answer_to_another_login_is_pasted(program: Program) -> None:
    with program.start(*ARGS, terminal=True) as login:
        url = login.url()
        login.type(f"{PUBLIC}?code=hunter2&state=anothers")
        login.type(program.consent(url))
        ended = program.checked(login)
    assert ended.exit_code == 0
    assert "belongs to another login" in ended.err
    assert "hunter2" not in ended.err


def test_nothing_is_pasted(program: Program) -> None:
    with program.start(*ARGS, terminal=True) as login:
        login.url()
        login.end_input()
        ended = program.checked(login)
    assert ended.exit_code == 3
    assert "without an answer" in ended.err


def test_the_redirect_uri_is_asked_for(program: Program) -> None:
    with program.start("login", terminal=True) as login:
        login.type(PUBLIC)
        login.type(program.consent(login.url()))
        assert program.checked(login).exit_code == 0


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_a_second_login_is_asked_about(program: Program, answer: str, code: int) -> None:
    assert program.login().exit_code == 0
    before = program.stored
    with program.start(*ARGS, terminal=True) as login:
        login.type(answer)
        if code == 0:
            login.type(program.consent(login.url()))
        ended = program.checked(login)
    assert ended.exit_code == code
    assert "ends it at once, also for copies of it that other machines keep. Log in anew?" in ended.err
    assert (program.stored == before) is (code == 1)


@pytest.mark.parametrize(
    ("number", "code", "how"),
    [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")],
)
def test_a_login_that_is_ended_says_how_to_go_on(
    program: Program, number: signal.Signals, code: int, how: str
) -> None:
    with program.start(*ARGS, terminal=True) as login:
        login.url()
        login.process.send_signal(number)
        ended = program.checked(login)
    assert ended.exit_code == code
    assert f"Error: Ended by {how}: nothing was stored, and no other connection was ended." in ended.err
    assert "run `exact-online login` again" in ended.err
    assert not program.store.exists()


@pytest.mark.parametrize(
    ("sent", "said"), [(False, "nothing was stored"), (True, "see with `exact-online status`")]
)
def test_a_question_that_is_broken_off_and_a_code_that_was_sent(
    capsys: pytest.CaptureFixture[str], *, sent: bool, said: str
) -> None:
    def ask() -> None:
        with told() as stopping:
            stopping.sent = sent
            try:
                signal.raise_signal(signal.SIGTERM)
            except KeyboardInterrupt:
                raise click.Abort from None  # as click does while it asks

    with pytest.raises(SystemExit) as ended:
        ask()
    assert ended.value.code == 143
    assert said in capsys.readouterr().err


def test_no_to_a_question_is_no_signal() -> None:
    with pytest.raises(click.Abort), told():
        raise click.Abort


# --- The listener --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("terminal", [True, False])
def test_the_browser_comes_back(program: Program, door: str, *, terminal: bool) -> None:
    with program.start("login", "--redirect-uri", door, terminal=terminal) as login:
        back = program.consent(login.url())
        origin = door.removesuffix("/callback")
        assert "Nothing to see here yet" in visit(f"{origin}/favicon.ico")
        seen = visit(back)
        ended = program.checked(login)
    assert ended.exit_code == 0, ended.err
    assert "goes on by itself" in ended.out
    assert "Connected to Exact Online" in seen
    program.check(seen)
    assert program.stored["refresh_token"]


def test_the_address_is_pasted_although_the_browser_could_come(program: Program, door: str) -> None:
    with program.start("login", "--redirect-uri", door, terminal=True) as login:
        login.type(program.consent(login.url()))
        assert program.checked(login).exit_code == 0


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("error=access_denied&state={}", 3, "Access was denied on Exact's page"),
        ("code=hunter2&state={}", 3, "works once and for three minutes"),
        ("error=invalid_request&state={}", 2, "Exact did not ask for consent (invalid_request)"),
    ],
)
def test_the_browser_shows_what_went_wrong(
    program: Program, door: str, query: str, code: int, says: str
) -> None:
    with program.start("login", "--redirect-uri", door) as login:
        seen = visit(f"{door}?{query.format(state_in(login.url()))}")
        ended = program.checked(login)
    assert ended.exit_code == code
    assert says in ended.err
    assert "Not connected" in seen
    assert says.replace("'", "&#x27;") in seen
    assert "hunter2" not in seen + ended.out + ended.err


def test_a_page_that_knows_no_state_does_not_end_the_login(program: Program, door: str) -> None:
    with program.start("login", "--redirect-uri", door) as login:
        back = program.consent(login.url())
        for query in ("error=x", "code=hunter2&state=x", "code=hunter2"):
            assert "Not the answer to this login" in visit(f"{door}?{query}")
        assert "Connected to Exact Online" in visit(back)
        assert program.checked(login).exit_code == 0


def test_a_port_that_is_taken_leaves_pasting(program: Program, door: str) -> None:
    port = int(door.split(":")[2].partition("/")[0])
    with (
        socket.create_server(("127.0.0.1", port)),
        program.start("login", "--redirect-uri", door, terminal=True) as login,
    ):
        login.type(program.consent(login.url()))
        ended = program.checked(login)
    assert ended.exit_code == 0, ended.err
    assert (
        f"Port {port} of this machine cannot be had (Address already in use): the answer has to be pasted"
        in ended.err
    )


def test_a_port_that_is_taken_and_no_terminal(program: Program, door: str) -> None:
    port = int(door.split(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)):
        ended = program.run("login", "--redirect-uri", door)
    assert ended.exit_code == 2
    assert ended.err.count("cannot be had") == 1
    assert f"Error: Port {port} of this machine cannot be had" in ended.err
    assert "no terminal to paste the answer into. Use --code-url -." in ended.err


# --- Opening a browser ---------------------------------------------------------------------------------------


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """Return a program that stands in for a browser: it writes down the address it is given."""
    program = tmp_path / "browser"
    program.write_text(
        f"#!{sys.executable}\nimport sys, pathlib\npathlib.Path({str(tmp_path / 'opened')!r}).write_text(sys.argv[1])\n"
    )
    program.chmod(0o700)
    return program


def test_the_address_is_opened_where_there_is_a_browser(program: Program, browser: Path) -> None:
    with program.start(*ARGS, terminal=True, env={"BROWSER": f"{browser} %s"}) as login:
        url = login.url()
        login.type(program.consent(url))
        assert program.checked(login).exit_code == 0
    assert browser.with_name("opened").read_text() == url


@pytest.mark.parametrize("option", ["--no-browser", "--code-url=-"])
def test_no_browser_is_opened_where_none_is_wanted(program: Program, browser: Path, option: str) -> None:
    with program.start(
        *ARGS, option, terminal=option == "--no-browser", env={"BROWSER": f"{browser} %s"}
    ) as login:
        login.type(program.consent(login.url()))
        assert program.checked(login).exit_code == 0
    assert not browser.with_name("opened").exists()
