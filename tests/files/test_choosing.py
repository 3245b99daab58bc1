"""Which files are fetched, and how many a run."""

from __future__ import annotations

import json
import re
from typing import Any

from tap_exact_online.sandbox.filing import ATTACHMENTS, DOCUMENTS
from tests.files.conftest import MakeWorld
from tests.files.world import FILES, World, by_id

# --- So many a run ---------------------------------------------------------------------------------------------


def test_a_run_asks_for_as_many_files_as_it_may_and_says_how_it_goes_on(world: World) -> None:
    state, seen = None, dict[str, Any]()
    for expected in (8, 8, 4):
        world.control.reset_stats()
        run = world.run(files_most=8, state=state)
        assert run.exit_code == 0, run.log
        assert world.fetched() == expected
        seen |= by_id(run)
        state = run.state
        if expected == 8:
            said = f"Left for the next run: {FILES} in 1 division ({world.division}): 8 files were asked for"
            assert said in run.log
            assert "1 left for the next run" in run.log
            assert "complete" not in run.log
            assert "The rest is left for the next run, which goes on from the state" in run.log
    assert "Exit code 0: complete." in run.log
    assert {*seen} == {*world.ids()}
    world.places.check(seen.values())


def test_no_division_is_asked_once_a_run_has_its_files(make: MakeWorld) -> None:
    world = make(rows=100, divisions=4)
    catalog = {"streams": [each for each in world.every["streams"] if each["stream"] in {FILES, "reads"}]}
    run = world.run(catalog=catalog, files_most=5)
    assert run.exit_code == 0, run.log
    assert world.control.stats()["by_endpoint"][ATTACHMENTS] == 1
    assert len(run.records[FILES]) == 5
    assert run.records["reads"] == []  # nothing is called read to its end
    assert "in 4 divisions (" in run.log


def test_nought_is_no_limit(world: World) -> None:
    assert len(world.run(files_most=0).records[FILES]) == 20


# --- Which are wanted ------------------------------------------------------------------------------------------


def test_only_files_of_these_types_of_documents_are_fetched(world: World) -> None:
    kinds = {row["ID"]: row["Type"] for row in world.control.rows(world.division, DOCUMENTS)}
    rows = world.control.rows(world.division, ATTACHMENTS)
    wanted = {row["ID"] for row in rows if kinds[row["Document"]] in {10, 20}}
    world.control.reset_stats()
    run = world.run(files_only={"document_types": [10, 20]})
    assert run.exit_code == 0, run.log
    assert {*by_id(run)} == wanted
    assert 0 < len(wanted) < len(rows)
    assert world.fetched() == len(wanted)
    assert world.control.stats()["by_endpoint"]["documents/Documents"] == 1
    world.places.check(run.records[FILES])


def test_only_files_of_new_documents_are_fetched(world: World) -> None:
    new = world.control.add(world.division, DOCUMENTS)
    key = world.ids()[3]
    world.control.set_row(world.division, ATTACHMENTS, {"ID": key, "Document": new[0]})
    run = world.run(files_only={"newest_days": 30})
    assert run.exit_code == 0, run.log
    assert [*by_id(run)] == [key]


def test_only_files_of_that_size_are_fetched(world: World) -> None:
    sizes = {row["ID"]: row["FileSize"] for row in world.control.rows(world.division, ATTACHMENTS)}
    largest = int(sorted(sizes.values())[9])
    world.control.reset_stats()
    run = world.run(files_only={"largest": largest})
    assert run.exit_code == 0, run.log
    assert {*by_id(run)} == {key for key, size in sizes.items() if size <= largest}
    assert world.fetched() == len(run.records[FILES]) < 20


def test_a_file_of_an_unknown_size_is_broken_off_where_it_is_too_large(make: MakeWorld) -> None:
    world = make(file_sizes="none")
    sizes = {key: len(content) for key, content in world.truth().items()}
    run = world.run(files_only={"largest": 2000})
    assert run.exit_code == 0, run.log
    assert {*by_id(run)} == {key for key, size in sizes.items() if size <= 2000}
    world.places.check(run.records[FILES])
    assert world.places.unfinished() == []


def test_a_document_that_cannot_be_read_is_no_reason_to_pass_its_file_over(world: World) -> None:
    world.control.forbid("documents/Documents", silent=True)
    run = world.run(files_only={"document_types": [10]})
    assert run.exit_code == 1, run.log
    assert "its document cannot be read, and `files_only` asks what it is" in run.log
    assert run.records[FILES] == []


def test_documents_are_asked_one_by_one_where_a_filter_takes_one_key(world: World) -> None:
    said = "Filtering on these fields is not supported: ID"
    body = json.dumps({"error": {"code": "", "message": {"lang": "", "value": said}}})
    path = "documents/Documents"
    world.control.fault("status", path=path, status=400, body=body, contains=" or ID eq", times=None)
    world.control.reset_stats()
    run = world.run(files_only={"document_types": [10, 20, 55, 183]})
    assert run.exit_code == 0, run.log
    assert len(run.records[FILES]) == 20
    assert world.control.stats()["client_errors"] == {"400": {path: 1}}


def test_a_wider_choice_is_told_once_to_be_read_anew(world: World) -> None:
    narrow_one = world.run(files_only={"document_types": [10]})
    assert narrow_one.exit_code == 0
    wider = world.run(state=narrow_one.state)
    assert wider.exit_code == 0
    assert "`files_only` has changed" in wider.log
    command = re.search(r"TAP_EXACT_ONLINE_REREAD='(.*?)'", wider.log)
    assert command is not None
    anew = world.run(state=wider.state, reread=json.loads(command[1]))
    assert "`files_only` has changed" not in anew.log
    assert {*by_id(anew)} == {*world.ids()}
