"""`exact-online streams`: what there is to read, and what it costs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tap_exact_online.catalog import (
    FILED,
    GROUPS,
    PURPOSES,
    STREAMS,
    Resource,
    bill,
    cost,
    marked,
    selected_by_default,
    stands_for,
)
from tap_exact_online.cli.console import show, survive
from tap_exact_online.cli.selection import select_lines
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.telling import told_costs

if TYPE_CHECKING:
    from rich.console import Console


def found(
    *,
    groups: Sequence[str] = (),
    search: str = "",
    field: str = "",
    purpose: str | None = None,
    selected: bool = False,
) -> list[Resource]:
    """Return the streams that pass all filters, in the order of the table.

    Args:
        groups: Only streams of these groups; none for all.
        search: A text in the name or the path of a stream, in whatever letter case, or the path of an endpoint that it stands
            for.
        field: A text in the name of one of its columns.
        purpose: Only those that somebody needs for it.
        selected: Only those that are selected by default.

    Raises:
        ConfigurationError: There is no such group.
    """
    if unknown := sorted({*groups} - GROUPS.keys()):
        msg = f"--group: there is no group '{unknown[0]}'. The groups are {', '.join(GROUPS)}."
        raise ConfigurationError(msg)
    twins = {
        path: stream for path, stream in stands_for().items() if search and search.lower() in path.lower()
    }

    def passes(resource: Resource) -> bool:
        text = f"{resource.name} {resource.path}".lower()
        return (
            (not groups or resource.group in groups)
            and (search.lower() in text or resource.name in twins.values())
            and (not field or any(field.lower() in name.lower() for name in resource.endpoint.properties))
            and (purpose is None or resource.name in PURPOSES[purpose])
            and (resource.selected or not selected)
        )

    return [resource for resource in STREAMS if passes(resource)]


def values(resource: Resource) -> dict[str, Any]:
    """Return a stream as JSON values."""
    costs = cost(resource)
    return {
        "stream": resource.name,
        "group": resource.group,
        "endpoint": resource.path or None,
        "kind": resource.kind.name.lower(),
        "replication_key": resource.replication_key,
        "calls": costs.text,
        "rows_a_call": costs.page if resource.path else None,
        "cadence": resource.cadence,
        "scope": resource.endpoint.scope,
        "selected": resource.selected,
        "per_user": resource.per_user,
    }


def personal(resources: Sequence[Resource], field: str = "") -> list[dict[str, Any]]:
    """Return the fields of streams that tell of a person, as JSON values.

    Args:
        resources: The streams.
        field: A text in the name of a field, in whatever letter case.
    """
    found = []
    for resource in resources:
        filed = FILED.get(resource.name)
        facts = resource.endpoint.properties
        for name, tells in marked(resource.path).items():
            if name in (filed.columns if filed else facts) and field.lower() in name.lower():
                usual = resource.selected and (
                    filed is not None or selected_by_default(resource, facts[name])
                )
                found.append(
                    {"class": tells.value, "stream": resource.name, "field": name, "read_by_default": usual}
                )
    return found


@click.command("streams")
@click.option("--group", "groups", multiple=True, metavar="NAME", help="Only this group; can be repeated.")
@click.option("--search", default="", metavar="TEXT", help="Only where the name or the endpoint holds it.")
@click.option("--field", default="", metavar="TEXT", help="Only where a column's name holds it.")
@click.option(
    "--for",
    "purpose",
    type=click.Choice([*PURPOSES]),
    help="Only what this needs: `ledger` is what the dbt package makes a ledger of.",
)
@click.option("--selected", is_flag=True, help="Only what is selected by default.")
@click.option("--json", "form", flag_value="json", help="Write one JSON object.")
@click.option("--csv", "form", flag_value="csv", help="Write one line for each stream, with a head.")
@click.option(
    "--select", "form", flag_value="select", help="Write the lines for `meltano.yml` that select them."
)
@click.option(
    "--personal",
    "persons",
    is_flag=True,
    help="List the fields that tell of a person instead, with what they tell.",
)
def command(  # noqa: PLR0913 - one for each option
    *,
    groups: tuple[str, ...],
    search: str,
    field: str,
    purpose: str | None,
    selected: bool,
    form: str | None,
    persons: bool,
) -> None:
    """List the streams: what they are about, how they are read, what they cost and need.

    Needs no connection and costs no call. `calls` are those of a run that finds nothing new, in each division; with a
    plus, every row is read again, a call more for each page. A stream that is asked once a day or a week costs them then.

    --select prints the lines for `meltano.yml`; without filters those of the streams that are on by default. With
    --for they have these, too.

    --personal lists what the setting `personal_data` is about. It goes with the filters, --json and --csv.

    Exit codes: 0 listed; 1 nothing fits; 2 an option cannot be used.
    """
    narrowed = bool(groups or search or field or purpose)
    resources = found(
        groups=groups,
        search=search,
        field=field,
        purpose=purpose,
        selected=selected or (form == "select" and not narrowed),
    )
    if not resources:
        click.echo("Error: no stream fits. Leave a filter out, or look at all of them without.", err=True)
        raise SystemExit(1)
    if form == "select" and purpose is not None:
        # What is on by default stays on: the lines come in the place of those that are there.
        resources = [each for each in STREAMS if each.selected or each in resources]
    survive(sys.stdout)
    if persons:
        _tell_personal(personal(resources, field), form)
    elif form == "json":
        costs = bill(resources)
        document = {
            "streams": [values(each) for each in resources],
            "calls": {"every_run": costs.every_run, "a_day_beside": round(costs.daily, 2)},
        }
        click.echo(json.dumps(document, indent=1))
    elif form == "csv":
        _write_csv([values(each) for each in resources])
    elif form == "select":
        for line in select_lines(resources):
            click.echo(line)
        click.echo(f"# {told_costs(resources)}")
    else:
        show(lambda console: _draw(console, resources), sys.stdout)


def _tell_personal(rows: Sequence[dict[str, Any]], form: str | None) -> None:
    """List fields that tell of a person.

    Raises:
        ConfigurationError: In a form that there is only for streams.
        SystemExit: There is none.
    """
    if form == "select":
        msg = "--select: goes without --personal. What is special has to be named field by field; see docs/personal.md."
        raise ConfigurationError(msg)
    if not rows:
        click.echo("Error: no field of these streams tells of a person.", err=True)
        raise SystemExit(1)
    if form == "json":
        click.echo(json.dumps({"personal": rows}, indent=1))
    elif form == "csv":
        _write_csv(rows)
    else:
        show(lambda console: _draw_personal(console, rows), sys.stdout)


def _write_csv(rows: Sequence[dict[str, Any]]) -> None:
    writer = csv.DictWriter(sys.stdout, [*rows[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _draw_personal(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    from rich.text import Text  # noqa: PLC0415 - only tables need it

    from tap_exact_online.doctor.rendering import table_with  # noqa: PLC0415 - needs rich

    table = table_with("Class", "Stream", "Field", "On")
    for row in rows:
        usual = row["read_by_default"]
        table.add_row(*map(Text, (row["class"], row["stream"], row["field"], "yes" * usual)))
    console.print(table)
    usual = sum(row["read_by_default"] for row in rows)
    console.print(
        Text(
            f"{len(rows)} fields tell of a person; {usual} of them are read where nothing is chosen. See `personal_data`.",
            "bold",
        )
    )


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, bool) else value


def _draw(console: Console, resources: Sequence[Resource]) -> None:
    from rich.text import Text  # noqa: PLC0415 - only tables need it

    from tap_exact_online.doctor.rendering import table_with  # noqa: PLC0415 - needs rich

    table = table_with("Stream", "Group", "Kind", "Calls", "Cadence", "Scope", "On")
    for each in resources:
        row = values(each)
        cells = (
            row["group"],
            row["kind"],
            row["calls"],
            row["cadence"],
            row["scope"] or "",
            "yes" * each.selected,
        )
        table.add_row(Text(each.name, "bold" if each.selected else ""), *map(Text, cells))
    console.print(table)
    console.print(Text(told_costs(resources), "bold"))
    if told := len(personal(resources)):
        console.print(
            f"{told} of their fields tell of a person: see --personal, and the setting `personal_data`."
        )
    stood_for = sorted(
        f"{path} -> {stream}"
        for path, stream in stands_for().items()
        if stream in {r.name for r in resources}
    )
    if stood_for and len(resources) <= _FEW:
        console.print(Text(f"Read instead of endpoints that hold the same: {', '.join(stood_for)}."))


_FEW = 12
