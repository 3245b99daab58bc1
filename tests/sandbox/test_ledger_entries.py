"""Books of every size add up, and a whole entry can be deleted as a user does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby

import pytest

from tap_exact_online.sandbox.chart import CHART
from tap_exact_online.sandbox.control import Control, ControlError
from tap_exact_online.sandbox.ledger import Ledger, Line
from tests.conftest import Sandbox, running
from tests.sandbox.client import Client
from tests.sandbox.ledgers import INVOICES, LINES, TERMS, Books, total

SIZES = (0, 1, 2, 7, 60, 100, 399, 1003, 2500, 20_000)
SALES = "sync/Financial/SalesEntries"


def made(lines: int, **options: object) -> Ledger:
    return Ledger(salt=7, lines=lines, relations=40, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("lines", SIZES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"calendar": "july", "header": "control"},
        {"calendar": "thirteen", "header": "none", "year_end": "balances"},
    ],
    ids=str,
)
def test_books_of_every_size_add_up(lines: int, options: dict[str, object]) -> None:
    ledger = made(lines, **options)
    found = [ledger.line(index) for index in range(lines)]
    entries: dict[int, list[Line]] = defaultdict(list)
    for line in found:
        entries[line.entry].append(line)
    assert all(sum(line.cents for line in entry) == 0 for entry in entries.values())
    assert all(sum(line.foreign for line in entry) == 0 for entry in entries.values())
    assert [number for number, _ in groupby(line.entry for line in found)] == list(
        dict.fromkeys(line.entry for line in found)
    )
    for number, entry in entries.items():
        places = ledger.lines_of(number)
        assert [ledger.line(index) for index in places if index < lines] == entry


@pytest.mark.parametrize("lines", [2500, 20_000, 60_000])
def test_open_terms_are_the_control_accounts_also_with_invoices_from_before(lines: int) -> None:
    ledger = made(lines)
    terms = [ledger.term(index) for index in range(ledger.terms)]
    assert any(term.day < 0 for term in terms) is (lines > 2500)
    moved: dict[tuple[int, int], int] = defaultdict(int)
    for line in map(ledger.line, range(lines)):
        if line.gl is not None:
            moved[line.gl, line.day] += line.cents
    for day in (0, 45, 900, 1825):
        for side, kind in (("receivable", 20), ("payable", 22)):
            still = [
                term
                for term in terms
                if term.side == side and term.day <= day and (term.end is None or term.end > day)
            ]
            held = sum(
                cents for (gl, booked), cents in moved.items() if CHART[gl][2] == kind and booked <= day
            )
            assert sum(term.cents for term in still) == held
    opening = [term for term in terms if term.day < 0]
    assert all(ledger.line(term.line).kind == 10 for term in opening)
    assert all(ledger.line(term.line).cents == term.cents for term in opening)


def test_books_are_a_function_of_their_salt() -> None:
    one, same, other = made(500), made(500), Ledger(salt=8, lines=500, relations=40)
    assert [one.line(index) for index in range(510)] == [same.line(index) for index in range(510)]
    assert [one.line(index) for index in range(510)] != [other.line(index) for index in range(510)]
    backwards = [same.line(index) for index in reversed(range(500))]
    assert backwards[::-1] == [one.line(index) for index in range(500)]


def test_terms_that_are_added_are_never_open() -> None:
    ledger = made(2500)
    added = [ledger.term(index) for index in range(ledger.terms, ledger.terms + 300)]
    assert all(term.end == term.day for term in added)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(
        tmp_path_factory.mktemp("entries"), {"rows": 1500, "divisions": 1, "minute_limit": 100_000}
    ) as it:
        yield it


@pytest.fixture
def books(sandbox: Sandbox) -> Books:
    client = Client(sandbox, sandbox.refresh_token)
    assert client.refresh(sandbox.control.new_login()).status_code == 200
    return Books(client, sandbox.control.add_division(), {})


def entry_of(books: Books, kind: int, nth: int = 0) -> str:
    """Return the EntryID of an entry of a transaction type."""
    found = dict.fromkeys(row["EntryID"] for row in books.lines if row["Type"] == kind)
    return str(list(found)[nth])


def differences(books: Books) -> list[int]:
    """Return by how much open terms and control accounts differ, for receivables and payables."""
    found = []
    for line_type, account_type in ((20, 20), (22, 22)):
        still = total(
            row for row in books.rows(TERMS) if row["LineType"] == line_type and row["EndDate"] is None
        )
        found.append(still + books.balance(lambda row: row["Type"] == account_type))  # noqa: B023 - used at once
    return found


@pytest.mark.parametrize("kind", [10, 31, 40, 50, 82, 90, 310])
def test_a_whole_entry_is_deleted(books: Books, control_of: Control, kind: int) -> None:
    nth = 5 if kind in {31, 82, 90} else 0
    entry = entry_of(books, kind, nth)
    before = Books(books.client, books.division, {})
    assert before.rows("sync/Deleted")
    assert before.lines
    settled = {row["ID"] for row in before.rows(TERMS) if row["EndDate"]}
    gone = control_of.delete_entry(books.division, entry)
    after = Books(books.client, books.division, {})
    lost = {row["ID"] for row in before.lines} - {row["ID"] for row in after.lines}
    assert lost == set(gone[LINES])
    entries = {row["EntryID"] for row in before.lines if row["ID"] in lost}
    assert entry in entries
    assert not entries & {row["EntryID"] for row in after.lines}
    assert total(after.lines) == 0
    logged = {
        (row["EntityKey"], row["EntityType"])
        for row in after.rows("sync/Deleted")
        if row["ID"] not in {each["ID"] for each in before.rows("sync/Deleted")}
    }
    kinds = {LINES: 1, TERMS: 10, INVOICES: 13}
    assert logged == {(key, kinds[path]) for path, keys in gone.items() if path in kinds for key in keys}
    if kind in {31, 40, 82}:
        assert settled - {row["ID"] for row in after.rows(TERMS) if row["EndDate"]}
    assert differences(after) == [0, 0]
    with pytest.raises(ControlError):
        control_of.delete_entry(books.division, entry)


@pytest.fixture
def control_of(sandbox: Sandbox) -> Control:
    return sandbox.control


def test_an_open_invoice_is_deleted_with_its_term(books: Books, control_of: Control) -> None:
    open_ones = [
        row["TransactionEntryID"]
        for row in books.rows(TERMS)
        if row["TransactionType"] == 20 and not row["EndDate"]
    ]
    whole = [
        entry
        for entry in open_ones
        if all(not row["EndDate"] for row in books.rows(TERMS) if row["TransactionEntryID"] == entry)
    ]
    assert books.rows(SALES)
    gone = control_of.delete_entry(books.division, whole[-1])
    assert all(gone[path] for path in (LINES, TERMS, INVOICES, SALES))
    shown = Books(books.client, books.division, {}).rows(SALES)
    assert whole[-1] in {row["EntryID"] for row in books.rows(SALES)} - {row["EntryID"] for row in shown}
    assert differences(Books(books.client, books.division, {})) == [0, 0]


def test_an_invoice_that_is_matched_is_not_deleted_before_its_receipt(
    books: Books, control_of: Control
) -> None:
    [paid, *_] = [row for row in books.rows(TERMS) if row["TransactionType"] == 20 and row["EndDate"]]
    with pytest.raises(ControlError, match="matched"):
        control_of.delete_entry(books.division, paid["TransactionEntryID"])
    assert len(Books(books.client, books.division, {}).lines) == len(books.lines)


def test_lines_that_were_added_are_deleted_with_their_entry(books: Books, control_of: Control) -> None:
    made = control_of.add(books.division, LINES, 4)
    [entry, _] = dict.fromkeys(
        row["EntryID"] for row in Books(books.client, books.division, {}).lines if row["ID"] in made
    )
    assert sorted(control_of.delete_entry(books.division, entry)[LINES]) == sorted(made[:2])


def test_no_entry_of_that_name(books: Books, control_of: Control) -> None:
    with pytest.raises(ControlError):
        control_of.delete_entry(books.division, "11111111-2222-4333-8444-555555555555")
