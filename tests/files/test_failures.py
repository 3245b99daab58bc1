"""Files that cannot be had: a failure by name, tried again by every run, and no more often than does no harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.sandbox.filing import ATTACHMENTS
from tests.files.conftest import MakeWorld
from tests.files.world import ADDRESS, FILES, World, an_hour_later, by_id, unread

_REFUSED = {"body": '{"error":{"code":"","message":{"value":"x"}}}'}
_RULES: dict[str, tuple[dict[str, Any], str]] = {
    "html": ({"action": "html"}, "a web page came in its place ('Exact Online')"),
    "empty": ({"action": "empty"}, "the answer is empty"),
    "short": ({"action": "short"}, "bytes, and FileSize says"),
    "cut": ({"action": "cut"}, "no usable answer from"),
    "404": (
        {"action": "status", "status": 404, "headers": {"Reason": "Not found"}, **_REFUSED},
        "404: nothing at this address",
    ),
    "403": (
        {"action": "status", "status": 403, "headers": {"Reason": "Forbidden"}, **_REFUSED},
        "It could be read earlier in this run, though",
    ),
    "404 page": (
        {"action": "status", "status": 404, "body": "<html>Not Found</html>"},
        "404, but not in Exact's own words: an HTML page",
    ),
    "edge": ({"action": "edge_403"}, "403, but not in Exact's own words: an HTML page"),
    "500": ({"action": "status", "status": 500}, "no usable answer from"),
    "elsewhere": (
        {"action": "status", "status": 302, "headers": {"Location": "https://company.sharepoint.com/x"}},
        "302: the server sends elsewhere for it, which is not followed",
    ),
}


@pytest.mark.parametrize("how", _RULES)
def test_a_file_that_cannot_be_had_is_a_failure_by_name_until_it_can(world: World, how: str) -> None:
    rule, said = _RULES[how]
    keys = world.ids()
    bad = keys[7]
    world.control.fault(path=ADDRESS, contains=bad, times=None, **rule)
    first = world.run()
    assert first.exit_code == 1, first.log
    named = f"{FILES} in division {world.division}: a row was left out: ID {bad}: its file could not be had"
    assert named in first.log
    assert said in first.log
    assert first.log.count("its file could not be had") == 2  # when it happened, and at the end
    assert bad not in by_id(first)
    assert len(unread(first)) == 1
    assert world.places.unfinished() == []
    # The others come with the next run at the latest, and the one keeps none of them from it.
    second = world.run(state=first.state)
    assert second.exit_code == 1, second.log
    assert {*by_id(first)} | {*by_id(second)} == {*keys} - {bad}
    world.places.check({**by_id(first), **by_id(second)}.values())
    world.control.clear_faults()
    third = world.run(state=an_hour_later(second.state))
    assert third.exit_code == 0, third.log
    assert bad in by_id(third)
    assert unread(third) == []
    assert world.run(state=third.state).exit_code == 0


@pytest.mark.parametrize("how", ["html", "403", "404", "404 page", "edge", "elsewhere"])
def test_a_refusal_of_one_file_is_met_once_and_not_taken_for_the_others(world: World, how: str) -> None:
    rule, _ = _RULES[how]
    bad = world.ids()[7]
    world.control.fault(path=ADDRESS, contains=bad, times=None, **rule)
    world.control.reset_stats()
    run = world.run()
    assert run.exit_code == 1
    assert world.fetched() == 20
    assert {*by_id(run)} == {*world.ids()} - {bad}


def test_what_comes_whole_the_second_time_is_no_failure(world: World) -> None:
    world.control.fault("short", path=ADDRESS, skip=2)
    world.control.fault("cut", path=ADDRESS, skip=5)
    world.control.fault("empty", path=ADDRESS, skip=8)
    world.control.fault("reset_before", path=ADDRESS, skip=11)
    world.control.fault("status", path=ADDRESS, status=503, skip=14)
    run = world.run()
    assert run.exit_code == 0, run.log
    assert [fault["fired"] for fault in world.control.faults()] == [1] * 5
    assert len(run.records[FILES]) == 20
    world.places.check(run.records[FILES])
    assert world.places.unfinished() == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://company.sharepoint.com/sites/x/invoice.pdf", "leads to https://company.sharepoint.com:443"),
        ("//company.sharepoint.com/invoice.pdf", "leads to http://company.sharepoint.com:80"),
        ("{base}@evil.example/docs/SysAttachment.aspx?ID={id}", "leads to http://evil.example:80"),
        ("{base}/docs/SysAttachment.aspx?ID={id}&_Division_=999", "is one of division 999"),
        (None, "Exact gives no address of it"),
        ("", "Exact gives no address of it"),
    ],
)
def test_an_address_that_leads_elsewhere_is_not_asked(world: World, url: str | None, said: str) -> None:
    bad = world.ids()[4]
    made = url and url.replace("{id}", bad)
    world.control.set_row(world.division, ATTACHMENTS, {"ID": bad, "Url": made})
    world.control.reset_stats()
    run = world.run()
    assert run.exit_code == 1, run.log
    assert said in run.log
    assert {*by_id(run)} == {*world.ids()} - {bad}
    assert world.fetched() == 19
    again = world.run(state=run.state)
    assert again.exit_code == 1, again.log
    assert said in again.log


@pytest.mark.parametrize(
    "url",
    [
        "/docs/SysAttachment.aspx?ID={id}&_Division_={division}",
        "docs/SysAttachment.aspx?ID={id}",
        "{base}/Docs/sysattachment.aspx?id={id}&_division_={division}&Download=1&More=%20x#top",
        "{base}/docs/SysAttachment.aspx?ID=%7B{id}%7D&_Division_={division}",
    ],
)
def test_an_address_may_have_other_forms(world: World, url: str) -> None:
    key = world.ids()[4]
    made = url.replace("{id}", key).replace("{division}", str(world.division))
    world.control.set_row(world.division, ATTACHMENTS, {"ID": key, "Url": made})
    run = world.run()
    assert run.exit_code == 0, run.log
    assert Path(by_id(run)[key]["Place"]).read_bytes() == world.truth()[key]


@pytest.mark.parametrize(
    "key", ["../../../etc/passwd", "x", "{id}/..", "e1336396-8d6a-438f-a9a1-9e3779b97f4\n"]
)
def test_an_id_of_another_form_is_no_name(world: World, key: str) -> None:
    row = {"ID": key, "Timestamp": "99", "FileName": "a.pdf", "FileSize": 5.0, "Url": f"/{ADDRESS}?ID=x"}
    body = json.dumps({"d": {"results": [{**row, "Document": None}]}})
    world.control.fault("status", status=200, body=body, path=ATTACHMENTS, times=None)
    world.control.reset_stats()
    run = world.run()
    assert run.exit_code == 1, run.log
    assert "its ID has another form than that of a key" in run.log
    assert world.fetched() == 0
    assert not world.places.folder.exists()


@pytest.mark.parametrize("how", ["html", "403", "404"])
def test_without_the_right_a_division_is_soon_left_alone(world: World, how: str) -> None:
    world.control.options(refused_file=how, error_limit=10)
    world.control.forbid(ADDRESS)
    world.control.reset_limits()
    state = None
    for _ in range(10):
        world.control.reset_stats()
        run = world.run(state=state)
        assert run.exit_code == 1, run.log
        assert world.fetched() <= 3
        assert "block the app" in run.log or "Grant rights" in run.log
        state = run.state
    # All runs of an hour together stay below what gets the app blocked.
    assert "Exact has blocked this app" not in run.log
    assert len(unread(run)) <= 20
    world.control.allow()
    world.control.reset_limits()
    found: dict[str, Any] = {}
    for _ in range(2):
        run = world.run(state=an_hour_later(run.state))
        found |= by_id(run)
    assert run.exit_code == 0, run.log
    assert {*found} == {*world.ids()}
    world.places.check(found.values())


def test_a_page_that_is_the_file_itself_is_one(world: World) -> None:
    key = world.ids()[4]
    page = "<!DOCTYPE html><html><body>A newsletter</body></html>"
    row = {"ID": key, "FileName": "News.HTML", "FileSize": float(len(page))}
    world.control.set_row(world.division, ATTACHMENTS, row)
    world.control.fault(
        "status",
        path=ADDRESS,
        status=200,
        body=page,
        headers={"Content-Type": "text/html"},
        contains=key,
        times=None,
    )
    run = world.run()
    assert run.exit_code == 0, run.log
    assert Path(by_id(run)[key]["Place"]).read_text() == page


@pytest.mark.parametrize("sizes", ["kilobytes", "none"])
def test_a_size_that_counts_something_else_or_is_not_told_is_survived(make: MakeWorld, sizes: str) -> None:
    world = make(file_sizes=sizes, compress=True)
    run = world.run()
    assert run.exit_code == 0, run.log
    assert len(run.records[FILES]) == 20
    world.places.check(run.records[FILES])


def test_many_files_that_cannot_be_had_keep_the_bookmark_where_it_is(world: World) -> None:
    world.control.add(world.division, ATTACHMENTS, 10)
    keys = world.ids()
    for key in keys[:25]:
        row = {"ID": key, "Url": "https://company.sharepoint.com/x"}
        world.control.set_row(world.division, ATTACHMENTS, row)
    state, rows = None, dict[str, Any]()
    for _ in range(2):
        run = world.run(state=state)
        assert run.exit_code == 1, run.log
        assert len(unread(run)) == 20
        rows |= by_id(run)
        state = run.state
    assert {*rows} == {*keys[25:]}
    assert run.bookmarks(FILES)[world.division] in {None, 0}
    for key in keys[:25]:
        row = {"ID": key, "Url": f"/{ADDRESS}?ID={key}&_Division_={world.division}"}
        world.control.set_row(world.division, ATTACHMENTS, row)
    run = world.run(state=state)
    assert run.exit_code == 0, run.log
    assert {*rows} | {*by_id(run)} == {*keys}
    assert unread(run) == []


def test_an_attachment_that_is_gone_is_not_tried_for_ever(world: World) -> None:
    bad = world.ids()[4]
    world.control.fault("html", path=ADDRESS, contains=bad, times=None)
    first = world.run()
    assert first.exit_code == 1
    world.control.delete(world.division, ATTACHMENTS, ids=[bad])
    second = world.run(state=first.state)
    assert second.exit_code == 0, second.log
    assert unread(second) == []
