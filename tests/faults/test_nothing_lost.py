"""What comes between two runs: late commits, moves, an old log, withdrawn rights. Nothing is lost, or it is said."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox, StartSandbox
from tests.expected import expected_rows
from tests.faults.quick import FastTap, Quick, only
from tests.faults.world import FINE
from tests.singer import Run, Tap, tap_for

LINES = BY_NAME["transaction_lines"].path
LEAVE = "leave_absence_hours_by_day"
STREAMS = ["divisions", "deleted", "transaction_lines", "accounts", "journals"]
SYNC = ["deleted", "transaction_lines", "accounts"]


@pytest.fixture
def books(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(**FINE, rows=1100)


@pytest.fixture
def tap(books: Sandbox, tmp_path: Path, quick: Quick) -> Tap:
    return FastTap(**vars(tap_for(books, tmp_path)), quick=quick)


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return only(every, *STREAMS)


def _divisions(books: Sandbox) -> list[int]:
    return [row["Code"] for row in books.control.divisions()]


def _complete(run: Run) -> Run:
    assert run.exit_code == 0, run.log
    return run


def _ids(run: Run, stream: str = "transaction_lines") -> set[str]:
    return {record["ID"] for record in run.records[stream]}


class TestLateCommits:
    @pytest.mark.parametrize("rows_after", [0, 1, 5])
    @pytest.mark.parametrize("rows_before", [0, 3])
    def test_one_below_the_bookmark_is_read_by_the_next_run(
        self, books: Sandbox, tap: Tap, every: dict[str, Any], rows_before: int, rows_after: int
    ) -> None:
        catalog = only(every, "transaction_lines")
        division, control = _divisions(books)[0], books.control
        first = _complete(tap.run(catalog=catalog))
        control.add(division, LINES, rows_before)
        handle = control.begin(division, LINES)
        control.add(division, LINES, rows_after)
        second = _complete(tap.run(state=first.state, catalog=catalog))
        late = control.commit(division, handle)
        lost = second.bookmarks("transaction_lines")[division] > handle
        assert lost == (rows_after > 0)
        assert late in _ids(_complete(tap.run(state=second.state, catalog=catalog)))
        without = _complete(tap.run(state=second.state, catalog=catalog, late_commits=False))
        assert (late in _ids(without)) != lost

    def test_over_a_quiet_source_the_third_run_writes_nothing_and_every_run_makes_one_call_each(
        self, books: Sandbox, tap: Tap, catalog: dict[str, Any]
    ) -> None:
        runs = [_complete(tap.run(catalog=catalog))]
        fixed = {"current/Me": 1, "system/Divisions": 1}
        once = {BY_NAME[stream].path: 2 for stream in [*SYNC, "journals"]}
        for _ in range(3):
            books.control.reset_stats()
            runs.append(_complete(tap.run(state=runs[-1].state, catalog=catalog)))
            assert books.control.stats()["by_endpoint"] == {**fixed, **once}
        written = [{stream: len(run.records[stream]) for stream in SYNC} for run in runs]
        assert written[1]["transaction_lines"] == 2 * 100
        assert all(count <= 2 * 1000 for count in written[1].values())
        assert written[2:] == [dict.fromkeys(SYNC, 0)] * 2
        assert runs[2].state["bookmarks"].keys() == runs[3].state["bookmarks"].keys()


class TestMovedDivisions:
    def test_one_is_read_anew_and_only_its_own_bookmarks_are_forgotten(
        self, books: Sandbox, tap: Tap, catalog: dict[str, Any]
    ) -> None:
        moved, other = _divisions(books)
        first = _complete(tap.run(catalog=catalog))
        books.control.change(moved, LINES, 20)
        books.control.move_division(moved)
        second = _complete(tap.run(state=first.state, catalog=catalog))
        assert second.log.count(f"Exact has moved division {moved}") == 2  # at once, and in the end
        assert f"Exact has moved division {other}" not in second.log
        for stream in ("transaction_lines", "accounts"):
            rows = [record["Division"] for record in second.records[stream]]
            assert rows.count(moved) == books.control.count(moved, BY_NAME[stream].path)
            assert rows.count(other) < 1000
        fields = next(iter(second.table("transaction_lines").values()))
        truth = expected_rows(books.control, BY_NAME["transaction_lines"], [moved], fields)
        assert {k: v for k, v in second.table("transaction_lines").items() if k[0] == moved} == truth
        third = _complete(tap.run(state=second.state, catalog=catalog))
        assert "Exact has moved" not in third.log
        assert len(third.records["transaction_lines"]) < 1000

    def test_a_run_that_ends_before_the_division_was_read_reads_it_anew_later(
        self, books: Sandbox, tap: Tap, catalog: dict[str, Any]
    ) -> None:
        moved, _ = _divisions(books)
        first = _complete(tap.run(catalog=catalog))
        books.control.move_division(moved)
        books.control.forbid(LINES, moved)
        second = _complete(tap.run(state=first.state, catalog=catalog))
        books.control.allow()
        third = _complete(tap.run(state=second.state, catalog=catalog))
        assert "Exact has moved" not in third.log
        rows = [record["Division"] for record in third.records["transaction_lines"]]
        assert rows.count(moved) == books.control.count(moved, LINES)

    def test_an_hr_link_says_what_has_to_be_removed(
        self, books: Sandbox, tap: Tap, every: dict[str, Any]
    ) -> None:
        catalog = only(every, LEAVE)
        linked, _ = _divisions(books)
        first = _complete(tap.run(catalog=catalog))
        books.control.hr_link_division(linked)
        second = _complete(tap.run(state=first.state, catalog=catalog))
        assert f"division {linked} or changed its HR link (DivisionHRLinkUnlinkDate)" in second.log
        assert f"Its rows in {LEAVE} have new IDs" in second.log
        fields = next(iter(second.table(LEAVE).values()))
        truth = expected_rows(books.control, BY_NAME[LEAVE], [linked], fields)
        assert {k: v for k, v in second.table(LEAVE).items() if k[0] == linked} == truth
        assert not set(truth) & set(first.table(LEAVE))

    def test_a_division_that_is_new_to_the_state_was_not_moved(
        self, books: Sandbox, tap: Tap, catalog: dict[str, Any]
    ) -> None:
        moved, other = _divisions(books)
        books.control.move_division(moved)
        first = _complete(tap.run(catalog=catalog, divisions=[other]))
        second = _complete(tap.run(state=first.state, catalog=catalog))
        assert "Exact has moved" not in first.log + second.log
        assert second.bookmarks("transaction_lines").keys() == {moved, other}

    def test_one_that_was_away_while_it_moved_is_read_anew_when_it_is_back(
        self, books: Sandbox, tap: Tap, catalog: dict[str, Any]
    ) -> None:
        moved, _ = _divisions(books)
        first = _complete(tap.run(catalog=catalog))
        books.control.withdraw_division(moved)
        books.control.move_division(moved)
        second = _complete(tap.run(state=first.state, catalog=catalog))
        books.control.grant_division(moved)
        third = _complete(tap.run(state=second.state, catalog=catalog))
        assert f"Exact has moved division {moved}" not in second.log
        assert f"Exact has moved division {moved}" in third.log
        assert [r["Division"] for r in third.records["transaction_lines"]].count(moved) == 1100


class TestTheLogOfDeletes:
    @pytest.mark.parametrize(
        "case",
        [
            pytest.param((49, None), id="in good time"),
            pytest.param(
                (50, "was last read 50 days ago. Exact keeps it for two months"), id="soon too late"
            ),
            pytest.param((60, "Deletes may be missing"), id="too late"),
        ],
    )
    @pytest.mark.parametrize("also_moved", [False, True])
    def test_an_old_one_is_said(
        self,
        books: Sandbox,
        tap: Tap,
        every: dict[str, Any],
        case: tuple[int, str | None],
        *,
        also_moved: bool,
    ) -> None:
        days, says = case
        catalog = only(every, "deleted")
        division, other = _divisions(books)
        first = _complete(tap.run(catalog=catalog))
        state = copy.deepcopy(first.state)
        for part in state["bookmarks"]["deleted"]["partitions"]:
            if part["context"]["Division"] == division:
                read_at = datetime.now(UTC) - timedelta(days=days, minutes=5)
                part["read"] = [int(read_at.timestamp()) // 60, -1, 500]
        if also_moved:
            books.control.move_division(division)
        second = _complete(tap.run(state=state, catalog=catalog))
        if says is None:
            assert "two months" not in second.log
        else:
            assert says in second.log
        if days >= 60:
            assert f"""TAP_EXACT_ONLINE_REREAD='{{"divisions": [{division}]}}' meltano run""" in second.log
        assert f"division {other} was last read" not in second.log
        third = _complete(tap.run(state=second.state, catalog=catalog))
        assert "two months" not in third.log

    def test_one_that_could_not_be_read_does_not_count_as_read(
        self, books: Sandbox, tap: Tap, every: dict[str, Any]
    ) -> None:
        catalog = only(every, "deleted")
        books.control.forbid(BY_NAME["deleted"].path)
        run = _complete(tap.run(catalog=catalog))
        parts = run.state["bookmarks"].get("deleted", {}).get("partitions", [])
        assert [part for part in parts if "read" in part] == []


class TestRights:
    @pytest.mark.parametrize(("on_denied", "exit_code"), [("skip", 0), ("fail", 1)])
    def test_a_right_that_is_withdrawn_and_given_back_loses_nothing(
        self, books: Sandbox, tap: Tap, catalog: dict[str, Any], on_denied: str, exit_code: int
    ) -> None:
        division, other = _divisions(books)
        first = _complete(tap.run(catalog=catalog))
        books.control.forbid(LINES, division)
        added = {*books.control.add(division, LINES, 3), *books.control.add(other, LINES, 2)}
        second = tap.run(state=first.state, catalog=catalog, on_denied=on_denied)
        assert second.exit_code == exit_code, second.log
        assert f"transaction_lines in division {division}: 403" in second.log
        assert "financial.accounting" in second.log
        before, between = first.bookmarks("transaction_lines"), second.bookmarks("transaction_lines")
        assert between[division] == before[division]
        assert between[other] > before[other]
        books.control.allow()
        third = _complete(tap.run(state=second.state, catalog=catalog, on_denied=on_denied))
        assert added <= _ids(second) | _ids(third)

    def test_a_division_that_is_withdrawn_and_given_back_loses_nothing(
        self, books: Sandbox, tap: Tap, catalog: dict[str, Any]
    ) -> None:
        division, _ = _divisions(books)
        first = _complete(tap.run(catalog=catalog))
        books.control.withdraw_division(division)
        second = _complete(tap.run(state=first.state, catalog=catalog))
        added = set(books.control.add(division, LINES, 3))
        books.control.grant_division(division)
        third = _complete(tap.run(state=second.state, catalog=catalog))
        assert added <= _ids(third)
        assert len(third.records["transaction_lines"]) < 1000
