"""Which divisions a run finds: in the list that all share, by their numbers, or by reading the list anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests_mock

from tap_exact_online.board import Listing
from tap_exact_online.board.file import FileBoard
from tap_exact_online.errors import Denied, Refused, Unreachable
from tap_exact_online.reading import Choice, Client, Shard, known_divisions, read_divisions
from tests.fakes import BASE, Clock, make_client

FIELDS = ("Code", "Status")
LIST = f"{BASE}/api/v1/1/system/Divisions"
PARTS = Choice(shard=Shard(1, 2))


class Exact:
    """Divisions from 1 on, 60 on a page; a filter on some of them may be taken or not."""

    def __init__(self, mock: requests_mock.Mocker, number: int) -> None:
        self.mock = mock
        self.number = number
        self.broken: set[int] = set()
        self.to_filters: dict[str, Any] | None = None
        self.asked: list[str] = []
        mock.get(f"{BASE}/api/v1/current/Me", json={"d": {"results": [{"CurrentDivision": 1}]}})
        mock.get(LIST, json=self.answer)

    def answer(self, request: Any, context: Any) -> Any:
        options = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        codes = range(1, self.number + 1)
        self.asked.append(options.get("$filter", "all"))
        if "$filter" in options:
            if self.to_filters is not None:
                context.status_code = self.to_filters["status"]
                return self.to_filters.get("json", {})
            named = {int(part.split()[-1]) for part in options["$filter"].split(" or ")}
            return {"d": [self.row(code) for code in codes if code in named]}
        place = int(options.get("$skiptoken", 0))
        page = [self.row(code) for code in codes][place : place + 60]
        link = f"{LIST}?$skiptoken={place + 60}" if place + 60 < self.number else None
        return {"d": {"results": page, **({"__next": link} if link else {})}}

    def row(self, code: int) -> dict[str, Any]:
        return {"Code": code, "Status": "open" if code in self.broken else 1}


@pytest.fixture
def board(tmp_path: Path) -> FileBoard:
    return FileBoard(tmp_path / "tokens.json", "owner")


@pytest.fixture
def exact(requests_mock: requests_mock.Mocker) -> Exact:
    return Exact(requests_mock, 130)


def listing(board: FileBoard, clock: Clock) -> Listing:
    return Listing(board, FIELDS, clock, clock.sleep)


def found(client: Client, clock: Clock, board: FileBoard, choice: Choice = Choice()) -> list[int]:  # noqa: B008  frozen
    """Return what one more process finds."""
    known = sorted(choice.only)
    return [row["Code"] for row in known_divisions(client, listing(board, clock), choice, known).rows]


def test_a_list_of_several_pages_is_read_once_an_hour(
    client: Client, clock: Clock, board: FileBoard, exact: Exact
) -> None:
    for choice in (Choice(), PARTS, Choice(exclude={3}), Choice()):
        assert found(client, clock, board, choice) == [*range(1, 131)]
    assert len(exact.asked) == 3
    clock.now += 3600
    exact.number = 131
    assert found(client, clock, board) == [*range(1, 132)]
    assert len(exact.asked) == 6


def test_rows_are_the_same_whoever_has_read_them(
    client: Client, clock: Clock, board: FileBoard, exact: Exact
) -> None:
    first, second = (known_divisions(client, listing(board, clock), Choice(), ()).rows for _ in range(2))
    assert first == second
    assert len(exact.asked) == 3


def test_a_list_of_one_page_is_read_anew_by_every_run_and_shared_by_shards(
    client: Client, clock: Clock, board: FileBoard, exact: Exact
) -> None:
    exact.number = 60
    for _ in range(2):
        assert len(found(client, clock, board)) == 60
    assert len(exact.asked) == 2
    for _ in range(2):
        assert len(found(client, clock, board, PARTS)) == 60
    assert len(exact.asked) == 3
    exact.number = 59
    assert len(found(client, clock, board)) == 59, "it may have changed a minute ago"


def test_a_list_with_a_row_that_could_not_be_understood_is_not_kept(
    client: Client, clock: Clock, board: FileBoard, exact: Exact
) -> None:
    exact.broken = {7}
    for choice in (Choice(), PARTS):
        page = known_divisions(client, listing(board, clock), choice, ())
        assert len(page.rows) == 129
        assert [line.split(":")[0] for line in page.rejected] == ["Code 7"]
    assert len(exact.asked) == 6
    assert clock.slept == [], "nobody waits for a list that will not come"


def test_a_reader_that_fails_lets_the_next_one_read(
    client: Client, clock: Clock, board: FileBoard, exact: Exact, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(LIST, status_code=403, headers={"Reason": "BlockedUser"})
    with pytest.raises(Denied):
        found(make_client()[0], clock, board, PARTS)
    requests_mock.get(LIST, json=exact.answer)
    assert len(found(client, clock, board, PARTS)) == 130
    assert clock.slept == []


def test_what_was_kept_counts_on_where_it_could_not_be_read_anew(
    client: Client, clock: Clock, board: FileBoard, exact: Exact
) -> None:
    found(client, clock, board)
    exact.mock.get(LIST, status_code=500)
    with pytest.raises(Unreachable):
        read_divisions(client, listing(board, clock), ())
    assert len(found(client, clock, board)) == 130


def test_a_list_that_is_read_anew_takes_the_place_of_the_one_before(
    client: Client, clock: Clock, board: FileBoard, exact: Exact
) -> None:
    found(client, clock, board)
    exact.number = 131
    read_divisions(client, listing(board, clock), ())
    assert len(found(client, clock, board)) == 131


# --- Few that are named --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 40])
def test_few_are_asked_for_by_their_numbers_in_one_call(
    number: int, client: Client, clock: Clock, board: FileBoard, exact: Exact
) -> None:
    named = [*range(91, 91 + number)]
    exact.number = 91
    assert found(client, clock, board, Choice(only={*named})) == [91]
    assert exact.asked == [" or ".join(f"Code eq {code}" for code in named)]
    assert len(requested_address(exact)) < 1500


def requested_address(exact: Exact) -> str:
    return str(exact.mock.request_history[-1].url)


def test_many_are_found_in_the_list(client: Client, clock: Clock, board: FileBoard, exact: Exact) -> None:
    assert len(found(client, clock, board, Choice(only={*range(1, 42)}))) == 130
    assert exact.asked == ["all"] * 3


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "asked"])
def test_few_are_those_that_are_named_however_they_are_found(
    *, kept: bool, client: Client, clock: Clock, board: FileBoard, exact: Exact
) -> None:
    if kept:
        found(client, clock, board)
    exact.asked.clear()
    assert found(client, clock, board, Choice(only={3, 99})) == [3, 99]
    assert exact.asked == ([] if kept else ["Code eq 3 or Code eq 99"])


def test_one_that_is_missing_in_the_list_that_is_kept_is_asked_for(
    client: Client, clock: Clock, board: FileBoard, exact: Exact
) -> None:
    found(client, clock, board)
    exact.number = 131
    exact.asked.clear()
    assert found(client, clock, board, Choice(only={3, 131})) == [3, 131]
    assert exact.asked == ["Code eq 3 or Code eq 131"]


@pytest.mark.parametrize("status", [400, 404])
def test_where_the_filter_is_refused_the_list_is_read(
    status: int, client: Client, clock: Clock, board: FileBoard, exact: Exact
) -> None:
    said = {"error": {"code": "", "message": {"lang": "", "value": "This $filter is not supported"}}}
    exact.to_filters = {"status": status, "json": said}
    assert found(client, clock, board, Choice(only={3})) == [3]
    assert exact.asked == ["Code eq 3", "all", "all", "all"]


def test_where_a_filter_leaves_nothing_the_list_says_what_is_granted(
    client: Client, clock: Clock, board: FileBoard, exact: Exact
) -> None:
    assert len(found(client, clock, board, Choice(only={500}))) == 130
    exact.to_filters = {"status": 200, "json": {"d": []}}
    assert found(client, clock, board, Choice(only={3, 500})) == [3], (
        "a filter that does not work is no proof"
    )


@pytest.mark.parametrize("status", [401, 403])
def test_a_failure_that_is_not_the_filters_is_told(
    status: int, client: Client, clock: Clock, board: FileBoard, exact: Exact
) -> None:
    where = re.compile("/api/v1/[13]/system/Divisions")
    exact.mock.get(where, status_code=status, headers={"Reason": "BlockedUser"} if status == 403 else {})
    with pytest.raises(Denied if status == 403 else Refused):
        found(client, clock, board, Choice(only={3}))
    assert not any("$filter" not in request.qs for request in lists(exact))


def lists(exact: Exact) -> list[Any]:
    return [request for request in exact.mock.request_history if "system/Divisions" in request.url]
