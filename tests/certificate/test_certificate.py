"""What is made of the rows of the certificate, by tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from tap_exact_online.errors import ConfigurationError, TapError
from tap_exact_online.ledger import explained
from tap_exact_online.ledger.certificate import (
    Certificate,
    Group,
    Verdict,
    Why,
    Witness,
    Year,
    age,
    by_account,
    by_account_and_period,
    made,
    narrowed,
)
from tap_exact_online.ledger.reading import read

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)


def years(*verdicts: str) -> list[Year]:
    return [
        Year(division=1, financial_year=2020 + number, verdict=Verdict(verdict))
        for number, verdict in enumerate(verdicts)
    ]


def group(account: str | None = "8000", period: int = 1, **more: object) -> Group:
    values = {"division": 1, "financial_year": 2025, "verdict": "differs", "difference": "-10"}
    return msgspec.convert(
        {**values, "gl_account_code": account, "financial_period": period, **more}, Group, strict=False
    )


@pytest.mark.parametrize(
    ("verdicts", "whole", "code", "strictly"),
    [
        (["complete", "complete"], "complete", 0, 0),
        (["complete", "moving"], "moving", 0, 1),
        (["moving"], "moving", 0, 1),
        (["complete", "not_read"], "not_read", 0, 1),
        (["moving", "not_read", "different", "complete"], "different", 1, 1),
        # Where nothing was compared, nothing is certified.
        (["not_read", "not_read"], "not_read", 1, 1),
        ([], "not_read", 1, 1),
    ],
)
def test_the_verdict_and_the_exit_code(verdicts: list[str], whole: str, code: int, strictly: int) -> None:
    found = Certificate(AT, years(*verdicts))
    assert found.verdict.value == whole
    assert (found.exit_code(), found.exit_code(strict=True)) == (code, strictly)


def test_years_are_in_order_and_the_largest_group_is_first() -> None:
    small, large, moving = group(difference=1), group(difference=-5), group(difference=99, verdict="moving")
    rows = [Year(division=2, verdict=Verdict.COMPLETE), *reversed(years("complete", "moving"))]
    found = made(AT, rows, [moving, small, large])
    assert [(year.division, year.financial_year) for year in found.years] == [(1, 2020), (1, 2021), (2, None)]
    assert found.divisions == [1, 2]
    assert [*found.groups] == [large, small, moving]


@pytest.mark.parametrize(
    ("values", "off"),
    [
        ({"difference": "-10"}, "10"),
        ({"difference": "0", "debit": "5", "exact_debit": "12.50", "exact_credit": "7.50"}, "7.50"),
        ({"difference": None, "exact_credit": "-3"}, "3"),
        ({"difference": None}, "0"),
    ],
)
def test_by_how_much_a_group_is_off(values: dict[str, str | None], off: str) -> None:
    assert group(**values).off == Decimal(off)


def test_groups_are_added_up_by_account_and_period() -> None:
    groups = [
        group("8000", 1, amount=90, exact_amount=100),
        group("8000", 1, amount=90, exact_amount=100, transaction_type=21),
        group("8000", 2, difference="-15", verdict="missing_here", exact_amount=15),
        group(None, 1, difference="7", verdict="only_here", amount=7),
        group("1300", 1, difference="500", verdict="moving"),
    ]
    spots = by_account_and_period(groups)
    assert [(each.code, each.periods, each.off, each.groups) for each in spots] == [
        ("8000", [1], 20, 2),
        ("8000", [2], 15, 1),
        (None, [1], 7, 1),
        ("1300", [1], 500, 1),  # only moving: behind what is in doubt
    ]
    assert (spots[0].amount, spots[0].exact_amount) == (180, 200)
    accounts = by_account(groups)
    assert [(each.code, each.periods, each.off, each.why) for each in accounts] == [
        ("8000", [1, 2], 35, (Why.DIFFERS, Why.MISSING_HERE)),
        (None, [1], 7, (Why.ONLY_HERE,)),
        ("1300", [1], 500, (Why.MOVING,)),
    ]
    assert explained.account(accounts[1]) == "without an account"


@pytest.mark.parametrize(
    ("divisions", "chosen", "left"),
    [
        ((), (), [(1, 2020), (1, 2021), (2, 2021)]),
        ((1,), (), [(1, 2020), (1, 2021)]),
        ((), (2021,), [(1, 2021), (2, 2021)]),
        ((2,), (2020,), []),
    ],
)
def test_a_part_of_it(
    divisions: tuple[int, ...], chosen: tuple[int, ...], left: list[tuple[int, int]]
) -> None:
    rows = [*years("complete", "complete"), Year(division=2, financial_year=2021, verdict=Verdict.MOVING)]
    groups = [group(division=2, financial_year=2021, verdict="moving"), group(financial_year=2020)]
    found = narrowed(made(AT, rows, groups), divisions, chosen)
    assert [(year.division, year.financial_year) for year in found.years] == left
    assert {(each.division, each.financial_year) for each in found.groups} <= {*left}


@pytest.mark.parametrize(
    ("divisions", "chosen", "says"),
    [
        ((7,), (), "--division: the certificate has no division 7. It has: 1."),
        ((), (1999,), "--year: the certificate has no year 1999. It has: 2020, 2021."),
    ],
)
def test_what_it_says_nothing_of(divisions: tuple[int, ...], chosen: tuple[int, ...], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        narrowed(made(AT, years("complete", "moving"), []), divisions, chosen)


@pytest.mark.parametrize(
    ("said", "words", "open_ones"),
    [
        (["agrees"] * 4, "4 agree", []),
        (["not_read"] * 4, "-", ["result of the year: not read", "opening balances: not read"]),
        (
            ["differs", "agrees", "moving", "does_not_apply"],
            "result differs, receivables moving, 1 agrees",
            ["result of the year: differs", "receivables: moving"],
        ),
    ],
)
def test_what_witnesses_say(said: list[str], words: str, open_ones: list[str]) -> None:
    names = ("result_witness", "opening_witness", "receivables_witness", "payables_witness")
    witnesses = dict(zip(names, map(Witness, said), strict=True))
    year = Year(division=1, verdict=Verdict.MOVING, **witnesses)
    assert explained.witnesses(year) == words
    assert explained.open_witnesses(year)[:2] == open_ones


def test_the_age_of_what_was_compared_with() -> None:
    year = Year(division=1, verdict=Verdict.COMPLETE, balances_read_at=AT - timedelta(hours=3))
    assert age(year, AT) == timedelta(hours=3)
    assert age(year, AT - timedelta(hours=4)) == timedelta(0)  # two clocks
    assert age(Year(division=1, verdict=Verdict.NOT_READ), AT) is None


def test_what_another_version_wrote_is_said() -> None:
    texts = {"division": "1", "verdict": "perfect"}
    cells = [texts.get(name) for name in Year.__struct_fields__]
    with pytest.raises(TapError, match=r"this version cannot read: .*perfect.*Build the ledger anew"):
        read(lambda question: [cells] if "completeness" in question else [], "books", AT)


def test_a_schema_that_would_end_its_quotes() -> None:
    with pytest.raises(ConfigurationError, match="--schema: a name is made of"):
        read(lambda _: [], 'a"; drop', AT)
