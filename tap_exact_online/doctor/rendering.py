"""The outcome of an examination for a person: on a terminal or in a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tap_exact_online.doctor.cures import CONSISTENCY, CONSISTENCY_DUTCH, Cure
from tap_exact_online.doctor.examination import Examination
from tap_exact_online.doctor.findings import Finding, Level, Status
from tap_exact_online.doctor.grants import Division
from tap_exact_online.doctor.layout import arrange
from tap_exact_online.doctor.proposal import Proposal
from tap_exact_online.doctor.survey import Survey
from tap_exact_online.doctor.verdicts import WORDS, Result
from tap_exact_online.evidence import told
from tap_exact_online.spoken import PARAGRAPH, spoken
from tap_exact_online.surroundings import how_to
from tap_exact_online.telling import told_costs, words

if TYPE_CHECKING:
    from rich.console import Console

_TITLES: Mapping[str, str] = {
    "configuration": "Configuration",
    "selection": "Selection",
    "server": "Server",
    "connection": "Connection",
    "divisions": "Divisions",
    "rights": "Rights",
    "calls": "Calls",
    "cost": "Cost",
    "last_run": "Last run",
    "deleted_log": "Log of deletes",
}
_MARKS: Mapping[Status, tuple[str, str]] = {
    Status.OK: ("ok", "green"),
    Status.WARNING: ("warning", "yellow"),
    Status.PROBLEM: ("problem", "bold red"),
    Status.SKIPPED: ("-", "dim"),
}
_LEVELS: Mapping[Level, str] = {Level.PROBLEM: "bold red", Level.WARNING: "yellow", Level.NOTE: "cyan"}
_RESULTS: Mapping[Result, str] = {
    Result.READABLE: "green",
    Result.NO_CALLS: "yellow",
    Result.NO_ANSWER: "yellow",
    Result.NOT_ASKED: "dim",
}
_FEW_DIVISIONS = 12
_NAMES_AT_LEAST = 24
_COLUMN = 10
_LEVEL = max(len(level.value) for level in Level)


def draw(console: Console, result: Examination) -> None:
    """Print everything.

    Args:
        console: Where to.
        result: What came of the examination.
    """
    console.print(Text.assemble(("exact-online doctor", "bold"), f"  {result.at:%Y-%m-%d %H:%M} UTC"))
    console.print()
    console.print(_checks(result))
    for table in (_divisions(result), _matrix(result, console.width), _reads(result)):
        for part in table:
            console.print(part)
    draw_findings(console, result.findings)
    _end(console, result)


def draw_facts(console: Console, found: Survey) -> None:
    """Print what the service showed of each fact.

    Args:
        console: Where to.
        found: What was seen.
    """
    console.print(Text(f"What the service showed, in {words.counted(found.calls, 'call')}", "bold"))
    console.print()
    table = table_with("Fact", "Known", "What is believed, and what was seen")
    for fact in found.facts:
        seen = told(fact)
        both = Text.assemble((fact["believed"], "dim"), "\n", (seen, "" if fact["seen"] else "dim"))
        table.add_row(Text(fact["fact"]), Text(fact["mark"]), both)
    console.print(table)


def draw_proposal(console: Console, found: Proposal) -> None:
    """Print what a proposal rests on.

    Args:
        console: Where to.
        found: The proposal.
    """
    console.print()
    console.print(
        Text(f"Looked at division {found.division}, in {words.counted(found.calls, 'call')}.", "bold")
    )
    console.print(Text(told_costs(found.chosen)))
    if found.empty:
        console.print(
            _heading(f"{words.counted(len(found.empty), 'stream')} can be read and hold nothing here")
        )
        console.print(Text(", ".join(each.name for each in found.empty), "dim"))
    by_cause: dict[str, list[str]] = {}
    for name, verdict in found.refused.items():
        cause = " ".join((WORDS[verdict.result][1], verdict.detail)).strip()
        by_cause.setdefault(cause, []).append(name)
    for cause, names in by_cause.items():
        console.print(_heading(f"{words.counted(len(names), 'stream')}: {spoken(cause, PARAGRAPH)}"))
        console.print(Text(", ".join(names), "dim"))


def _checks(result: Examination) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for check in result.checks:
        word, style = _MARKS[check.status]
        grid.add_row(Text(word, style), _TITLES[check.name], Text(spoken(check.summary, PARAGRAPH)))
    return grid


def _heading(text: str) -> Padding:
    return Padding(Text(text, "bold"), (1, 0, 0, 0))


def table_with(*columns: str) -> Table:
    """Return a table that has only a head yet. Its first column is never broken over two lines."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=number == 0)
    return table


