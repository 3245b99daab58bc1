"""`exact-online hint`: say that a company has news, so that its streams are read first."""

from __future__ import annotations

import json
import sys
import time

import click

from tap_exact_online.board import ALL_STREAMS, HINTS, Hint, given
from tap_exact_online.catalog import check_streams
from tap_exact_online.cli.options import with_settings
from tap_exact_online.connection import kept
from tap_exact_online.errors import ConfigurationError, TapError
from tap_exact_online.settings import Settings
from tap_exact_online.spoken import spoken, unstopped
from tap_exact_online.telling import words

_MOST_DIGITS = 12


@click.command("hint")
@click.argument("division", required=False)
@click.argument("stream", required=False)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@with_settings
def command(settings: Settings, *, division: str | None, stream: str | None, as_json: bool) -> None:
    """Say that DIVISION has news, in STREAM or anywhere: the next run reads it first.

    For whoever receives the webhooks of Exact, or knows otherwise. Without DIVISION, or with -, hints are read from standard
    input, one a line: `123456` or `123456 sales_invoices`. They lie beside the token store, where every process that shares the
    connection finds them, and count for a week.

    A hint puts in front what would be read anyway; what nobody gives a hint of is read all the same. Costs no call.

    Exit codes: 0 noted; 1 the store cannot be written; 2 a hint cannot be understood: then none is noted.
    """
    if division is None or (division == "-" and stream is None):
        lines = sys.stdin.buffer.read().decode("utf-8", "replace").splitlines()
        hints = [_hint(line, f"line {number}: ") for number, line in enumerate(lines, 1) if line.strip()]
    else:
        hints = [_hint(f"{division} {stream or ''}", "")]
    board = kept(settings).board
    try:
        board.change(HINTS, lambda content: given(content, hints, time.time()))
    except OSError as error:
        msg = f"Hints cannot be kept at {board.place}: {unstopped(error.strerror)}. Check `store`."
        raise TapError(msg) from None
    told = f"{words.counted(len(hints), 'hint')} noted."
    click.echo(json.dumps({"hints": len(hints)}, indent=1) if as_json else told)


def _hint(text: str, where: str) -> Hint:
    """Read a hint.

    Raises:
        ConfigurationError: It names no division, or a stream that does not exist.
    """
    division, _, stream = " ".join(text.split()).partition(" ")
    stream = stream or ALL_STREAMS
    if not (division.isascii() and division.isdecimal()) or len(division) > _MOST_DIGITS:
        msg = f"{where}'{spoken(division, 60)}' is no number of a division. A hint is `123456` or `123456 sales_invoices`."
        raise ConfigurationError(msg)
    check_streams({stream} - {ALL_STREAMS}, where)
    return Hint(int(division), stream)
