"""The certificate for a monitor: JSON whose form is a promise. Amounts are texts, so that no cent is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from tap_exact_online.ledger.certificate import Certificate, Group, Year, age

VERSION = 1
"""Rises when a name goes or changes its meaning; new names may come at any time."""

_OF_YEAR = (
    *("groups", "equal_groups", "moving_groups", "missing_here_groups", "only_here_groups"),
    *("differing_groups", "not_read_groups", "lines"),
)
_AMOUNTS = ("amount", "exact_amount", "difference", "result")


def document(found: Certificate, exit_code: int, most: int | None = None) -> dict[str, Any]:
    """Return everything as JSON values.

    Args:
        found: The certificate.
        exit_code: What the command ends with.
        most: How many groups are named at most; None for all.
    """
    shown: Sequence[Group] = found.groups if most is None else found.groups[:most]
    return {
        "version": VERSION,
        "at": found.at.isoformat(timespec="seconds"),
        "exit_code": exit_code,
        "verdict": found.verdict.value,
        "compared": found.compared,
        "years": [_year(year, found.at) for year in found.years],
        "groups_not_equal": len(found.groups),
        "groups": [_group(group) for group in shown],
    }


def _year(year: Year, at: datetime) -> dict[str, Any]:
    since = age(year, at)
    return {
        "division": year.division,
        "division_code": year.division_code,
        "division_name": year.division_name,
        "currency": year.currency,
        "financial_year": year.financial_year,
        "verdict": year.verdict.value,
        **{name: getattr(year, name) for name in _OF_YEAR},
        **{name: _text(getattr(year, name)) for name in _AMOUNTS},
        "witnesses": {name: each.value for name, each in year.witnesses.items()},
        "whole_from_period": year.whole_from_period,
        "lines_read_at": _moment(year.lines_read_at),
        "balances_read_at": _moment(year.balances_read_at),
        "balances_read_days_ago": None if since is None else round(since.total_seconds() / 86_400, 2),
    }


def _group(group: Group) -> dict[str, Any]:
    values = {name: getattr(group, name) for name in group.__struct_fields__ if name != "verdict"}
    texts = {name: _text(value) if isinstance(value, Decimal) else value for name, value in values.items()}
    return {**texts, "off_by": _text(group.off), "verdict": group.verdict.value}


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
