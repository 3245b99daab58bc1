"""Draws what the models of the ledger are made of: from the streams on the left to the certificate on the right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

MODELS = Path(__file__).parents[1] / "dbt" / "models"
_PREFIX, _STAGED = "exact_online__", "stg_exact_online__"
_REF = re.compile(r"ref\(\s*'(\w+)'\s*\)")
_TOTALS = re.compile(r"reporting_balance|opening_balances|overview|aging_")
_BOOKED, _EXACT = "streams", "totals"
_WIDE, _HIGH, _ACROSS, _DOWN, _MARGIN, _TOP = 196, 44, 74, 14, 28, 58
"""Width and height of a box, what is between two columns and two rows, the margin, and what is above the first row."""
_COLUMNS: Mapping[str, tuple[int, str]] = {
    "staging": (0, "#455a64"),
    "core": (1, "#1b6ca8"),
    "statements": (2, "#2e7d32"),
    "open_items": (2, "#96721f"),
    "vat": (2, "#7b3fa0"),
    "consolidation": (2, "#00796b"),
    "certificate": (3, "#b3541e"),
}
_HEADS = ("What the tap reads", "The ledger", "What people ask for", "Whether it is whole")
_SAYS: Mapping[str, str] = {
    _BOOKED: "lines, accounts, terms, settings",
    _EXACT: "balances, overviews, openings",
    "general_ledger": "every line, with names",
    "chart_of_accounts": "sections, RGS, cash flow",
    "periods": "each company's calendar",
    "trial_balance": "opening, debit, credit, closing",
    "profit_and_loss": "period, year to date, budget",
    "balance_sheet": "assets, equity, liabilities",
    "cash_flow": "direct and indirect",
    "open_items": "every term, open until when",
    "ageing": "by how late, each month end",
    "term_signs": "which way terms count",
    "vat": "base, booked, expected",
    "consolidation": "companies taken together",
    "reconciliation": "group by group, to the cent",
    "witnesses": "other figures of Exact's",
    "count_readings": "what Exact counts",
    "completeness": "the certificate",
}
_TITLES: Mapping[str, str] = {_BOOKED: "the streams", _EXACT: "Exact's own totals"}


@dataclass(frozen=True, slots=True)
class Model:
    """A model that people use, or one of the two boxes on the left.

    Attributes:
        name: Its name without the prefix.
        folder: The folder of its file, which is its column.
        needs: What it is made of, without what those are made of themselves.
    """

    name: str
    folder: str
    needs: frozenset[str]


def models(folder: Path = MODELS) -> list[Model]:
    """Return the models in their order, with what each needs: models in between are passed through."""
    files = {file.stem: file for file in sorted(folder.rglob("*.sql"))}
    refs = {
        name: {*_REF.findall(file.read_text(encoding="utf-8"))} & {*files} for name, file in files.items()
    }

    def needed(name: str) -> set[str]:
        found = set()
        for ref in refs[name]:
            if ref.startswith(_STAGED):
                found.add(_EXACT if _TOTALS.search(ref) else _BOOKED)
            elif ref.startswith(_PREFIX):
                found.add(ref.removeprefix(_PREFIX))
            else:
                found |= needed(ref)
        return found

    direct = {name.removeprefix(_PREFIX): needed(name) for name in files if name.startswith(_PREFIX)} | {
        _BOOKED: set(),
        _EXACT: set(),
    }

    def whole(name: str) -> set[str]:
        return set().union(*(each for need in direct[name] for each in ({need}, whole(need))))

    places = {name.removeprefix(_PREFIX): file.parent.name for name, file in files.items()}
    return [
        Model(
            name,
            places.get(name, "staging"),
            frozenset(need for need in needs if not any(need in whole(other) for other in needs - {need})),
        )
        for name, needs in sorted(direct.items(), key=lambda each: [*_SAYS, each[0]].index(each[0]))
    ]


def picture(known: Iterable[Model]) -> str:
    """Draw the models, as SVG."""
    found = [*known]
    rows: dict[int, list[Model]] = {}
    for model in found:
        rows.setdefault(_COLUMNS.get(model.folder, (2, ""))[0], []).append(model)
    most = max(map(len, rows.values()))
    at = {
        model.name: (
            _MARGIN + column * (_WIDE + _ACROSS),
            _TOP + (most - len(each)) * (_HIGH + _DOWN) // 2 + row * (_HIGH + _DOWN),
        )
        for column, each in rows.items()
        for row, model in enumerate(each)
    }
    width = 2 * _MARGIN + len(_HEADS) * (_WIDE + _ACROSS) - _ACROSS
    foot = _TOP + most * (_HIGH + _DOWN) - _DOWN
    height = foot + _MARGIN
    heads = [
        f'<text x="{_MARGIN + column * (_WIDE + _ACROSS)}" y="34" font-size="14" fill="#37474f">{text}</text>'
        for column, text in enumerate(_HEADS)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
            f'<rect width="{width}" height="{height}" rx="8" fill="#fafafa"/>',
            *heads,
            *(
                _line(at[need], at[model.name], model, foot)
                for model in found
                for need in sorted(model.needs)
            ),
            *(part for model in found for part in _box(model, *at[model.name])),
            "</svg>",
            "",
        ]
    )


def _colour(model: Model) -> str:
    return _COLUMNS.get(model.folder, (2, "#37474f"))[1]


def _line(begin: tuple[int, int], end: tuple[int, int], model: Model, foot: int) -> str:
    """Draw a line from the right of one box to the left of another; within a column around it, past a column below it."""
    (x, y), (to_x, to_y) = begin, end
    y, to_y = y + _HIGH // 2, to_y + _HIGH // 2
    style = f'fill="none" stroke="{_colour(model)}" stroke-opacity=".55"'
    if x == to_x:
        return f'<path d="M{x} {y}C{x - 22} {y} {x - 22} {to_y} {x} {to_y}" {style}/>'
    x += _WIDE
    if to_x - x > _ACROSS:
        below = foot + _MARGIN // 2
        down = f"C{x + 40} {y} {x + 20} {below} {x + _ACROSS} {below}"
        up = f"C{to_x - 20} {below} {to_x - 40} {to_y} {to_x} {to_y}"
        return f'<path d="M{x} {y}{down}H{to_x - _ACROSS}{up}" {style}/>'
    half = (to_x - x) // 2
    return f'<path d="M{x} {y}C{x + half} {y} {to_x - half} {to_y} {to_x} {to_y}" {style}/>'


def _box(model: Model, x: int, y: int) -> Iterable[str]:
    colour = _colour(model)
    title = _TITLES.get(model.name, model.name)
    yield f'<rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="4" fill="#fff" stroke="{colour}"/>'
    yield f'<text x="{x + 10}" y="{y + 18}" font-weight="bold" fill="{colour}">{escape(title)}</text>'
    yield f'<text x="{x + 10}" y="{y + 34}" font-size="11" fill="#37474f">{escape(_SAYS.get(model.name, ""))}</text>'
