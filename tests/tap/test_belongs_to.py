"""A state says whose it is: a run that is given another's reads nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox, StartSandbox
from tests.singer import Run, Tap, tap_for

FIRST, SECOND = 1000001, 1000002


@pytest.fixture
def books(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(divisions=6, rows=20, minute_limit=10**6)


@pytest.fixture
def tap(books: Sandbox, tmp_path: Path) -> Tap:
    return tap_for(books, tmp_path)


def read(tap: Tap, state: Any = None, environment: str = "", **settings: Any) -> Run:
    env = {"MELTANO_ENVIRONMENT": environment} if environment else {}
    return tap.run(
        catalog=tap.catalog(["gl_accounts"]), state=state, env=env, **{"late_commits": False, **settings}
    )


@pytest.mark.parametrize(
    ("of_whom", "mine", "said"),
    [
        ({"shard": "1/2"}, {"shard": "2/2"}, "belongs to shard 1/2, and this run reads shard 2/2."),
        ({"shard": "1/2"}, {}, "belongs to shard 1/2, and this run reads no shard."),
        (
            {"environment": "demo"},
            {"environment": "prod"},
            "the environment 'demo', and this run is one of 'prod'.",
        ),
        (
            {"divisions": [FIRST]},
            {"divisions": [SECOND]},
            "a run over other divisions, and this run reads none",
        ),
    ],
    ids=["another shard", "a part for all", "another environment", "other divisions"],
)
def test_nothing_is_read_with_a_state_of_another(
    books: Sandbox, tap: Tap, of_whom: dict[str, Any], mine: dict[str, Any], said: str
) -> None:
    state = read(tap, **of_whom).state
    assert state["belongs_to"] == of_whom
    books.control.reset_stats()
    run = read(tap, state, **mine)
    assert run.exit_code == 2, run.log
    assert said in run.log
    assert run.lines == []
    assert books.control.stats()["calls"] == 0
    # As the message says:
    del state["belongs_to"]
    assert read(tap, state, **mine).exit_code == 0


@pytest.mark.parametrize(
    ("of_whom", "mine", "left"),
    [
        ({}, {}, None),
        ({}, {"shard": "1/2", "environment": "demo"}, {"shard": "1/2", "environment": "demo"}),
        ({"shard": "1/2", "environment": "demo"}, {"shard": "1/2"}, {"shard": "1/2"}),
        ({"divisions": [FIRST]}, {"divisions": [FIRST, SECOND]}, {"divisions": [FIRST, SECOND]}),
        ({"divisions": [FIRST]}, {}, None),
    ],
    ids=["no note", "a shard of all", "outside of Meltano", "one division more", "all divisions now"],
)
def test_who_may_take_a_state_goes_on_from_it_and_makes_it_its_own(
    books: Sandbox, tap: Tap, of_whom: dict[str, Any], mine: dict[str, Any], left: Any
) -> None:
    first = read(tap, **of_whom)
    books.control.reset_stats()
    run = read(tap, first.state, **mine)
    assert run.exit_code == 0, run.log
    assert run.state.get("belongs_to") == left
    known = {division for division, bookmark in first.bookmarks("gl_accounts").items() if bookmark}
    begins = [call for call in books.control.asked() if call["path"] == "sync/Financial/GLAccounts"]
    went_on = {
        call["division"] for call in begins if int(re.findall(r"Timestamp gt (\d+)", call["filter"])[0]) > 1
    }
    assert went_on == known & {call["division"] for call in begins}
    assert went_on


@pytest.mark.parametrize("of_whom", [{"environment": "demo"}, {"divisions": [SECOND]}, {"shard": "1/2"}])
def test_a_run_that_ended_before_its_first_page_leaves_nothing_that_stands_in_the_way(
    books: Sandbox, tap: Tap, tmp_path: Path, of_whom: dict[str, Any]
) -> None:
    """As before the first login: it has said whose the state is, and no more."""
    (tmp_path / "dead").mkdir()
    dead = tap_for(books, tmp_path / "dead", "no-such-token")
    failed = read(dead, **of_whom)
    assert failed.exit_code == 3, failed.log
    state = {"belongs_to": of_whom}
    assert failed.lines[-1]["value"] == state
    assert read(tap, state, **of_whom).exit_code == 0
    run = read(tap, state, environment="prod", divisions=[FIRST])
    assert run.exit_code == 0, run.log
    assert run.records["gl_accounts"]
