"""The pictures of items, fetched as the files of documents are."""

from __future__ import annotations

from pathlib import Path

from tap_exact_online.sandbox.filing import ITEMS, picture
from tests.files.conftest import MakeWorld
from tests.files.world import PICTURE_ADDRESS, PICTURES, World, by_id


def test_every_item_that_has_a_picture_has_it_and_a_row(world: World) -> None:
    items = world.control.rows(world.division, ITEMS)
    expected = {
        row["ID"]: found.content
        for index, row in enumerate(items)
        if (found := picture(row["ID"], index)) is not None
    }
    world.control.reset_stats()
    run = world.run(PICTURES)
    assert run.exit_code == 0, run.log
    assert {key: Path(row["Place"]).read_bytes() for key, row in by_id(run, PICTURES).items()} == expected
    assert 0 < len(expected) < len(items)
    assert world.fetched(PICTURE_ADDRESS) == len(expected)
    names = {row["ID"]: (row["Code"].strip(), row["PictureName"]) for row in items}
    for key, row in by_id(run, PICTURES).items():
        assert (row["Code"], row["PictureName"]) == names[key]
        assert row["ContentType"] == "image/png"
    world.places.check(run.records[PICTURES])


def test_a_picture_is_fetched_again_where_its_item_was_changed(world: World) -> None:
    """It can be replaced, and nothing but the row version of its item may tell."""
    first = world.run(PICTURES)
    changed = next(iter(by_id(first, PICTURES)))
    world.control.change(world.division, ITEMS, ids=[changed])
    world.control.reset_stats()
    run = world.run(PICTURES, state=first.state)
    assert run.exit_code == 0, run.log
    assert changed in by_id(run, PICTURES)
    assert world.fetched(PICTURE_ADDRESS) == 1
    assert world.run(PICTURES).exit_code == 0
    assert world.fetched(PICTURE_ADDRESS) == 1


def test_the_picture_of_any_division_is_asked_for_by_its_own(make: MakeWorld) -> None:
    """The address of a picture does not name the division, and Exact would take the one that the user has open."""
    world = make(rows=40, divisions=2)
    world.control.options(image_division="open")
    run = world.run(PICTURES)
    assert run.exit_code == 0, run.log
    assert {row["Division"] for row in run.records[PICTURES]} == {1000001, 1000002}


def test_a_web_page_in_place_of_a_picture_is_a_failure_by_name(world: World) -> None:
    world.control.forbid(PICTURE_ADDRESS)
    run = world.run(PICTURES)
    assert run.exit_code == 1, run.log
    assert "its file could not be had: a web page came in its place" in run.log
    assert run.records[PICTURES] == []
