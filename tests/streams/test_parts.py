"""Streams that are asked for one year, one scheme or one date at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox, StartSandbox
from tests.expected import expected_rows
from tests.faults.quick import only
from tests.faults.world import FINE
from tests.reality.conftest import Read, error_body

BALANCE = "reporting_balance"
PATH = BY_NAME[BALANCE].path
BY_SCHEME = "reporting_balance_by_classification"
LINES = BY_NAME["transaction_lines"].path
CLOSING = 310
PAYROLL = "payroll_transactions"
DAY = 86_400
WEEK = 7 * DAY
LAST, OPEN = 2025, (2024, 2025)
YEARS = (2021, 2022, 2023, 2024, 2025)


@pytest.fixture
def books(start_sandbox: StartSandbox) -> Sandbox:
    """Return books of which the year before the last is not closed yet."""
    started = start_sandbox(**FINE, rows=700)
    for division in started.control.divisions():
        rows = started.control.rows(division["Code"], LINES)
        closing = [row["ID"] for row in rows if row["Type"] == CLOSING and row["FinancialYear"] in OPEN]
        assert closing
        started.control.delete(division["Code"], LINES, ids=closing)
    return started


def asked(books: Sandbox, stream: str = BALANCE, division: int | None = None) -> list[str]:
    """Return what was asked of a stream's endpoint: filters, or parameters; once for all pages of an answer."""
    return [
        each["filter"] or each["query"]
        for each in books.control.asked()
        if each["path"] == BY_NAME[stream].path
        and division in {None, each["division"]}
        and "$skiptoken" not in each["query"]
    ]


def check(books: Sandbox, table: Any, stream: str, divisions: tuple[int, ...]) -> None:
    fields = set(next(iter(table.values()))) if table else set()
    expected = expected_rows(books.control, BY_NAME[stream], divisions, fields)
    assert expected
    assert table == expected


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return only(every, BALANCE)


