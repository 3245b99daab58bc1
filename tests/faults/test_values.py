"""Values and fields that are not as documented: named, left out, and everything else is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox, StartSandbox
from tests.faults.quick import FastTap, Quick, narrow, only
from tests.faults.world import FINE
from tests.singer import Run, tap_for

LINES = BY_NAME["transaction_lines"]
Read = Callable[..., Run]
ABSENT = sorted(name for name, fact in LINES.endpoint.properties.items() if fact.absent)


@pytest.fixture
def books(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(**FINE, rows=1100)


@pytest.fixture
def read(books: Sandbox, tmp_path: Path, quick: Quick, every: dict[str, Any]) -> Read:
    """Return a function that runs the tap for some fields of a stream."""
    tap = FastTap(**vars(tap_for(books, tmp_path)), quick=quick)

    def run(*fields: str, stream: str = "transaction_lines", state: Any = None) -> Run:
        return tap.run(catalog=narrow(only(every, stream), {stream: {*fields}}), state=state)

    return run


@pytest.mark.parametrize(
    ("field", "value", "comes_out"),
    [
        pytest.param("LineNumber", "17", 17, id="a number as text"),
        pytest.param("LineNumber", "seventeen", None, id="a word for a number"),
        pytest.param("LineNumber", 1.5, None, id="a fraction for a whole number"),
        pytest.param("AmountDC", "12.50", 12.5, id="an amount as text"),
        pytest.param("AmountDC", {"secret": 1}, None, id="an object for an amount"),
        pytest.param("Description", 12, None, id="a number for a text"),
    ],
)
@pytest.mark.parametrize("where", [{"Timestamp": 100}, {}], ids=["the first page", "the last page"])
def test_a_value_of_another_type_is_cast_or_its_row_is_named(  # noqa: PLR0917  a table
    books: Sandbox, read: Read, field: str, value: Any, comes_out: Any, where: dict[str, Any]
) -> None:
    first, second = (row["Code"] for row in books.control.divisions())
    identity = books.control.set_row(first, LINES.path, {field: value, **where})
    run = read(field)
    records = {(record["Division"], record["ID"]): record for record in run.records["transaction_lines"]}
    if comes_out is None:
        assert run.exit_code == 1, run.log
        assert (first, identity) not in records
        assert f"transaction_lines in division {first}: a row was left out: ID {identity}" in run.log
        assert "seventeen" not in run.log
        assert "secret" not in run.log
    else:
        assert run.exit_code == 0, run.log
        assert records[first, identity][field] == comes_out
    assert len(records) == 2 * 1100 + (comes_out is not None)
    assert run.bookmarks("transaction_lines")[second]


def test_a_row_that_was_left_out_comes_once_it_is_right(books: Sandbox, read: Read) -> None:
    first, _ = (row["Code"] for row in books.control.divisions())
    identity = books.control.set_row(first, LINES.path, {"LineNumber": "seventeen"})
    broken = read("LineNumber")
    books.control.set_row(first, LINES.path, {"ID": identity, "LineNumber": 17})
    again = read("LineNumber", state=broken.state)
    assert again.exit_code == 0, again.log
    assert identity in {record["ID"] for record in again.records["transaction_lines"]}


def test_a_withdrawn_field_is_named_and_dropped_and_the_stream_is_complete(
    books: Sandbox, read: Read
) -> None:
    books.control.options(reference="newest")
    run = read("Description", ABSENT[0])
    assert run.exit_code == 0, run.log
    assert f"Exact does not know {ABSENT[0]} any more" in run.log
    assert len(run.table("transaction_lines")) == 2 * 1100
    assert any(record["Description"] for record in run.records["transaction_lines"])
    # One refusal in all: the field is asked for no more, in no division.
    assert books.control.stats()["client_errors"] == {"400": {LINES.path: 1}}
    assert all(ABSENT[0] not in record for record in run.records["transaction_lines"])


def _absent(stream: str) -> set[str]:
    return {name for name, fact in BY_NAME[stream].endpoint.properties.items() if fact.absent}


def test_many_withdrawn_fields_do_not_stop_a_stream(books: Sandbox, read: Read) -> None:
    books.control.options(reference="newest")
    assert len(_absent("items")) > 5
    run = read(*_absent("items"), stream="items")
    assert run.exit_code == 0, run.log
    assert run.records["items"]


def test_a_field_that_all_reads_rest_on_is_never_dropped(books: Sandbox, read: Read) -> None:
    said = '{"error":{"message":{"value":"Could not find a property named \'Timestamp\' on type \'X\'."}}}'
    books.control.fault("status", status=400, body=said, path=LINES.path, times=None)
    run = read("Description")
    assert run.exit_code == 1, run.log
    assert "Could not find a property named 'Timestamp'" in run.log
    assert books.control.stats()["by_endpoint"][LINES.path] == 2  # once for each division
