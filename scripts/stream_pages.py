"""What the docs say of the streams: the table of all of them, and a page for each, from the catalog and `docs/words.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tap_exact_online import edm
from tap_exact_online.catalog.filed import FILED
from tap_exact_online.catalog.resources import BY_NAME, RESOURCES, Kind, Resource
from tap_exact_online.catalog.rights import RIGHTS, RIGHTS_DUTCH
from tap_exact_online.catalog.schemas import schema_of, selected_by_default

_KINDS = {
    Kind.SYNC: "`Timestamp`",
    Kind.MODIFIED: "`Modified`",
    Kind.FULL: "whole",
    Kind.DIVISIONS: "whole",
    Kind.FILES: "`Timestamp`",
    Kind.OWN: "",
}
_READ = {
    Kind.SYNC: "by `Timestamp`: every run reads the rows with a higher row version than the bookmark",
    Kind.MODIFIED: "by `Modified`: every run reads the rows that were changed since the bookmark",
    Kind.FULL: "whole, at every run: the endpoint cannot tell what has changed",
    Kind.DIVISIONS: "whole, at every run, which needs this list anyway",
    Kind.FILES: "by `Timestamp` of the row that names the file; each file is fetched once, see [files](files.md)",
    Kind.OWN: "nothing: every run writes what it has done",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What `docs/words.toml` says.

    Attributes:
        groups: The streams in groups: title, then a sentence for each stream.
        fields: What a field is that means the same everywhere.
        fields_of: What a field is in one stream.
        leads_to: The stream that a field leads to.
    """

    groups: Mapping[str, Mapping[str, str]]
    fields: Mapping[str, str]
    fields_of: Mapping[str, Mapping[str, str]]
    leads_to: Mapping[str, str]

    @classmethod
    def read(cls, file: Path) -> Words:
        """Read the file."""
        said = tomllib.loads(file.read_text(encoding="utf-8"))
        groups = {group["title"]: group["streams"] for group in said["groups"]}
        return cls(groups, said["fields"], said["fields_of"], said["leads_to"])

    def of(self, stream: str) -> str:
        """Return the sentence about a stream."""
        return next(streams[stream] for streams in self.groups.values() if stream in streams)


def starts(resource: Resource) -> bool:
    """Tell whether `start_date` bounds the first read of a stream."""
    return (
        bool(resource.endpoint.synctimestamp)
        if resource.kind in {Kind.SYNC, Kind.FILES}
        else resource.kind is Kind.MODIFIED
    )


def scope_of(resource: Resource) -> str:
    """Return the scope that a stream needs."""
    endpoint = resource.endpoint
    return (endpoint.scope or "") + (" (probably)" if endpoint.scope_inferred else "")


def table(words: Words) -> str:
    """Return the streams as Markdown tables, one for each group."""
    return "\n\n".join(_group(title, streams) for title, streams in words.groups.items())


def _group(title: str, streams: Mapping[str, str]) -> str:
    rows = [
        f"### {title}",
        "",
        "| stream | endpoint and app scope | read by | key | from `start_date` | in `deleted` | fields |",
        "|---|---|---|---|---|---|---|",
        *(_row(BY_NAME[name], sentence) for name, sentence in streams.items()),
    ]
    return "\n".join(rows)


def _row(resource: Resource, sentence: str) -> str:
    link = f"[`{resource.name}`](streams/{resource.name}.md)"
    cells = (
        f"{f'**{link}**' if resource.selected else link}<br>{sentence}",
        f"`{resource.path}`<br>{scope_of(resource)}" if resource.path else "none: the tap's own",
        _KINDS[resource.kind],
        f"`{resource.key}`",
        "yes" if starts(resource) else "",
        str(resource.deleted_type or ""),
        str(len(schema_of(resource)["properties"])),
    )
    return _cells(cells)


def rights_table() -> str:
    """Return the streams for which Exact documents the user's right, as a Markdown table."""
    needed = [resource for resource in BY_NAME.values() if resource.path in RIGHTS]
    lines = [_cells((f"[`{each.name}`](streams/{each.name}.md)", _right(each))) for each in needed]
    return "\n".join(["| stream | the user's right in Exact |", "|---|---|", *lines])


def scopes_table() -> str:
    """Return the scopes with the streams that need them, as a Markdown table."""
    needed: dict[str, list[Resource]] = {}
    for resource in RESOURCES:
        needed.setdefault(resource.endpoint.scope or "", []).append(resource)
    lines = [
        _cells((scope, ", ".join(_scoped(resource) for resource in needed[scope])))
        for scope in sorted(needed)
    ]
    return "\n".join(["| scope | streams |", "|---|---|", *lines])


