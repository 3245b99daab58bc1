"""The first rows of a stream, for a person who wants to see what is in it before it is chosen.

Nothing but the rows is asked for, and nothing is written anywhere. What cannot be read is told in the doctor's words.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tap_exact_online import edm
from tap_exact_online.catalog import (
    CODE_LISTS,
    Kind,
    Resource,
    code_rows,
    needed,
    schema_of,
    selected_by_default,
    special,
)
from tap_exact_online.doctor import conclusions
from tap_exact_online.doctor.examination import Tools
from tap_exact_online.doctor.findings import Finding
from tap_exact_online.doctor.grants import FIELDS
from tap_exact_online.doctor.ledger import Ledger
from tap_exact_online.doctor.probes import Few, Line
from tap_exact_online.doctor.verdicts import judge
from tap_exact_online.errors import ConfigurationError, LimitReached, ReadError, Refused
from tap_exact_online.reading import Client, granted_divisions
from tap_exact_online.settings import Settings
from tap_exact_online.wire import (
    MANAGE_COMPANIES,
    Call,
    Decoder,
    call_to,
    datetime_literal,
    int64_literal,
    unknown_field,
)

_SCHEMES = "financial/GLSchemes"
_ACTIVE = 1
_MOST_WITHDRAWN = 3
"""Fields that a look does without: each that is refused costs a call, and counts towards Exact's limit of refusals."""

