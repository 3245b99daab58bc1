"""What the docs say of one stream: what a row is, what it costs, what it joins to, its codes and its fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stream_tables import cells, code, right_of, scope_of, starts

from tap_exact_online import edm
from tap_exact_online.catalog import (
    FILED,
    RIGHTS,
    Kind,
    Resource,
    codes_of,
    marked,
    references_of,
    replaced_by,
    schema_of,
    selected_by_default,
    sentences,
    words_of,
)
from tap_exact_online.catalog.personal import special

_READ = {
    Kind.SYNC: "by `Timestamp`: every run reads the rows with a higher row version than the bookmark",
    Kind.MODIFIED: "by `{}`: every run reads the rows that were changed since the bookmark",
    Kind.LINES: "by its headers: every run reads the lines of entries whose header was changed",
    Kind.PARTS: "in parts: years that are closed once and then weekly, the others at every run",
    Kind.FULL: "whole, at every run: the endpoint cannot tell what has changed",
    Kind.DIVISIONS: "whole, at every run, which needs this list anyway",
    Kind.USER: "whole, at every run, once for all divisions",
    Kind.FILES: "by `{}` of the row that names the file; each file is fetched once, see [files](../files.md)",
    Kind.OWN: "nothing: every run writes what it has done",
}
_MADE = "by `{}`: every run reads the rows that were made since the bookmark; they do not change"
_COST = {
    Kind.SYNC: "of what was changed; all of it at first",
    Kind.MODIFIED: "of what was changed; all of it at first",
    Kind.LINES: "of the headers that were changed and of their lines; all lines at first",
    Kind.PARTS: "of each part, and the calls that find out which parts there are",
    Kind.FULL: "of the whole, at every run",
    Kind.FILES: "of what was changed, and one for each file; all of them at first",
}
_NO_COST = {
    Kind.DIVISIONS: "no call of its own",
    Kind.USER: "one call, which Exact does not count",
    Kind.OWN: "no call",
}
_MORE = {
    "deleted": "See [deletes](../deletes.md).",
    "reads": "[Deletes](../deletes.md#what-the-log-does-not-tell) removes them.",
    "code_lists": "Join it on `Stream`, `Field`, and the field as text.",
}
"""What a page says behind the sentence."""
_BEHIND = {
    "reads": """## How old is everything

Each row of the table is the last read of a stream of a company. This puts what is oldest first, with what was never read before it:

```sql
SELECT
  stream."Stream",
  company."Code" AS "Division",
  company."Description",
  now() - reads."BeganAt" AT TIME ZONE 'UTC' AS age,
  reads."NewsADay"
FROM (SELECT DISTINCT "Stream" FROM exact_online.reads) AS stream
CROSS JOIN exact_online.divisions AS company
LEFT JOIN exact_online.reads
  ON reads."Stream" = stream."Stream" AND reads."Division" = company."Code"
ORDER BY age DESC NULLS FIRST, stream."Stream", company."Code";
```

