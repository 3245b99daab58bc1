"""What a transaction line and a payment term book, told without their rows."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Vat(NamedTuple):
    """What a line says of VAT.

    Attributes:
        code: Code of the VAT code, padded as Exact stores it.
        percentage: As a fraction.
        base: The base in cents of the entry's currency, signed as the line.
        amount: The VAT in cents of the entry's currency, signed as the line.
    """

    code: str
    percentage: float
    base: int
    amount: int


class Line(NamedTuple):
    """One transaction line as it was generated.

    Attributes:
        entry: Number of the entry in the division, from 0.
        line: The line number: 0 for the header, 9000 and above for VAT and rounding.
        kind: The number of the transaction type.
        status: 20 entered, 50 processed.
        journal: Code of the journal.
        gl: Index of the ledger account in `chart.CHART`; None for a header without an account.
        day: Days since the first day of the books.
        year: The financial year of the entry.
        period: The financial period of the entry.
        relation: Index of the customer or supplier.
        cost_center: Index of the cost center.
        cost_unit: Index of the cost unit.
        currency: The entry's currency.
        cents: `AmountDC` in cents, debit positive.
        foreign: `AmountFC` in cents of the entry's currency.
        vat: What it says of VAT.
    """

    entry: int
    line: int
    kind: int
    status: int
    journal: str
    gl: int | None
    day: int
    year: int
    period: int
    relation: int | None
    cost_center: int | None
    cost_unit: int | None
    currency: str
    cents: int
    foreign: int
    vat: Vat | None


class Term(NamedTuple):
    """One payment term: a part of an invoice, and since when it is settled.

    Attributes:
        entry: Number of the entry that booked the invoice.
        owner: Number of the entry that made the term: that of the invoice, or for a later part the one that split it off.
        line: Index of the transaction line on the control account.
        side: Whose invoice it is.
        gl: Index of the control account in `chart.CHART`.
        relation: Index of the customer or supplier.
        number: The invoice's number.
        day: The invoice's day, since the first day of the books; before it for what the opening balance holds.
        due: The day on which it is due.
        end: The day since which it is not outstanding any more; None while it is.
        end_year: The financial year of that day.
        end_period: The financial period of that day.
        status: 20 open, 50 matched.
        kind: `LineType`: 20 receipt, 22 payment.
        currency: The invoice's currency.
        cents: What it adds to the control account in cents, debit positive.
        foreign: The same in the invoice's currency.
        rate: Millionths of the books' currency for one of the invoice's.
        slot: Which of the terms of a round of entries it is.
    """

    entry: int
    owner: int
    line: int
    side: Literal["receivable", "payable"]
    gl: int
    relation: int
    number: int
    day: int
    due: int
    end: int | None
    end_year: int | None
    end_period: int | None
    status: int
    kind: int
    currency: str
    cents: int
    foreign: int
    rate: int
    slot: int