_OF_A_KIND: Mapping[Kind, str] = {
    Kind.LINES: "Lines of whatever entries: a run reads those of the entries that were changed.",
    Kind.FILES: "The rows that name the files: no file is fetched.",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to see.

    Attributes:
        resource: The stream.
        fields: Its columns to show; all of them are asked for.
        rows: How many rows at most.
        division: The division; None for the first that is open.
        year: The year, where a stream is asked for year by year; None for whatever comes, or the present one.
    """

    resource: Resource
    fields: Sequence[str]
    rows: int
    division: int | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Peek:
    """What was seen.

    Attributes:
        resource: The stream.
        division: The division that was asked; None where the stream has none.
        fields: The columns that were asked for.
        rows: The rows, as the tap writes them.
        calls: How many calls it took.
        finding_out: How many of them were spent to find a division.
        finding: Why nothing could be read, where nothing could.
        remarks: What else is to be said.
    """

    resource: Resource
    division: int | None
    fields: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    calls: int
    finding_out: int = 0
    finding: Finding | None = None
    remarks: Sequence[str] = ()


def columns(resource: Resource, named: Sequence[str], chosen: Mapping[str, bool]) -> list[str]:
    """Return the columns to show of a stream, as they are named, else in the order of its schema. Pure.

    Args:
        resource: The stream.
        named: Those that somebody named; empty for those that are chosen.
        chosen: Whether a field is read, by the selection, where that says anything of the stream; else the default counts.

    Raises:
        ConfigurationError: A name is no field of the stream.
    """
    known = [*_names(resource)]
    for name in named:
        if name not in known:
            close = difflib.get_close_matches(name, known, 3, 0.6) or known[:3]
            msg = f"--fields: the stream '{resource.name}' has no field '{name}'. It has, for example: {', '.join(close)}."
            raise ConfigurationError(msg)
    if named:
        return [*dict.fromkeys(named)]
    facts = resource.endpoint.properties
    always = {"Division", *needed(resource)} if resource.path else {*known}
    return [
        name
        for name in known
        if name in always or chosen.get(name, name in facts and selected_by_default(resource, facts[name]))
    ]


def _names(resource: Resource) -> Sequence[str]:
    """Return what can be shown of a stream: the columns that Exact gives, with the division."""
    if resource.kind is not Kind.FILES:
        return [*schema_of(resource)["properties"]]
    return [*dict.fromkeys(("Division", *resource.endpoint.properties))]


def peek(settings: Settings, wish: Wish, tools: Tools) -> Peek:
    """Read the first rows of a stream.

    Args:
        settings: The checked settings.
        wish: What to show.
        tools: What to work with.

    Raises:
        ConfigurationError: There is no division to look at, or the stream is one that only a run has.
        TapError: The connection is dead, or the list of divisions cannot be read.
    """
    resource = wish.resource
    if resource.kind is Kind.OWN:
        return _own(wish)
    line = Line.of(settings, tools.clock, tools.sleep)
    client = line.client
    division = None
    if resource.kind is Kind.DIVISIONS:
        page = granted_divisions(client, _asked(wish), sorted(settings.choice.only), 1)
        line.settle()
        return Peek(resource, None, wish.fields, _shown(wish, page.rows), client.calls)
    if resource.kind is not Kind.USER:
        division = _division(settings, client) if wish.division is None else wish.division
    client.patience = Few(most=1)
    spent = client.calls
    try:
        rows, remarks = _read(client, wish, division, tools)
    except (ReadError, LimitReached) as error:
        finding = _told(error, resource, division)
        return Peek(resource, division, wish.fields, (), client.calls, spent, finding)
    finally:
        line.settle()
    return Peek(resource, division, wish.fields, rows, client.calls, spent, remarks=remarks)


def _own(wish: Wish) -> Peek:
    """Show a stream that the tap makes itself: what codes mean is known without a call, what was read only to a run."""
    if wish.resource.name != CODE_LISTS:
        msg = (
            f"The stream '{wish.resource.name}' is made by a run, of what it read: there is nothing at Exact to look at. Select it, run,"
            " and look into its table."
        )
        raise ConfigurationError(msg)
    rows = [row for _, row in zip(range(wish.rows), code_rows(), strict=False)]
    return Peek(wish.resource, None, wish.fields, _shown(wish, rows), 0, remarks=["It comes with the tap."])


def _division(settings: Settings, client: Client) -> int:
    """Return the division to look at: the first that the settings name, else the first of the list that is open."""
    if named := settings.choice.pick(settings.choice.only):
        return named[0]
    rows = granted_divisions(client, FIELDS).rows
    open_ones = {
        row["Code"] for row in rows if row.get("Status") == _ACTIVE and not row.get("BlockingStatus")
    }
    chosen = settings.choice.pick(row["Code"] for row in rows)
    if not chosen:
        msg = f"The settings leave no division to look at. Companies are granted under {MANAGE_COMPANIES}."
        raise ConfigurationError(msg)
    return next((each for each in chosen if each in open_ones), chosen[0])


def _read(
    client: Client, wish: Wish, division: int | None, tools: Tools
) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Ask for the rows; where Exact does not know a field any more, once more without it."""
    resource = wish.resource
    remarks = [_OF_A_KIND[resource.kind]] if resource.kind in _OF_A_KIND else []
    part, said = _part(client, wish, division, tools.clock())
    remarks += said
    if part is None:
        return [], remarks
    asked = _asked(wish)
    withdrawn: list[str] = []
    while True:
        facts = [resource.endpoint.properties[name] for name in asked]
        decoder = Decoder(facts, resource.keys[0], identity=resource.identity)
        options = {**part, "$select": ",".join(asked)}
        if resource.kind is not Kind.USER:
            options["$top"] = str(wish.rows)
        call = call_to(resource.endpoint, client.base_url, division, options)
        try:
            page = client.get(Call(call.endpoint, call.url, division), decoder.decode)
        except Refused as error:
            name = unknown_field(str(error))
            if name not in asked or name in needed(resource) or len(withdrawn) == _MOST_WITHDRAWN:
                raise
            withdrawn.append(name)
            asked.remove(name)
            continue
        if withdrawn:
            remarks.append(f"Exact does not know any more: {', '.join(withdrawn)}.")
        remarks += [f"A row cannot be understood, and a run would say so: {line}" for line in page.rejected]
        given = page.rows if division is None else [{**row, "Division": division} for row in page.rows]
        return _shown(wish, given), remarks


def _asked(wish: Wish) -> list[str]:
    """Return the properties to ask for: what is to be shown, and what proves that a row is one."""
    known = wish.resource.endpoint.properties
    return [name for name in known if name in wish.fields or name in wish.resource.keys]


def _shown(wish: Wish, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows with the columns to show; of more than were wanted, an answer without regard for `$top`, the first."""
    return [{name: row.get(name) for name in wish.fields} for row in rows[: wish.rows]]


def _part(
    client: Client, wish: Wish, division: int | None, now: float
) -> tuple[dict[str, str] | None, list[str]]:
    """Return what an endpoint has to be told to give rows, None where there is nothing to name, and what to say of it."""
    resource = wish.resource
    if resource.kind in {Kind.SYNC, Kind.FILES}:
        return {"$filter": f"Timestamp gt {int64_literal(1)}"}, []
    parameters = resource.endpoint.parameters
    if resource.axes and not parameters:
        if wish.year is None:
            return {}, []
        return {"$filter": f"{resource.axes[0]} eq {wish.year}"}, [f"Of the year {wish.year}."]
    # A wall clock has no zone.
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    told, remarks = {}, []
    for name in parameters:
        if name == "glScheme":
            scheme = _scheme(client, division)
            if scheme is None:
                return None, ["The company has no scheme of accounts, and rows come by scheme."]
            told[name] = f"guid'{scheme}'"
            remarks.append(f"Of the first scheme, {scheme}, which took one call more.")
        elif name == "focusDate":
            day = today.replace(month=1, day=1, year=wish.year) if wish.year else today
            told[name] = datetime_literal(day)
            remarks.append(f"As it was on {day:%Y-%m-%d}.")
        else:
            told[name] = f"{wish.year or today.year}"
            remarks.append(f"Of the year {told[name]}: --year names another one.")
    return told, remarks


def _scheme(client: Client, division: int | None) -> str | None:
    endpoint = edm.load(_SCHEMES)
    call = call_to(endpoint, client.base_url, division, {"$select": "ID", "$top": "1"})
    rows = client.get(call, Decoder([endpoint.properties["ID"]], "ID", identity=["ID"]).decode).rows
    return rows[0]["ID"] if rows else None


def _told(error: ReadError | LimitReached, resource: Resource, division: int | None) -> Finding:
    """Return what the doctor says of a failure."""
    if division is None:
        return conclusions.no_list(error)
    ledger = Ledger([resource.name], [division])
    ledger.note(resource.name, division, judge(error, resource))
    return conclusions.rights(ledger).findings[0]


def personal(resource: Resource, fields: Sequence[str]) -> list[str]:
    """Return the special personal fields of a stream that are not shown. Pure."""
    path = resource.path
    return [name for name in resource.endpoint.properties if special(path, name) and name not in fields]
