"""What is said of complete reads, and what is called gone: only what was complete."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox
from tests.faults.quick import only
from tests.reality.conftest import Read
from tests.singer import Run

STREAMS = ("reads", "gl_accounts", "journals", "receivables_list")
WHOLE = BY_NAME["receivables_list"].path
LEDGER = BY_NAME["gl_accounts"].path


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return only(every, *STREAMS)


def reads(run: Run) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["Stream"], row["Division"]): row for row in run.records["reads"]}


def test_each_complete_read_is_a_row_and_comes_behind_what_it_tells_of(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    assert books
    run = read(catalog)
    assert run.exit_code == 0, run.log
    found = reads(run)
    assert {*found} == {(stream, code) for stream in STREAMS[1:] for code in divisions}
    kinds = [line["stream"] for line in run.lines if line["type"] == "RECORD"]
    assert "reads" not in kinds[: kinds.index("reads")]
    assert {*kinds[kinds.index("reads") :]} == {"reads"}
    for (stream, code), row in found.items():
        written = [
            line
            for line in run.lines
            if line["type"] == "RECORD" and line["stream"] == stream and line["record"]["Division"] == code
        ]
        assert row["Rows"] == len(written)
        assert row["Calls"] >= 1
        assert row["Whole"] is True
        assert row["WholeBeganAt"] == row["BeganAt"]
        began, ended = (datetime.fromisoformat(row[name]) for name in ("BeganAt", "EndedAt"))
        times = [datetime.fromisoformat(line["time_extracted"]) for line in written]
        assert began <= min(times) <= max(times) <= ended


def test_an_incremental_read_is_not_whole_but_remembers_the_one_that_was(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    assert books
    first = read(catalog)
    second = read(catalog, first.state)
    third = read(catalog, second.state)
    for stream, whole in (("gl_accounts", False), ("journals", False), ("receivables_list", True)):
        for code in divisions:
            before, now, later = (reads(run)[stream, code] for run in (first, second, third))
            assert now["Whole"] is later["Whole"] is whole
            # The state keeps the second in which it began, never a later moment: rows of that read are none that are gone.
            remembered = datetime.fromisoformat(before["WholeBeganAt"]).replace(microsecond=0)
            assert (now["WholeBeganAt"] == remembered.isoformat()) != whole
            assert (later["WholeBeganAt"] == now["WholeBeganAt"]) != whole


def test_a_read_tells_how_often_there_is_news(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    for (stream, _), row in reads(first).items():
        told = None if stream == "receivables_list" else 0.5
        assert (row["NewsAt"], row["NewsADay"]) == (None, told), "the first read finds everything there is"
    books.control.change(divisions[0], LEDGER, 1)
    second = read(catalog, first.state)
    third = read(catalog, second.state)
    of_changed, of_other = (("gl_accounts", code) for code in divisions)
    row = reads(second)[of_changed]
    minute = datetime.fromisoformat(row["BeganAt"]).replace(second=0, microsecond=0)
    assert datetime.fromisoformat(row["NewsAt"]) == minute
    assert row["NewsADay"] > 2, "nobody expected it so soon"
    assert reads(third)[of_changed]["NewsAt"] == row["NewsAt"]
    assert 2 < reads(third)[of_changed]["NewsADay"] <= row["NewsADay"]
    for run in (second, third):
        assert reads(run)[of_other]["NewsAt"] is None
        assert reads(run)[of_other]["NewsADay"] == 0.5
        assert {reads(run)["receivables_list", code]["NewsADay"] for code in divisions} == {None}


def test_a_read_that_broke_off_or_left_a_row_out_is_none(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    books.control.set_row(divisions[0], LEDGER, {"Description": ["no text"]})
    books.control.fault("status", status=404, path=WHOLE, division=divisions[1], times=None)
    run = read(catalog)
    assert run.exit_code == 1, run.log
    assert {*reads(run)} == {
        ("gl_accounts", divisions[1]),
        ("journals", divisions[0]),
        ("journals", divisions[1]),
        ("receivables_list", divisions[0]),
    }


def test_a_read_that_several_runs_make_began_with_the_first(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    path = BY_NAME["transaction_lines"].path
    books.control.add(divisions[0], path, 2_500)
    catalog = only(every, "reads", "transaction_lines")
    books.control.fault("status", status=404, path=path, division=divisions[0], skip=2, times=None)
    first = read(catalog)
    assert first.exit_code == 1, first.log
    books.control.clear_faults()
    second = read(catalog, first.state)
    row = reads(second)["transaction_lines", divisions[0]]
    assert row["Whole"] is False
    began = min(
        line["time_extracted"]
        for line in first.lines
        if line["type"] == "RECORD" and line["record"].get("Division") == divisions[0]
    )
    assert datetime.fromisoformat(row["WholeBeganAt"]) <= datetime.fromisoformat(began)
    assert (
        reads(read(catalog, second.state))["transaction_lines", divisions[0]]["WholeBeganAt"]
        == row["WholeBeganAt"]
    )


def test_that_there_is_no_row_at_all_is_believed_the_second_time(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    empty = json.dumps({"d": {"results": []}})
    books.control.fault("status", status=200, body=empty, path=WHOLE, division=divisions[0], times=None)
    found = []
    state = first.state
    for _ in range(3):
        run = read(catalog, state)
        assert run.exit_code == 0, run.log
        state = run.state
        found.append(reads(run)["receivables_list", divisions[0]]["Whole"])
    assert found == [False, True, True]
    books.control.clear_faults()
    read_again = read(catalog, state)
    assert reads(read_again)["receivables_list", divisions[0]]["Whole"] is True


class TestVersions:
    """A loader removes every row that has an older version: that is only said where nothing is missing."""

    def activated(self, run: Run) -> set[str]:
        return {line["stream"] for line in run.lines if line["type"] == "ACTIVATE_VERSION"}

    def run(self, read: Read, catalog: dict[str, Any], state: Any = None, **config: Any) -> Run:
        return read(catalog, state, emit_activate_version_messages=True, **config)

    @pytest.mark.parametrize("way", [{}, {"stream_maps": {"*": {}}}], ids=["pages", "records"])
    def test_after_everything_was_read(
        self, books: Sandbox, read: Read, catalog: dict[str, Any], way: dict[str, Any]
    ) -> None:
        assert books
        run = self.run(read, catalog, **way)
        assert run.exit_code == 0, run.log
        assert self.activated(run) == {"receivables_list"}
        kinds = [line["type"] for line in run.lines if line.get("stream") == "receivables_list"]
        assert kinds[-1] == "ACTIVATE_VERSION"

    @pytest.mark.parametrize("narrowing", ["divisions", "exclude_divisions", "shard", "start_date"])
    def test_not_after_a_run_that_is_narrowed(
        self, books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int], narrowing: str
    ) -> None:
        assert books
        setting = {
            "divisions": [divisions[0]],
            "exclude_divisions": [divisions[1]],
            "shard": "1/1",
            "start_date": "2020-01-01",
        }
        run = self.run(read, catalog, **{narrowing: setting[narrowing]})
        assert run.exit_code == 0, run.log
        assert self.activated(run) == set()
        assert run.log.count("No ACTIVATE_VERSION was written for receivables_list") == 1

    @pytest.mark.parametrize(
        "fault",
        [
            {"status": 403, "headers": {"Reason": "NoDivisionAccess"}},
            {"status": 404, "body": '{"error":{"code":"","message":{"value":"x"}}}'},
        ],
        ids=["a right", "an address"],
    )
    def test_not_after_a_division_that_could_not_be_read(
        self, books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int], fault: Any
    ) -> None:
        books.control.fault("status", path=WHOLE, division=divisions[1], times=None, **fault)
        assert self.activated(self.run(read, catalog)) == set()

    def test_not_where_a_company_is_no_longer_granted(
        self, books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
    ) -> None:
        catalog = only(every, "journals")
        for entry in catalog["streams"][0]["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["forced-replication-method"] = "FULL_TABLE"
        catalog["streams"][0]["replication_method"] = "FULL_TABLE"
        first = self.run(read, catalog)
        assert self.activated(first) == {"journals"}
        state = {
            "bookmarks": {"journals": {"partitions": [{"context": {"Division": code}} for code in divisions]}}
        }
        books.control.withdraw_division(divisions[1])
        assert self.activated(self.run(read, catalog, state)) == set()
