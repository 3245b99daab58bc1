"""`exact-online sandbox`: run the stand-in for Exact Online."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tap_exact_online import edm
from tap_exact_online.sandbox.clock import Clock
from tap_exact_online.sandbox.options import Options
from tap_exact_online.spoken import unstopped

if TYPE_CHECKING:
    from tap_exact_online.sandbox.server import Listening

_DEFAULTS = Options()


def _tables(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, int]:
    """Read `PATH=ROWS` pairs."""
    known = {path.lower(): path for path in edm.paths()}
    counts = {}
    for pair in given:
        path, _mark, rows = pair.partition("=")
        if not rows.isdecimal() or path.lower() not in known:
            msg = f"'{pair}' is not PATH=ROWS with a known path, for example sync/CRM/Accounts=2000"
            raise click.BadParameter(msg)
        counts[known[path.lower()]] = int(rows)
    return counts


def _option(name: str, kind: Any, text: str) -> Callable[[Any], Any]:
    """Declare an option that is named and defaulted as in `Options`."""
    field = name.removeprefix("--").replace("-", "_")
    return click.option(
        name, field, type=kind, default=getattr(_DEFAULTS, field), show_default=True, help=text
    )


@click.command("sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Port; 0 is any free one."
)
@click.option("--tls", is_flag=True, help="Serve HTTPS with a throw-away certificate.")
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path),
    help="With --tls: where to write the certificate authority to trust. Default: a temporary file.",
)
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path),
    help="Write how to connect here, as JSON, once it listens.",
)
@click.option(
    "--replay",
    "recording",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Give recorded answers again, instead of generated ones.",
)
@click.option("--quiet", is_flag=True, help="Print nothing.")
@_option("--seed", int, "Seed of all generated data: the same seed gives the same books.")
@_option("--divisions", click.IntRange(0), "How many divisions (companies) there are.")
@_option("--division-code", click.IntRange(1), "Code of the first division.")
@_option("--rows", click.IntRange(0), "Transaction lines in each division; other tables scale with it.")
@click.option(
    "--table", "tables", multiple=True, callback=_tables, metavar="PATH=ROWS", help="Exact size of one table."
)
@_option(
    "--calendar",
    click.Choice(["by_place", "months", "july", "thirteen"]),
    "Periods: months, years from July, thirteen of four weeks; by_place: one kind after the other.",
)
@_option(
    "--currency",
    click.Choice(["by_place", "EUR", "USD"]),
    "Currency of the books; by_place: USD in every fourth division.",
)
@_option(
    "--memorial-header",
    click.Choice(["zero", "control", "none"]),
    "Line 0 of memorial entries: a row of 0, the first posting, a row without account.",
)
@_option("--closing", click.Choice(["result", "none"]), "How closed years are booked.")
@_option(
    "--year-end",
    click.Choice(["none", "balances"]),
    "balances: closed years end and begin with entries of all balances.",
)
@_option("--term-sign", click.Choice(["negative", "positive"]), "Sign of receivables among payment terms.")
@_option(
    "--padding",
    click.Choice(["codes", "all"]),
    "all: every text of fixed width is filled up with spaces; codes: only codes and countries.",
)
@_option(
    "--file-sizes",
    click.Choice(["bytes", "kilobytes", "none"]),
    "What FileSize of attachments counts.",
)
@_option(
    "--reference",
    click.Choice(["all", "newest"]),
    "newest: properties that the newest reference lacks are unknown.",
)
@_option("--latency-ms", click.FloatRange(0), "How long every call takes at least.")
@click.option("--compress", is_flag=True, help="Send gzip to clients that accept it.")
@_option("--page-cache-mib", click.IntRange(0), "Memory for prepared pages, in MiB.")
@_option("--redirect-uri", str, "Redirect address of the app registration.")
@_option("--minute-limit", int, "Calls a minute for each division.")
@_option("--day-limit", int, "Calls a day for each division.")
@_option("--contract-limit", int, "Calls a day over all divisions.")
@_option("--minute-seconds", click.FloatRange(0, min_open=True), "How long a minute lasts.")
@_option("--error-limit", int, "Errors an hour for each endpoint before the app is blocked.")
@_option("--access-lifetime", float, "Life of an access token, in seconds.")
@_option("--refresh-after", float, "How old an access token must be before it may be replaced, in seconds.")
@_option("--refresh-lifetime-days", float, "Life of an unused refresh token, in days.")
@_option("--code-lifetime", float, "Life of an authorization code, in seconds.")
@_option("--token-limit", int, "Token calls a day for each user.")
def command(  # noqa: PLR0913 - one for each option
    host: str,
    port: int,
    *,
    tls: bool,
    ca_file: Path | None,
    ready_file: Path | None,
    recording: Path | None,
    quiet: bool,
    **given: Any,
) -> None:
    """Run a stand-in for Exact Online on this machine, until Ctrl-C.

    It serves the REST API with generated books and keeps to Exact's rules: tokens that rotate, limits, pages of rows.
    Nothing in it is real, and nothing leaves this machine. Point the tap at it with the setting base_url.

    Its address /_sandbox/ lists the commands that change its data, move its clock and script its failures, and what each takes: a
    command is a POST to its name below that address, with its arguments as JSON.

    Exit codes: 0 ended; 2 an option cannot be used, the port cannot be had, or the extra [sandbox] is not installed.
    """
    try:
        from tap_exact_online.sandbox import replay, server, service  # noqa: PLC0415 - needs the extra
    except ImportError as error:
        click.echo(
            f'Error: The sandbox needs more packages: pip install "tap-exact-online[sandbox]" ({error})',
            err=True,
        )
        raise SystemExit(2) from None
    try:
        recorded = None if recording is None else replay.Replay(recording)
    except ValueError as error:
        click.echo(f"Error: Cannot replay: {error}", err=True)
        raise SystemExit(2) from None
    try:
        bound = server.listen(host, port)
    except OSError as error:
        click.echo(
            f"Error: Cannot listen on {host}:{port}: {unstopped(error.strerror)}. Choose another with --port, or 0 for any.",
            err=True,
        )
        raise SystemExit(2) from None
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)  # an old one would tell who waits for it where nobody listens

    def announce(listening: Listening) -> None:
        if ready_file is not None:
            server.write_ready(ready_file, listening)
        if not quiet:
            click.echo(_ready_line(listening))

    started = service.start(Options(**given), Clock(time.time), recorded)
    server.run(started, bound, tls=tls, ca_file=ca_file, announce=announce)


def _ready_line(listening: Listening) -> str:
    trust = "" if listening.ca_file is None else f" ca_file={listening.ca_file}"
    return (
        f"Sandbox ready: base_url={listening.base_url} client_id={listening.client_id} "
        f"client_secret={listening.client_secret} refresh_token={listening.refresh_token}{trust}"
    )