def _right(resource: Resource) -> str:
    right = RIGHTS[resource.path]
    return f"{right} (*{RIGHTS_DUTCH[right]}*)"


def _scoped(resource: Resource) -> str:
    name = f"**`{resource.name}`**" if resource.selected else f"`{resource.name}`"
    return f"{name} (probably)" if resource.endpoint.scope_inferred else name


def page(resource: Resource, words: Words) -> str:
    """Return the page of one stream."""
    rows = list(_rows(resource, words))
    columns = [_cells(("field", "type", "in Exact", "by default", "")), "|---|---|---|---|---|"]
    asked = sum(1 for row in rows if row[3])
    return "\n".join(
        [
            f"# `{resource.name}`",
            "",
            _up(words.of(resource.name)),
            "",
            "| | |",
            "|---|---|",
            *(_cells(fact) for fact in _facts(resource)),
            "",
            "## Fields",
            "",
            f"{len(rows)} fields, {asked} of them by default. "
            + _up("How to read the types: [data](data.md)."),
            "",
            *columns,
            *map(_cells, rows),
            "",
        ]
    )


def _facts(resource: Resource) -> Iterator[tuple[str, str]]:
    endpoint = resource.endpoint
    if resource.kind is Kind.OWN:
        yield "endpoint", "none: the tap makes it itself, without a call"
        yield "selected by default", "yes" if resource.selected else "no"
        yield "key", _code(resource.primary_keys)
        return
    yield "endpoint", f"`{resource.path}`"
    if resource.kind is Kind.FILES:
        yield "files from", f"`{FILED[resource.name].address}`, a call for each"
    yield "selected by default", "yes" if resource.selected else "no"
    yield "read", _up(_READ[resource.kind])
    yield "key", _code(resource.primary_keys)
    yield "`start_date`", "bounds the first read" if starts(resource) else "has no effect: everything is read"
    if resource.deleted_type is not None:
        entity = edm.deleted_entities()[resource.deleted_type]
        yield "deletes", _up(f"in [`deleted`](deletes.md) as number {resource.deleted_type}, {entity}")
    elif resource.kind is Kind.FILES:
        yield "deletes", _up("the file and its row stay, see [files](files.md#what-is-kept)")
    elif resource.kind is not Kind.DIVISIONS and resource.name != "deleted":
        yield (
            "deletes",
            _up(
                "not told by Exact; a whole read shows them, see [deletes](deletes.md#what-the-log-does-not-tell)"
            ),
        )
    if endpoint.page_size:
        yield "rows in a call", f"{endpoint.page_size:,}"
    yield "app scope", scope_of(resource) or "unknown"
    if resource.path in RIGHTS:
        yield "the user's right in Exact", _right(resource)


def _rows(resource: Resource, words: Words) -> Iterator[tuple[str, ...]]:
    facts = resource.endpoint.properties
    own = words.fields_of.get(resource.name, {})
    for name, schema in schema_of(resource)["properties"].items():
        fact = facts.get(name)
        remarks = [_up(own.get(name) or words.fields.get(name, ""))]
        if resource.kind in {Kind.OWN, Kind.FILES}:
            remarks = [schema["description"]]
        if fact is not None:
            remarks += _remarks(resource, fact, words)
        yield (
            f"`{name}`",
            _type(schema),
            f"{fact.type}{' (inferred)' if fact.inferred else ''}" if fact else "",
            "yes" if fact is None or selected_by_default(fact) else "",
            " ".join(filter(None, remarks)),
        )


def _remarks(resource: Resource, fact: edm.Property, words: Words) -> Iterator[str]:
    if name := _led_to(resource, fact, words):
        yield f"Leads to [`{name}`]({name}.md)."
    if fact.obsolete:
        yield "Exact calls it obsolete."
    if fact.absent:
        yield "Not in Exact's newest reference."


def _led_to(resource: Resource, fact: edm.Property, words: Words) -> str | None:
    """Return the stream that a field leads to: a GUID to its key, text to its `Code`."""
    name = words.leads_to.get(fact.name)
    if name is None or name == resource.name or resource.kind is Kind.DIVISIONS:
        return None
    other = BY_NAME[name]
    there = other.endpoint.properties.get(other.key if fact.type == "Guid" else "Code")
    return name if there is not None and there.type == fact.type else None


def _type(schema: Mapping[str, Any]) -> str:
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    kind = next(each for each in kinds if each != "null")
    if schema.get("format") == "date-time":
        return "moment" if schema["description"].startswith("An instant") else "wall clock"
    return f"{schema.get('format') or schema.get('contentEncoding') or kind}"


def _code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cells(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _up(text: str) -> str:
    """Make links that hold in docs/ hold in a folder below it."""
    return re.sub(r"\]\((?=[\w-]+\.md)", "](../", text)
