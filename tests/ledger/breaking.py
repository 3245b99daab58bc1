"""What can go wrong between Exact and a database, done to rows that were right: one function for each, in a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.ledger.messages import Row, Tables
from tests.ledger.reading import SUMS

LINES = "transaction_lines"
OF_COMPANY = (
    "reporting_balance",
    "profit_loss_overview",
    "outstanding_invoices_overview",
    "receivables_list",
)
Break = Callable[["Books"], Tables]


@dataclass(frozen=True)
class Books:
    """The same books twice, with changes in Exact in between.

    Attributes:
        before: What was landed at first.
        after: What was landed once the changes were read.
        divisions: The companies; nothing was done in the first.
        changed: The key of a line of the second company, whose cost center was changed.
    """

    before: Tables
    after: Tables
    divisions: tuple[int, ...]
    changed: tuple[int, str]

    def having(self, **rows: list[Row]) -> Tables:
        """Return the tables as they are after the changes, some of them with other rows."""
        return {**self.after, **{name: self.after[name].having(found) for name, found in rows.items()}}

    def lines(self, division: int) -> list[Row]:
        """Return the lines of a company in the order of their row versions, as they come in pages."""
        return sorted(
            (row for row in self.after[LINES].rows if row["Division"] == division),
            key=lambda row: row["Timestamp"],
        )

    def without(self, gone: list[Row]) -> list[Row]:
        """Return all lines but some."""
        keys = {(row["Division"], row["ID"]) for row in gone}
        return [row for row in self.after[LINES].rows if (row["Division"], row["ID"]) not in keys]


def nothing(books: Books) -> Tables:
    return books.after


def a_lost_page(books: Books) -> Tables:
    return books.having(transaction_lines=books.without(books.lines(books.divisions[0])[700:1700]))


def a_few_lost_lines(books: Books) -> Tables:
    return books.having(transaction_lines=books.without(books.lines(books.divisions[0])[901:904]))


def lost_among_lines_that_were_read_once_more(books: Books) -> Tables:
    """The newest lines were read behind the balances, too, as every run does; that makes them no newer."""
    latest = max(row["_sdc_extracted_at"] for row in books.after["reporting_balance"].rows)
    newest = books.lines(books.divisions[0])[-600:]
    again = {row["ID"] for row in newest}
    return books.having(
        transaction_lines=[
            {**row, "_sdc_extracted_at": latest} if row["ID"] in again else row
            for row in books.without(newest[300:303])
        ]
    )


def a_stale_row(books: Books) -> Tables:
    """The row is there in the version before its cost center was changed."""
    old = next(row for row in books.before[LINES].rows if (row["Division"], row["ID"]) == books.changed)
    kept = [row for row in books.after[LINES].rows if (row["Division"], row["ID"]) != books.changed]
    return books.having(transaction_lines=[*kept, old])


def a_delete_that_was_not_applied(books: Books) -> Tables:
    """The log of deletes is that of the day before."""
    return books.having(deleted=[*books.before["deleted"].rows])


def a_doubled_line(books: Books) -> Tables:
    """The same line is there under two keys."""
    line = next(row for row in books.lines(books.divisions[0]) if row["AmountDC"])
    twin = {**line, "ID": "00000000-0000-4000-8000-000000000001"}
    return books.having(transaction_lines=[*books.after[LINES].rows, twin])


def a_doubled_entry(books: Books) -> Tables:
    """A whole entry is there twice, under other keys, so that debit and credit are equal."""
    lines = books.lines(books.divisions[0])
    entry = lines[len(lines) // 2]["EntryID"]
    twins = [
        {**row, "ID": f"00000000-0000-4000-8000-{nth:012d}"}
        for nth, row in enumerate(row for row in lines if row["EntryID"] == entry)
    ]
    return books.having(transaction_lines=[*books.after[LINES].rows, *twins])


def a_line_in_the_wrong_company(books: Books) -> Tables:
    line = next(row for row in books.lines(books.divisions[0])[500:] if row["AmountDC"])
    # As if it had been read with those: what was there before they were read as a whole would be taken for gone.
    read = {name: value for name, value in books.lines(books.divisions[2])[0].items() if name[0] == "_"}
    moved = {**line, **read, "Division": books.divisions[2]}
    return books.having(transaction_lines=[*books.without([line]), moved])


def an_entry_in_the_wrong_year(books: Books) -> Tables:
    """All lines of an entry stand in the year before, as they did until somebody corrected it."""
    lines = books.lines(books.divisions[0])
    entry = lines[2 * len(lines) // 3]["EntryID"]
    rows = [
        {**row, "FinancialYear": row["FinancialYear"] - 1} if row["EntryID"] == entry else row
        for row in books.after[LINES].rows
    ]
    return books.having(transaction_lines=rows)


def sums_of_the_day_before(books: Books) -> Tables:
    """Exact added up before the changes, which are in the lines."""
    old = {name: books.before[name] for name in SUMS if name != "reads"}
    reads = {row["Stream"] for row in books.before["reads"].rows if row["Stream"] in SUMS}
    kept = [row for row in books.after["reads"].rows if row["Stream"] not in reads]
    then = [row for row in books.before["reads"].rows if row["Stream"] in reads]
    return {**books.having(reads=[*kept, *then]), **old}


def lines_of_a_company_that_were_not_read(books: Books) -> Tables:
    gone = books.divisions[2]
    rows = {
        name: [row for row in books.after[name].rows if row["Division"] != gone]
        for name in (LINES, "payment_terms")
    }
    reads = [
        row
        for row in books.after["reads"].rows
        if row["Division"] != gone or row["Stream"] not in {LINES, "payment_terms"}
    ]
    return books.having(reads=reads, **rows)


def a_company_that_was_not_read(books: Books) -> Tables:
    """All that is known of it is that it is there."""
    gone = books.divisions[2]
    rows = {
        name: [row for row in table.rows if row.get("Division") != gone]
        for name, table in books.after.items()
        if name != "divisions"
    }
    return books.having(**rows)


def balances_of_a_company_that_were_not_read(books: Books) -> Tables:
    gone = books.divisions[2]
    rows = {
        name: [row for row in books.after[name].rows if row["Division"] != gone]
        for name in SUMS
        if name != "reads"
    }
    reads = [row for row in books.after["reads"].rows if row["Division"] != gone or row["Stream"] not in SUMS]
    return books.having(reads=reads, **rows)


@dataclass(frozen=True)
class Mutation:
    """One thing that can go wrong.

    Attributes:
        name: What it is called.
        breaks: Does it.
        unbalanced: Whether entries, or the trial balance, show it, too.
        moving: Whether what differs is only newer than what Exact added up.
    """

    name: str
    breaks: Break
    unbalanced: bool
    moving: bool = False


MUTATIONS = tuple(
    Mutation(breaks.__name__, breaks, unbalanced, breaks is sums_of_the_day_before)
    for breaks, unbalanced in (
        (nothing, False),
        (a_lost_page, True),
        (a_few_lost_lines, True),
        (lost_among_lines_that_were_read_once_more, True),
        (a_stale_row, False),
        (a_delete_that_was_not_applied, False),
        (a_doubled_line, True),
        (a_doubled_entry, False),
        (a_line_in_the_wrong_company, True),
        (an_entry_in_the_wrong_year, False),
        (sums_of_the_day_before, False),
        (lines_of_a_company_that_were_not_read, False),
        (a_company_that_was_not_read, False),
        (balances_of_a_company_that_were_not_read, False),
    )
)