`BeganAt` has no time zone where the loader gives it none, as `target-postgres` does. What the next run will read of all this, and why, says
[`exact-online plan`](../commands.md#exact-online-plan).
""",
}
"""What a page says behind all else."""
_SAMPLES: Mapping[str, Mapping[str, Any]] = json.loads(
    (Path(__file__).parent / "samples.json").read_text(encoding="utf-8")
)
"""A row of each stream, of `write_samples.py`."""
_ADDED = "Added by the tap: Exact does not send it here."


def page(resource: Resource) -> str:
    """Return the page of one stream."""
    said = [sentences()[resource.name], _MORE.get(resource.name, "")]
    return "\n".join(
        [
            f"# `{resource.name}`",
            "",
            " ".join(filter(None, said)),
            "",
            *_sample(resource),
            "| fact | here |",
            "|---|---|",
            *(cells(fact) for fact in _facts(resource)),
            "",
            *_joins(resource),
            *_codes(resource),
            *_fields(resource),
            "",
            *([_BEHIND[resource.name]] if resource.name in _BEHIND else []),
        ]
    )


def _sample(resource: Resource) -> Iterator[str]:
    """Show a row as the tap writes it, made up by the sandbox."""
    row = _SAMPLES.get(resource.name)
    if row is None:
        return
    yield "A row, with some of its fields, as the tap writes it; the values are made up:"
    yield from ("", "```json", json.dumps(row, indent=1, ensure_ascii=False), "```", "")


def _facts(resource: Resource) -> Iterator[tuple[str, str]]:
    yield "endpoint", f"`{resource.path}`" if resource.path else "none: the tap makes it itself"
    if resource.kind is Kind.FILES:
        yield "files from", f"`{FILED[resource.name].address}`, a call for each"
    if replaced := replaced_by(resource):
        yield "stands for", f"{code(replaced)}: the same rows"
    yield "selected by default", "yes" if resource.selected else "no"
    if resource.name != "code_lists":
        reading = _MADE if resource.by.startswith("Created") else _READ[resource.kind]
        yield "read", reading.format(resource.replication_key)
    yield "costs", _cost(resource)
    if resource.cadence != "always":
        yield "asked", f"{resource.cadence} at most, see [`cadence`](../settings.md)"
    if resource.compared_with:
        behind = f"{code(resource.compared_with)}, with which it is compared, where these are selected"
        yield "read behind", f"{behind}; they once more behind it" * resource.once_more or behind
    yield "key", code(resource.primary_keys)
    if resource.kind is Kind.OWN:
        return
    if resource.per_user:
        yield "shows", "what the user who connected may see"
    yield "`start_date`", "bounds the first read" if starts(resource) else "has no effect: everything is read"
    if resource.kind is Kind.FILES:
        yield "deletes", "the file and its row stay, see [files](../files.md#what-is-kept)"
        return
    yield from _deletes(resource)
    yield "app scope", scope_of(resource) or "unknown"
    if resource.path in RIGHTS:
        yield "the user's right in Exact", right_of(resource)


def _cost(resource: Resource) -> str:
    if resource.kind in _NO_COST:
        return _NO_COST[resource.kind]
    if resource.endpoint.single:
        return "one call a run"
    size = resource.endpoint.page_size
    rows = (
        f"one call for {size:,} rows"
        if size
        else "one call for a page of rows, as many as Exact puts in one,"
    )
    return f"{rows} {_COST[resource.kind]}"


def _deletes(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.deleted_type is not None:
        entity = edm.deleted_entities()[resource.deleted_type]
        yield "deletes", f"in [`deleted`](../deletes.md) as number {resource.deleted_type}, {entity}"
    elif resource.divided and resource.name != "deleted":
        yield (
            "deletes",
            "not told by Exact; a whole read shows them, see [deletes](../deletes.md#what-the-log-does-not-tell)",
        )


def _joins(resource: Resource) -> Iterator[str]:
    if not (found := references_of(resource)):
        return
    yield from ("## Joins", "")
    yield "Rows join where `Division` is the same, too."
    yield from ("", "| field | is in |", "|---|---|")
    targets: dict[str, list[str]] = {}
    for name, target in found.items():
        link = "here" if target.stream == resource.name else f"[`{target.stream}`]({target.stream}.md)"
        targets.setdefault(f"{link} `{target.column}`", []).append(name)
    for there, names in targets.items():
        yield cells((code(names), there))
    yield ""


def _codes(resource: Resource) -> Iterator[str]:
    found = {name: known for name in resource.endpoint.properties if (known := codes_of(resource.path, name))}
    if not found:
        return
    yield from ("## Codes", "")
    yield "Exact adds codes, so one that is not here is no error. They are rows of [`code_lists`](code_lists.md), too."
    yield from ("", "| field | codes | known |", "|---|---|---|")
    for name, known in found.items():
        lines = [
            f"`{each}` {meaning}" + (f" ({known.sure_of(each)})" if each in known.exceptions else "")
            for each, meaning in known.meanings.items()
        ]
        yield cells((f"`{name}`", "<br>".join(filter(None, (*lines, known.note))), known.sure))
    yield ""


def _fields(resource: Resource) -> Iterator[str]:
    rows = list(_rows(resource))
    asked = sum(1 for row in rows if row[3])
    yield from ("## Fields", "")
    yield f"{len(rows)} fields, {asked} of them by default. How to read the types: [data](../data.md)."
    yield from (
        "",
        cells(("field", "type", "in Exact", "by default", "what it holds")),
        "|---|---|---|---|---|",
    )
    yield from map(cells, rows)


def _rows(resource: Resource) -> Iterator[tuple[str, ...]]:
    facts = resource.endpoint.properties
    for name, schema in schema_of(resource)["properties"].items():
        fact = facts.get(name)
        said = (
            [words_of(resource.path, name), *_remarks(resource, fact)]
            if fact
            else _own(resource, name, schema)
        )
        yield (
            f"`{name}`",
            _type(schema),
            f"{fact.type}{' (inferred)' if fact.inferred else ''}" if fact else "",
            "yes" if fact is None or selected_by_default(resource, fact) else "",
            " ".join(filter(None, said)),
        )


def _own(resource: Resource, name: str, schema: Mapping[str, Any]) -> Sequence[str]:
    """Return what is said of a column that Exact does not have."""
    if resource.kind is Kind.OWN:
        return [schema["description"]]
    return [words_of("", name) or schema["description"], _ADDED]


def _remarks(resource: Resource, fact: edm.Property) -> Iterator[str]:
    if codes_of(resource.path, fact.name):
        yield "See its [codes](#codes)."
    if kind := special(resource.path, fact.name):
        yield f"[Special personal data](../personal.md#special-fields): {kind}."
    elif tells := marked(resource.path).get(fact.name):
        yield f"[Personal data](../personal.md): {tells.value}."
    if fact.obsolete:
        yield "Exact calls it obsolete."
    if fact.absent:
        yield "Not in Exact's newest reference."


def _type(schema: Mapping[str, Any]) -> str:
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    kind = next(each for each in kinds if each != "null")
    if schema.get("format") == "date-time":
        return "wall clock" if "Dutch wall clock" in schema["description"] else "moment"
    return f"{schema.get('format') or schema.get('contentEncoding') or kind}"
