"""How a matrix of streams and divisions is laid out so that a person can read it, whatever its size. Pure.

A few divisions have a column each. Many of them come to the same, so equal ones share a column. Where even that does not
fit, the results are counted; the findings say which divisions they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from tap_exact_online.doctor.ledger import Ledger
from tap_exact_online.doctor.verdicts import WORDS, Result

_MANY_STREAMS = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place.

    Attributes:
        text: The word or the number.
        result: What it is about.
    """

    text: str
    result: Result


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix as it is shown.

    Attributes:
        headers: The columns' heads, without that of the streams.
        rows: What stands in front of each row, and its cells.
        groups: The divisions behind each head that is no number of a division.
        legend: The words that occur, with what they mean.
    """

    headers: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    groups: Sequence[tuple[str, Sequence[int]]]
    legend: Sequence[tuple[str, str]]


def arrange(ledger: Ledger, room: int) -> Grid:
    """Lay out what is known.

    Args:
        ledger: What is known.
        room: How many columns fit beside the names of the streams.
    """
    results = {stream: ledger.of(stream) for stream in ledger.streams}
    met = [result for result in Result if any(result in row for row in results.values())]
    legend = [WORDS[result] for result in met if result is not Result.READABLE]
    alike = _alike(ledger.divisions, [results[stream] for stream in ledger.streams])
    if len(ledger.divisions) <= room:
        columns = [(str(division), [division]) for division in ledger.divisions]
    elif len(alike) <= min(room, len(ascii_uppercase)):
        columns = [
            (str(same[0]) if len(same) == 1 else ascii_uppercase[number], same)
            for number, same in enumerate(alike)
        ]
    else:
        return _counted(results, met, legend)
    places = {division: place for place, division in enumerate(ledger.divisions)}
    rows = []
    for stream, row in results.items():
        found = [row[places[divisions[0]]] for _, divisions in columns]
        rows.append((stream, [Cell(WORDS[result][0], result) for result in found]))
    groups = [(label, divisions) for label, divisions in columns if len(divisions) > 1]
    return Grid([label for label, _ in columns], _shortened(rows), groups, legend)


def _alike(divisions: Sequence[int], rows: Sequence[Sequence[Result]]) -> list[list[int]]:
    """Return the divisions in groups that come to the same for every stream, the largest first."""
    groups: dict[tuple[Result, ...], list[int]] = {}
    for place, division in enumerate(divisions):
        groups.setdefault(tuple(row[place] for row in rows), []).append(division)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0]))


def _counted(
    results: dict[str, list[Result]], met: Sequence[Result], legend: Sequence[tuple[str, str]]
) -> Grid:
    """Count divisions by result."""
    rows = []
    for stream, row in results.items():
        counts = [(row.count(result), result) for result in met]
        rows.append((stream, [Cell(f"{count:,}" if count else "", result) for count, result in counts]))
    return Grid([WORDS[result][0] for result in met], _shortened(rows), (), legend)


def _shortened(rows: list[tuple[str, list[Cell]]]) -> list[tuple[str, list[Cell]]]:
    """Take together the streams of a long list that can be read everywhere."""
    fine = [row for row in rows if all(cell.result is Result.READABLE or not cell.text for cell in row[1])]
    if len(rows) <= _MANY_STREAMS or len(fine) <= 1:
        return rows
    rest = [row for row in rows if row not in fine]
    name = f"{'the other ' if rest else ''}{len(fine)} streams"
    return [*rest, (name, fine[0][1])]