def test_the_first_run_asks_for_every_year_and_for_what_lies_outside(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    assert first.exit_code == 0, first.log
    check(books, first.table(BALANCE), BALANCE, divisions)
    filters = asked(books, division=divisions[0])
    assert filters == [
        *(f"ReportingYear eq {year}" for year in YEARS),
        "ReportingYear lt 2021 or ReportingYear gt 2025",
    ]


def test_balances_whose_numbers_differ_from_call_to_call_are_read_all_the_same(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    def told(rows: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        names = ("ReportingYear", "ReportingPeriod", "GLAccount", "Type", "Status", "Amount", "Count")
        ordered = (
            [row["Division"], row["CostCenterCode"], row["CostUnitCode"], *(row[name] for name in names)]
            for row in rows
        )
        return sorted(tuple(str(value).strip() for value in row) for row in ordered)

    books.control.options(balance_ids="fresh")
    first = read(catalog)
    assert first.exit_code == 0, first.log
    truth = [row for division in divisions for row in books.control.rows(division, PATH)]
    assert told(first.records[BALANCE]) == told(truth)
    second = read(catalog)
    assert not first.table(BALANCE).keys() & second.table(BALANCE).keys()


def test_closed_years_are_asked_for_again_in_a_week_only(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    books.control.reset_stats()
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    assert asked(books, division=divisions[0]) == [f"ReportingYear eq {year}" for year in OPEN]
    again = {(row["Division"], row["ReportingYear"]) for row in second.records[BALANCE]}
    assert {year for division, year in again if division == divisions[0]} == {*OPEN}
    assert min(year for _, year in again) == min(OPEN)
    books.control.advance_clock(WEEK)
    books.control.reset_stats()
    third = read(catalog, second.state)
    assert len(asked(books, division=divisions[0])) == len(YEARS) + 1
    check(books, third.table(BALANCE), BALANCE, divisions)


def test_a_row_of_a_year_that_nobody_thought_of_is_found(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    books.control.set_row(divisions[0], PATH, {"ReportingYear": 1999, "Amount": 12.5})
    first = read(catalog)
    assert [row["Amount"] for row in first.records[BALANCE] if row["ReportingYear"] == 1999] == [12.5]


def test_a_year_that_is_opened_again_is_asked_for_at_every_run(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    statuses = "read/financial/JournalStatusList"
    row = next(row for row in books.control.rows(divisions[0], statuses) if row["Year"] == 2022)
    books.control.set_row(divisions[0], statuses, {**row, "Status": 0})
    books.control.advance_clock(DAY)
    books.control.reset_stats()
    read(catalog, first.state)
    assert asked(books, division=divisions[0]) == [f"ReportingYear eq {year}" for year in (2022, *OPEN)]
    years = {row["FinYear"] for row in books.control.rows(divisions[1], "financial/FinancialPeriods")}
    newer = sorted(year for year in years if year > max(OPEN))  # of a year that ends in June
    assert newer
    assert asked(books, division=divisions[1]) == [f"ReportingYear eq {year}" for year in (*OPEN, *newer)]


def test_where_closed_years_cannot_be_told_age_decides(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    books.control.forbid("read/financial/JournalStatusList", reason="NoRight")
    first = read(catalog)
    assert first.exit_code == 0, first.log
    books.control.reset_stats()
    read(catalog, first.state)
    # The books of 2025 ended less than 550 days ago, and the last year is asked for whatever its age.
    filters = asked(books, division=divisions[0])
    assert f"ReportingYear eq {LAST}" in filters
    assert "ReportingYear eq 2021" not in filters


def test_where_periods_may_not_be_seen_it_is_read_whole_and_said(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    books.control.forbid("financial/FinancialPeriods", reason="NoRight")
    first = read(catalog)
    assert first.exit_code == 0, first.log
    assert "may not see the financial periods" in first.log
    check(books, first.table(BALANCE), BALANCE, divisions)


def test_a_filter_that_is_refused_is_left_out_for_a_week(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    books.control.options(refused_filters=[PATH])
    first = read(catalog)
    assert first.exit_code == 0, first.log
    assert "Exact does not take a filter on `ReportingYear` here" in first.log
    check(books, first.table(BALANCE), BALANCE, divisions)
    books.control.reset_stats()
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    check(books, second.table(BALANCE), BALANCE, divisions)
    assert books.control.stats()["client_errors"] == {}
    books.control.options(refused_filters=[])
    books.control.advance_clock(WEEK)
    books.control.reset_stats()
    read(catalog, second.state)
    assert "ReportingYear eq 2021" in asked(books, division=divisions[0])


def test_where_only_what_lies_outside_may_not_be_asked_for_that_is_said(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    said = error_body("This $filter parameter is not supported for this resource")
    books.control.fault("status", status=400, body=said, path=PATH, contains=" lt ", times=None)
    first = read(catalog)
    assert first.exit_code == 0, first.log
    assert "whether there are rows outside of the years 2021 to 2025 cannot be asked for here" in first.log
    check(books, first.table(BALANCE), BALANCE, divisions)
    books.control.reset_stats()
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    assert books.control.stats()["client_errors"] == {}


def test_what_cannot_be_asked_for_is_not_called_gone(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    books.control.set_row(divisions[0], PATH, {"ReportingYear": 1999, "Amount": 12.5})
    catalog = only(every, BALANCE, "reads")
    first = read(catalog)
    said = error_body("This $filter parameter is not supported for this resource")
    books.control.fault("status", status=400, body=said, path=PATH, contains=" lt ", times=None)
    books.control.advance_clock(WEEK)
    state = first.state
    for _ in range(2):
        run = read(catalog, state)
        assert run.exit_code == 0, run.log
        [row] = [row for row in run.records["reads"] if row["Division"] == divisions[0]]
        assert not row["Whole"]
        assert not row["WholeBeganAt"] or row["WholeBeganAt"] < first.records["reads"][0]["EndedAt"]
        state = run.state


def test_dates_that_are_refused_later_leave_what_is_known_alone(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    stream = "employment_end_reasons_on_date"
    catalog = only(every, stream, "reads")
    first = read(catalog)
    said = error_body("The query parameter 'focusDate' is not supported.")
    path = BY_NAME[stream].path
    books.control.fault("status", status=400, body=said, path=path, contains="focusDate", times=None)
    books.control.advance_clock(WEEK + DAY)
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    rows = [row for row in second.records["reads"] if row["Division"] == divisions[0]]
    [(whole, since)] = [(row["Whole"], row["WholeBeganAt"]) for row in rows]
    assert not whole
    assert since[:16] <= first.records["reads"][0]["EndedAt"][:16]
    books.control.reset_stats()
    books.control.advance_clock(DAY)
    third = read(catalog, second.state, cadence={"*": "always"})
    assert third.exit_code == 0, third.log
    assert books.control.stats()["client_errors"] == {}
    assert {(row["Whole"], row["WholeBeganAt"]) for row in third.records["reads"]} == {(False, None)}


def test_refusals_of_the_lists_it_goes_by_never_block_the_app(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    books.control.options(error_limit=10)
    books.control.forbid("read/financial/JournalStatusList", reason="NoRight")
    state: Any = None
    for _ in range(14):
        run = read(catalog, state)
        assert run.exit_code == 0, run.log
        state = run.state
        books.control.advance_clock(240)
    assert books.control.stats()["client_errors"].keys() <= {"403"}
    assert max(books.control.stats()["client_errors"]["403"].values()) <= 20  # of two divisions


def test_a_year_without_periods_is_asked_for_with_its_neighbours(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    books.control.set_row(divisions[0], "financial/FinancialPeriods", {"FinYear": 1900, "FinPeriod": 1})
    books.control.set_row(divisions[0], PATH, {"ReportingYear": 1950, "Amount": 12.5})
    first = read(catalog)
    assert first.exit_code == 0, first.log
    filters = asked(books, division=divisions[0])
    assert "ReportingYear gt 1900 and ReportingYear lt 2021" in filters
    assert len(filters) == 1 + len(YEARS) + 2
    assert 1950 in {row["ReportingYear"] for row in first.records[BALANCE]}
    books.control.reset_stats()
    read(catalog, first.state)
    assert len(asked(books, division=divisions[0])) == len(OPEN)


def test_a_part_that_failed_is_read_by_the_next_run(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    books.control.fault(
        "status",
        status=404,
        path=PATH,
        contains="eq 2023",
        division=divisions[0],
        body=error_body("Gone"),
        times=1,
    )
    first = read(catalog)
    assert first.exit_code == 1
    books.control.clear_faults()
    books.control.advance_clock(3700)  # what was refused is not asked again within an hour
    books.control.reset_stats()
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    filters = asked(books, division=divisions[0])
    assert "ReportingYear eq 2023" in filters
    assert "ReportingYear eq 2022" not in filters
    both = {**first.table(BALANCE), **second.table(BALANCE)}
    check(books, both, BALANCE, divisions)


def test_only_a_read_of_every_part_is_whole(
    read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    catalog = only(every, BALANCE, "reads")
    first = read(catalog, emit_activate_version_messages=True)
    second = read(catalog, first.state, emit_activate_version_messages=True)
    [before] = [row for row in first.records["reads"] if row["Division"] == divisions[0]]
    [after] = [row for row in second.records["reads"] if row["Division"] == divisions[0]]
    assert (before["Whole"], after["Whole"]) == (True, False)
    assert before["WholeBeganAt"][:16] == after["WholeBeganAt"][:16]
    assert after["WholeBeganAt"] < after["BeganAt"]
    activated = [
        line for line in second.lines if line["type"] == "ACTIVATE_VERSION" and line["stream"] == BALANCE
    ]
    assert not activated
    assert "No ACTIVATE_VERSION" not in second.log


def test_other_fields_are_read_in_every_year(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    catalog = only(every, BALANCE)
    for entry in catalog["streams"][0]["metadata"]:
        if entry["breadcrumb"] == ["properties", "AmountDebit"]:
            entry["metadata"]["selected"] = False
    first = read(catalog)
    books.control.reset_stats()
    second = read(only(every, BALANCE), first.state)
    assert second.exit_code == 0, second.log
    assert len(asked(books, division=divisions[0])) == len(YEARS) + 1


def test_a_scheme_and_a_year_are_told_to_the_function(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    catalog = only(every, BY_SCHEME)
    first = read(catalog)
    assert first.exit_code == 0, first.log
    check(books, first.table(BY_SCHEME), BY_SCHEME, divisions)
    schemes = {row["ID"] for row in books.control.rows(divisions[0], "financial/GLSchemes")}
    queries = asked(books, BY_SCHEME, divisions[0])
    assert len(queries) == len(schemes) * len(YEARS) > len(YEARS)
    books.control.reset_stats()
    read(catalog, first.state)
    assert len(asked(books, BY_SCHEME, divisions[0])) == len(schemes) * len(OPEN)


def test_payroll_is_read_year_by_year(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(only(every, PAYROLL))
    assert first.exit_code == 0, first.log
    check(books, first.table(PAYROLL), PAYROLL, divisions)
    assert asked(books, PAYROLL, divisions[0])[0] == "PayrollYear eq 2021"


@pytest.mark.parametrize(
    "stream", ["employment_end_reasons_on_date", "employment_contract_flex_phases_on_date"]
)
def test_a_list_is_read_on_the_first_day_of_each_year_and_today(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int], stream: str
) -> None:
    first = read(only(every, stream))
    assert first.exit_code == 0, first.log
    check(books, first.table(stream), stream, divisions)


def test_a_date_that_is_refused_is_left_out_and_said(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    stream = "employment_end_reasons_on_date"
    said = error_body("The query parameter 'focusDate' is not supported.")
    books.control.fault(
        "status", status=400, body=said, path=BY_NAME[stream].path, contains="focusDate", times=None
    )
    first = read(only(every, stream))
    assert first.exit_code == 0, first.log
    assert "Exact does not take `focusDate` here, so only what is so today is read" in first.log
    assert len(first.table(stream)) == books.control.count(divisions[0], BY_NAME[stream].path) * 2
