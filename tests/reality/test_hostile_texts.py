"""Texts that a server, a file or a setting holds: shown on one line, without escapes, and without the secrets in use."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox
from tests.faults.quick import FastTap, only
from tests.faults.world import FINE
from tests.reality.conftest import Read, error_body
from tests.singer import Run

LEDGER = "gl_accounts"
PATH = BY_NAME[LEDGER].path
ESCAPES = "\x1b]0;title\x07\x1b[2J\u202e2026-01-01 00:00:00 | ERROR | forged\nINFO | forged too"
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return only(every, LEDGER, "divisions")


def secrets(tap: FastTap) -> list[str]:
    """Return what must not come out: the token of the run that came before and is good still, and the app's secret."""
    stored = json.loads((tap.folder / "store.json").read_bytes())
    return [stored["access_token"], stored["refresh_token"], tap.config["client_secret"]]


def clean(run: Run) -> None:
    """No line of the log was forged, and nothing in it steers a terminal."""
    assert _CONTROL.search(run.log) is None
    for line in run.log.splitlines():
        assert not line.startswith(("INFO | forged", "2026-01-01"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
@pytest.mark.parametrize("shape", ["error object", "plain text", "reason"])
def test_a_server_that_echoes_what_it_was_sent(  # noqa: PLR0917  a table
    books: Sandbox, tap: FastTap, read: Read, catalog: dict[str, Any], status: int, shape: str
) -> None:
    first = read(catalog)
    assert first.exit_code == 0, first.log
    planted = secrets(tap)
    said = f"Authorization: Bearer {planted[0]} {planted[2]} {ESCAPES}"
    rule: dict[str, Any] = {"status": status, "path": PATH, "times": None}
    if shape == "error object":
        rule["body"] = error_body(said)
    elif shape == "plain text":
        rule["body"] = said
    else:
        rule["headers"] = {
            "Reason": said.encode("ascii", "ignore").decode().replace("\n", " ").replace("\x1b", "")
        }
    books.control.fault("status", **rule)
    run = read(catalog, first.state)
    clean(run)
    everything = run.log + json.dumps(run.lines)
    for secret in planted:
        assert secret not in everything
        assert secret[-16:] not in everything


def test_names_and_keys_that_hold_escapes(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    row = {"Division": divisions[0], "Timestamp": "5", "Code": "1", "Description": ["no text"]}
    body = json.dumps({"d": {"results": [{**row, "ID": "key\n\x1b[2JINFO | forged"}]}})
    books.control.fault("status", status=200, body=body, path=PATH, division=divisions[0], times=None)
    run = read(only(every, LEDGER))
    assert run.exit_code == 1, run.log
    clean(run)
    assert "a row was left out: ID key" in run.log


def test_links_and_redirects_that_hold_escapes(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    row = {"Division": divisions[0], "Timestamp": "5", "Code": "1", "ID": "a", "Description": "x"}
    link = f"https://evil{ESCAPES}.example/api"
    body = json.dumps({"d": {"results": [row], "__next": link}})
    books.control.fault("status", status=200, body=body, path=PATH, division=divisions[0], times=None)
    books.control.fault(
        "status", status=302, headers={"Location": "https://[evil%1b[2J.example/x"}, path=PATH, times=None
    )
    run = read(only(every, LEDGER))
    assert run.exit_code == 1, run.log
    clean(run)


def test_a_catalog_and_a_state_that_hold_escapes(tap: FastTap, read: Read, catalog: dict[str, Any]) -> None:
    name = f"no_such{ESCAPES}"
    foreign = {"streams": [{**catalog["streams"][0], "tap_stream_id": name, "stream": name}]}
    run = tap.run(catalog=foreign)
    assert run.exit_code == 2, run.log
    clean(run)
    first = read(catalog)
    state = {"bookmarks": {**first.state["bookmarks"], name: {}}}
    again = read(catalog, state)
    assert again.exit_code == 0, again.log
    clean(again)


def test_settings_are_not_repeated_with_their_secrets(tap: FastTap) -> None:
    assert FINE
    run = tap.run("--config", '{"client_secret": "hunter2-hunter2", "x": ')
    assert run.exit_code == 2, run.log
    assert "hunter2" not in run.log
