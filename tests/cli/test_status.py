"""Status and logout: what is said of a stored connection, at every age, without touching it."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.auth.health import Health
from tap_exact_online.auth.stores import state_file
from tap_exact_online.auth.tokens import Tokens, fingerprint
from tap_exact_online.cli import COMMANDS, main
from tests.cli.program import Program

NOW = 1_750_000_000.0
DAY = 86_400.0
REFRESH, ACCESS, SEED = "refresh-hunter2", "access-hunter2", "seed-hunter2"


def tokens(age_days: float | None = 1.0, **more: Any) -> Tokens:
    issued = None if age_days is None else NOW - age_days * DAY
    return Tokens("me", REFRESH, issued, ACCESS, issued or 0.0, rotated_by="host:7", **more)


def health(stored: Tokens | None, **more: Any) -> Health:
    return Health("a store", "nl", NOW, stored, **more)


TRIED = {"tried": fingerprint(REFRESH), "tried_by": "host:8", "tried_at": NOW - 60}


@pytest.mark.parametrize(
    ("given", "word", "code", "warns"),
    [
        pytest.param(health(None), "not connected", 3, "Connect with `exact-online login`", id="nothing"),
        pytest.param(health(Tokens("me", "")), "not connected", 3, "Nothing is stored", id="half tried"),
        pytest.param(
            health(None, seed=SEED), "seed", 0, "`refresh_token`, which has not been used", id="seed"
        ),
        pytest.param(health(tokens(), seed=SEED), "seed", 0, "has not been used yet", id="a new seed"),
        pytest.param(
            health(tokens(seed=fingerprint(SEED)), seed=SEED), "connected", 0, None, id="an old seed"
        ),
        pytest.param(health(tokens(seed="x")), "connected", 0, None, id="a seed that is not set any more"),
        pytest.param(health(tokens()), "connected", 0, None, id="a day old"),
        pytest.param(health(tokens(None)), "connected", 0, None, id="of unknown age"),
        pytest.param(health(tokens(-2)), "connected", 0, None, id="the clock went back"),
        pytest.param(health(tokens(19.99)), "connected", 0, None, id="before day 20"),
        pytest.param(health(tokens(20)), "connected", 0, "In 10.0 days it lapses", id="day 20"),
        pytest.param(health(tokens(29.9)), "connected", 0, "In 0.1 days it lapses", id="day 29"),
        pytest.param(health(tokens(30)), "lapsed", 3, "has lapsed", id="day 30"),
        pytest.param(
            health(tokens(tries=1, **TRIED)), "connected", 0, "begun by host:8 at 2025-06-15", id="one try"
        ),
        pytest.param(health(tokens(tries=0, **TRIED)), "connected", 0, None, id="a try that was answered"),
        pytest.param(
            health(tokens(tries=2, **TRIED)),
            "broken",
            3,
            "sent 2 times, last by host:8",
            id="two lost answers",
        ),
        pytest.param(
            health(tokens(tries=1, refused="400 invalid_grant", **TRIED)),
            "broken",
            3,
            "sent once, last by host:8 at 2025-06-15 15:05:40 UTC; Exact said: 400 invalid_grant.",
            id="called dead",
        ),
        pytest.param(
            health(tokens(tries=2, **{**TRIED, "tried": "another"})),
            "connected",
            0,
            None,
            id="tries of another token",
        ),
        pytest.param(
            health(tokens(), saved="/a/file"), "connected", 0, "saved in /a/file", id="saved elsewhere"
        ),
    ],
)
def test_what_a_connection_is(given: Health, word: str, code: int, warns: str | None) -> None:
    assert given.word == word
    assert given.exit_code == code
    assert len(given.warnings) == (warns is not None)
    text = "\n".join([*given.lines(), json.dumps(given.document()), repr(given)])
    assert (warns or "") in text
    assert given.document()["state"] == word.replace(" ", "_")
    assert code == 0 or "lapses in" not in "\n".join(given.lines())  # what is dead does not lapse any more
    assert "hunter2" not in text
    assert fingerprint(REFRESH) not in text


def test_the_lines_for_a_person() -> None:
    assert [*health(tokens(12.25)).lines()] == [
        "Store           a store",
        "Server          nl",
        "State           connected",
        "Refresh token   12 days old, lapses in 17.8 days if unused",
        "Access token    12 days old, expired",
        "Last rotation   2025-06-03 09:06:40 UTC by host:7",
    ]


def test_the_document_for_a_monitor() -> None:
    assert health(tokens(300 / DAY, tries=1, **TRIED)).document() == {
        "state": "connected",
        "exit_code": 0,
        "store": "a store",
        "server": "nl",
        "refresh_token_issued": "2025-06-15T15:01:40+00:00",
        "refresh_token_age_days": 0.0,
        "refresh_token_days_left": 30.0,
        "access_token_issued": "2025-06-15T15:01:40+00:00",
        "access_token_seconds_left": 300,
        "last_rotation_by": "host:7",
        "interrupted_exchange": {
            "tries": 1,
            "at": "2025-06-15T15:05:40+00:00",
            "by": "host:8",
            "refused": None,
        },
        "saved_elsewhere": None,
        "warnings": health(tokens(tries=1, **TRIED)).warnings,
    }


# --- The commands --------------------------------------------------------------------------------------------


def keep(program: Program, path: Path, stored: Tokens) -> bytes:
    server = program.sandbox.base_url.partition("//")[2].replace(":", "_")
    owner = fingerprint(program.settings["client_id"], server)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**asdict(stored), "owner": owner}))
    path.chmod(0o600)
    return path.read_bytes()


def aged(days: float, **more: Any) -> Tokens:
    issued = time.time() - days * DAY
    return Tokens("", REFRESH, issued, ACCESS, issued, rotated_by="elsewhere:1", **more)


def calls(program: Program) -> Any:
    stats = program.sandbox.control.stats()
    return stats["tokens"], stats.get("requests"), stats.get("calls")


@pytest.mark.parametrize(("days", "code", "warned"), [(1, 0, False), (25, 0, True), (31, 3, True)])
def test_status_of_a_stored_connection(program: Program, days: float, code: int, *, warned: bool) -> None:
    stored = keep(program, program.store, aged(days))
    asked = calls(program)
    ended = program.run("status")
    assert ended.exit_code == code
    assert f"{days} day" in ended.out
    assert "by elsewhere:1" in ended.out
    assert ("Warning:" in ended.out) is warned
    as_json = program.run("status", "--json")
    assert as_json.exit_code == code
    document = json.loads(as_json.out)
    assert document["exit_code"] == code
    assert document["refresh_token_age_days"] == pytest.approx(days, abs=0.02)
    assert bool(document["warnings"]) is warned
    assert "hunter2" not in ended.out + ended.err + as_json.out + as_json.err
    assert program.store.read_bytes() == stored
    assert calls(program) == asked
    assert sorted(each.name for each in program.folder.iterdir()) == ["store.json"]


def test_status_needs_no_server(program: Program) -> None:
    program.settings["base_url"] = "https://no.such.host.invalid"
    assert program.run("status").exit_code == 3


def test_status_tells_of_a_token_that_was_saved_elsewhere(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(program.folder / "state"))
    server = program.sandbox.base_url.partition("//")[2].replace(":", "_")
    elsewhere = state_file(server, program.settings["client_id"], "emergency")
    keep(program, program.store, aged(40))
    elsewhere = elsewhere.with_name(f"{elsewhere.stem}-{fingerprint(REFRESH)}.json")
    keep(program, elsewhere, aged(1, previous=fingerprint(REFRESH)))
    ended = program.run("status")
    assert ended.exit_code == 0, ended.out
    assert f"it was saved in {elsewhere}" in ended.out
    assert program.run("logout", "--yes").exit_code == 0
    assert not elsewhere.exists()


@pytest.mark.parametrize("command", ["status", "logout"])
def test_what_a_killed_writer_left_is_found_and_forgotten(program: Program, command: str) -> None:
    left = program.store.with_name(f".{program.store.name}.next")
    keep(program, program.store, aged(40))
    keep(program, left, aged(1, previous=fingerprint(REFRESH)))
    if command == "status":
        ended = program.run("status")
        assert ended.exit_code == 0, ended.out
        assert "The store did not take the newest token" in ended.out
    else:
        assert program.run("logout", "--yes").exit_code == 0
        assert not left.exists()
        assert not program.store.exists()


def test_what_a_store_says_is_shown_on_one_line_without_escapes(program: Program) -> None:
    keep(
        program,
        program.store,
        aged(
            1,
            tried=fingerprint(REFRESH),
            tries=2,
            tried_by="x\x1b]0;t\x07\nState  connected",
            refused="\x1b[2J",
        ),
    )
    for options in ((), ("--json",)):
        ended = program.run("status", *options)
        assert "\x1b" not in ended.out
        assert "\\u001b" not in ended.out
        assert len([line for line in ended.out.splitlines() if line.startswith("State")]) <= 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"owner": 1}', b"\xff"])
def test_a_damaged_store(program: Program, content: bytes) -> None:
    program.store.write_bytes(content)
    program.store.chmod(0o600)
    for command in (("status",), ("logout", "--yes")):
        ended = program.run(*command)
        assert ended.exit_code == 2
        assert "does not hold a connection of this tap" in ended.err
    assert program.store.read_bytes() == content


def test_logout_forgets(program: Program) -> None:
    keep(program, program.store, aged(1))
    refused = program.run("logout")
    assert refused.exit_code == 2
    assert "confirm with --yes" in refused.err
    assert program.store.exists()
    ended = program.run("logout", "--yes")
    assert ended.exit_code == 0
    assert "still lists the app" in ended.out
    assert "Security Centre" in ended.out
    assert not program.store.exists()
    assert program.run("status").exit_code == 3
    again = program.run("logout")
    assert again.exit_code == 0
    assert "Nothing is stored" in again.out


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_logout_asks(program: Program, answer: str, code: int) -> None:
    keep(program, program.store, aged(1))
    with program.start("logout", terminal=True) as logout:
        logout.type(answer)
        ended = program.checked(logout)
    assert ended.exit_code == code
    assert "Everything that shares it needs a new login" in ended.err
    assert program.store.exists() is (code == 1)


def test_logout_tells_of_a_seed_that_is_still_set(program: Program) -> None:
    program.settings["refresh_token"] = SEED
    keep(program, program.store, aged(1))
    assert "`refresh_token` is still set" in program.run("logout", "--yes").out


def test_every_command_is_listed_with_its_exit_codes() -> None:
    context = main.make_context("exact-online", ["status"], resilient_parsing=True)
    for name in ("login", "status", "logout"):
        assert name in COMMANDS
        command = main.get_command(context, name)
        assert command is not None
        assert "Exit codes" in (command.help or "")
