"""Files through the front door: each once, whole, and as calls of its division."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tap_exact_online.sandbox.filing import ATTACHMENTS
from tests.faults.quick import narrow, only
from tests.files.conftest import MakeWorld
from tests.files.world import ADDRESS, FILES, World, by_id
from tests.singer import tap_for


def test_every_attachment_has_its_file_and_a_row(world: World) -> None:
    world.control.reset_stats()
    run = world.run()
    assert run.exit_code == 0, run.log
    expected = world.truth()
    assert len(expected) == 20
    assert {key: Path(row["Place"]).read_bytes() for key, row in by_id(run).items()} == expected
    world.places.check(run.records[FILES])
    assert world.places.unfinished() == []
    attachments = {row["ID"]: row for row in world.control.rows(world.division, ATTACHMENTS)}
    for key, row in by_id(run).items():
        known = attachments[key]
        assert [row[name] for name in ("Document", "FileName", "FileSize", "Timestamp")] == [
            known[name] for name in ("Document", "FileName", "FileSize", "Timestamp")
        ]
        assert row["ContentType"] == ("image/png" if row["FileName"].endswith("png") else "application/pdf")
        assert row["Division"] == world.division
    # Two of twenty are the same terms: fetched twice, as nothing tells before, and kept once.
    assert len(world.places.contents()) == 19
    assert world.fetched() == 20


def test_a_file_is_fetched_once_whatever_becomes_of_the_state(world: World) -> None:
    first = world.run()
    world.control.reset_stats()
    again = world.run(state=first.state)
    anew = world.run()
    reread = world.run(state=again.state, reread={"streams": [FILES]})
    assert [run.exit_code for run in (again, anew, reread)] == [0, 0, 0]
    assert by_id(anew) == by_id(reread) == by_id(first)
    assert world.fetched() == 0
    new = world.control.add(world.division, ATTACHMENTS, 2)
    later = world.run(state=again.state)
    assert later.exit_code == 0
    assert {*new} <= {*by_id(later)}
    assert world.fetched() == 2


def test_what_was_taken_away_from_the_place_is_fetched_again(world: World) -> None:
    first = world.run()
    gone, damaged = [record for record in first.records[FILES] if "Factuur" in record["FileName"]][:2]
    Path(gone["Place"]).unlink()
    [note] = [note for note in world.places.notes() if note.stem == damaged["ID"]]
    note.write_text("{")
    world.control.reset_stats()
    run = world.run()
    assert run.exit_code == 0, run.log
    assert world.fetched() == 2
    world.places.check(run.records[FILES])


def test_an_attachment_of_another_size_than_what_is_kept_is_fetched_again(world: World) -> None:
    """Exact says that an attachment is never edited. Where a row says otherwise, the row is believed."""
    first = world.run()
    key = world.ids()[4]
    world.control.set_row(world.division, ATTACHMENTS, {"ID": key, "FileSize": 12.0})
    world.control.fault("status", path=ADDRESS, status=200, body="another file", contains=key)
    run = world.run(state=first.state)
    assert run.exit_code == 0, run.log
    assert Path(by_id(run)[key]["Place"]).read_text() == "another file"


def test_a_moved_division_costs_no_file(world: World) -> None:
    first = world.run()
    world.control.reset_stats()
    world.control.move_division(world.division)
    run = world.run(state=first.state)
    assert run.exit_code == 0, run.log
    assert {*by_id(run)} == {*by_id(first)}
    assert world.fetched() == 0


def test_without_a_place_nothing_is_read(world: World) -> None:
    run = world.run(files=None)
    assert run.exit_code == 2
    assert "`files` is not set, but document_attachment_files cannot be read without" in run.log
    assert run.records == {}


def test_what_is_no_place_is_refused_before_anything_is_sent(world: World) -> None:
    world.control.reset_stats()
    run = world.run("accounts", files="ftp://host/files")
    assert run.exit_code == 2
    assert "`files`: no kind of place is called 'ftp:'" in run.log
    assert world.control.stats()["calls"] == 0


def test_columns_that_are_not_selected_do_not_come_and_change_nothing(world: World) -> None:
    run = world.run(catalog=narrow(only(world.every, FILES), {FILES: {"Place"}}))
    assert run.exit_code == 0, run.log
    assert {*run.records[FILES][0]} == {"Division", "ID", "Timestamp", "Place"}
    world.control.fault("short", path=ADDRESS, times=None)
    world.control.add(world.division, ATTACHMENTS)
    assert world.run(state=run.state).exit_code == 1  # its size is looked at all the same


def test_a_property_that_exact_withdraws_is_done_without(world: World) -> None:
    said = "Type 'X' does not have a property named 'FileName'."
    body = json.dumps({"error": {"code": "", "message": {"lang": "", "value": said}}})
    world.control.fault("status", path=ATTACHMENTS, status=400, body=body, contains="FileName", times=None)
    run = world.run()
    assert run.exit_code == 0, run.log
    assert len(run.records[FILES]) == 20
    assert "FileName" not in run.records[FILES][0]
    assert "FileName" not in run.schemas[FILES]["schema"]["properties"]
    world.places.check(run.records[FILES])


# --- Calls -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("downloads", ["counted", "silent", "free"])
def test_a_file_is_a_call_of_its_division_and_none_is_under_way_with_another(
    make: MakeWorld, downloads: str
) -> None:
    world = make(rows=100, divisions=3, minute_limit=8, minute_seconds=1)
    world.control.options(downloads=downloads)
    tap = tap_for(world.sandbox, world.tap.folder)  # its waits take their time
    run = tap.run(catalog=only(world.every, FILES), files=str(world.places.folder), concurrency=3)
    assert run.exit_code == 0, run.log
    assert len(run.records[FILES]) == 30
    stats = world.control.stats()
    assert {*stats["most_in_flight"]["by_division"].values()} == {1}
    assert stats["most_in_flight"]["overall"] > 1
    assert f"{FILES}: 30 rows of 3 divisions, " in run.log
    if downloads == "counted":
        assert stats["too_many_requests"] == 0
        assert " of 3 divisions, 33 calls" in run.log


def test_a_429_is_obeyed(world: World) -> None:
    world.control.fault("status", path=ADDRESS, status=429, skip=3)
    run = world.run()
    assert run.exit_code == 0, run.log
    assert len(run.records[FILES]) == 20


def test_a_day_that_is_used_up_stops_at_a_file_and_the_next_run_goes_on(world: World) -> None:
    world.control.options(day_limit=12)
    world.control.reset_limits()
    first = world.run()
    assert first.exit_code == 4, first.log
    assert 0 < len(first.records[FILES]) < 20
    world.control.options(day_limit=10**6)
    world.control.reset_limits()
    world.control.reset_stats()
    second = world.run(state=first.state)
    assert second.exit_code == 0, second.log
    assert world.fetched() == 20 - len(first.records[FILES])
    assert {*by_id(first)} | {*by_id(second)} == {*world.ids()}


def test_the_token_is_taken_for_each_file(world: World) -> None:
    world.control.options(refresh_after=0)
    said = {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="access token expired"'}
    world.control.fault("status", path=ADDRESS, status=401, headers=said, skip=5)
    run = world.run()
    assert run.exit_code == 0, run.log
    assert len(run.records[FILES]) == 20


# --- Other ways out --------------------------------------------------------------------------------------------


def test_rows_go_into_batch_files_too(world: World, tmp_path: Path) -> None:
    (tmp_path / "batches").mkdir()
    batch = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path}/batches", "prefix": ""},
    }
    run = world.run(batch_config=batch)
    assert run.exit_code == 0, run.log
    assert len(world.places.notes()) == 20
    assert [line for line in run.lines if line["type"] == "BATCH"]


def test_a_recording_holds_no_file(world: World, tmp_path: Path) -> None:
    run = world.run(record=str(tmp_path / "recording"))
    assert run.exit_code == 0, run.log
    kept = [json.loads(file.read_text()) for file in (tmp_path / "recording").iterdir()]
    assert {entry["path"] for entry in kept} == {"current/Me", "system/Divisions", ATTACHMENTS}