def _divisions(result: Examination) -> list[Padding | Table | Text]:
    """Show each division, or of many only those that are not as usual."""
    if not result.divisions:
        return []
    shown = result.divisions
    if len(shown) > _FEW_DIVISIONS:
        shown = [division for division in shown if division.remarks][:_FEW_DIVISIONS]
    table = table_with("Division", "Name", "Status", "Left today", "Left this minute")
    if result.log_ages:
        table.add_column("Deletes read")
    for column in table.columns[3:5]:
        column.justify = "right"
    for division in shown:
        table.add_row(*_of_division(division, result))
    rest = len(result.divisions) - len(shown)
    parts: list[Padding | Table | Text] = [_heading("Divisions")]
    if shown:
        parts.append(table)
    if rest:
        more = "more, " if shown else ""
        parts.append(
            Text(f"{words.counted(rest, 'division')} {more}listed by `{how_to('divisions')}`.", "dim")
        )
    return parts


def cells_of(division: Division) -> list[Text]:
    """Return what a division has under "Division", "Name" and "Status"."""
    status = Text(", ".join(division.remarks) or division.status, "yellow" if division.remarks else "")
    return [Text(str(division.code)), Text(division.name), status]


def _of_division(division: Division, result: Examination) -> list[Text]:
    left = result.left[division.code]
    cells = [*cells_of(division), _number(left.day_left), _number(left.minute_left)]
    if result.log_ages:
        age = result.log_ages.get(division.code)
        cells.append(Text("-" if age is None else words.ago(age)))
    return cells


def _number(count: int | None) -> Text:
    return Text("-" if count is None else f"{count:,}")


def _matrix(result: Examination, width: int) -> list[Padding | Table | Text]:
    """Show which stream can be read where."""
    ledger = result.ledger
    if not ledger.streams or not ledger.divisions:
        return []
    names = max(_NAMES_AT_LEAST, *(len(stream) for stream in ledger.streams))
    grid = arrange(ledger, max(1, (width - names) // _COLUMN))
    table = table_with("Stream", *grid.headers)
    for column in table.columns[1:]:
        column.justify = "center"
    for name, cells in grid.rows:
        table.add_row(Text(name), *(Text(cell.text, _RESULTS.get(cell.result, "red")) for cell in cells))
    parts: list[Padding | Table | Text] = [_heading("Rights"), table]
    parts += [
        Text(f"{label}: {words.counted(len(divisions), 'division')}: {words.listed(divisions)}")
        for label, divisions in grid.groups
    ]
    return parts + [Text(f"{word}: {meaning}", "dim") for word, meaning in grid.legend]


def _reads(result: Examination) -> list[Padding | Table | Text]:
    """Show how far the last run read."""
    reads = [read for read in result.reads or () if read.read]
    if not reads:
        return []
    table = table_with("Stream", "Read in", "Newest change")
    every = len(result.divisions) or max(len(read.read) for read in reads)
    alike: dict[tuple[int, str], list[str]] = {}
    for read in reads:
        newest = "by row version" if read.newest is None else f"{read.newest:%Y-%m-%d %H:%M} UTC"
        alike.setdefault((len(read.read), newest), []).append(read.stream)
    for (count, newest), streams in alike.items():
        many = f"{words.counted(len(streams), 'stream')}: {', '.join(streams)}"
        name = streams[0] if len(streams) == 1 else many
        table.add_row(Text(name), Text(f"{count:,} of {every:,}"), Text(newest))
    table.columns[0].no_wrap = False
    return [_heading("Last run"), table]


def draw_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print each finding, the worst first, and once what is to be done about several.

    Args:
        console: Where to.
        findings: What was found.
    """
    by_cure: dict[tuple[Level, Cure], list[Finding]] = {}
    for finding in findings:
        by_cure.setdefault((finding.level, finding.cure), []).append(finding)
    if findings:
        console.print(_heading("Findings"))
    for level in Level:
        for (of_level, cure), alike in by_cure.items():
            if of_level is level:
                _print_alike(console, level, cure, alike)


def _print_alike(console: Console, level: Level, cure: Cure, alike: Sequence[Finding]) -> None:
    console.print()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, min_width=_LEVEL)
    grid.add_column(overflow="fold")
    for finding in alike:
        grid.add_row(Text(level.value, _LEVELS[level]), Text(spoken(finding.text, PARAGRAPH)))
    grid.add_row(Text("EN", "dim"), Text(cure.english))
    grid.add_row(Text("NL", "dim"), Text(cure.dutch))
    console.print(grid)
    # An address that is broken over two lines cannot be followed.
    console.print(Text(f"{' ' * (_LEVEL + 2)}{cure.link}", "dim"), soft_wrap=True)


def _end(console: Console, result: Examination) -> None:
    console.print()
    console.print(
        Text.assemble(
            ("Rows look wrong although all can be read? ", "bold"),
            f"Exact's own consistency check: {CONSISTENCY} (Dutch: {CONSISTENCY_DUTCH}).",
        )
    )
    levels = [finding.level for finding in result.findings]
    counts = [words.counted(levels.count(level), level.value) for level in Level if level in levels]
    verdict = ", ".join(counts) or "Nothing is wrong"
    style = "green" if result.exit_code == 0 else "bold red"
    console.print()
    console.print(Text(f"{verdict}. Exit code {result.exit_code}.", style))
