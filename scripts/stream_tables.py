"""What the docs say of all streams together: the table of them, the rights and scopes they need, what stands for what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tap_exact_online.catalog import (
    BY_NAME,
    GROUPS,
    RESOURCES,
    RIGHTS,
    RIGHTS_DUTCH,
    STREAMS,
    Kind,
    Resource,
    Tells,
    marked,
    schema_of,
    sentences,
    stands_for,
)
from tap_exact_online.catalog.personal import special

_KINDS = {
    Kind.SYNC: "`Timestamp`",
    Kind.LINES: "by headers",
    Kind.PARTS: "in parts",
    Kind.FULL: "whole",
    Kind.DIVISIONS: "whole",
    Kind.USER: "whole",
    Kind.OWN: "",
}


def cells(row: Sequence[str]) -> str:
    """Write a row of a Markdown table."""
    return f"| {' | '.join(row)} |"


def code(names: Sequence[str]) -> str:
    """Write names as code."""
    return ", ".join(f"`{name}`" for name in names)


def starts(resource: Resource) -> bool:
    """Tell whether `start_date` bounds the first read of a stream."""
    return (
        bool(resource.endpoint.synctimestamp)
        if resource.kind is Kind.SYNC
        else resource.kind is Kind.MODIFIED
    )


def scope_of(resource: Resource) -> str:
    """Return the scope that a stream needs."""
    endpoint = resource.endpoint
    return (endpoint.scope or "") + (" (probably)" if endpoint.scope_inferred else "")


def right_of(resource: Resource) -> str:
    """Return the user's right that a stream needs, in English and in Dutch."""
    right = RIGHTS[resource.path]
    return f"{right} (*{RIGHTS_DUTCH[right]}*)"


def groups() -> str:
    """Return the streams as Markdown tables, one for each group."""
    return "\n\n".join("\n".join(_group(name, title)) for name, title in GROUPS.items())


def _group(name: str, title: str) -> Iterator[str]:
    yield from (f"### {title}", "")
    yield "| stream | endpoint and app scope | how it is read |"
    yield "|---|---|---|"
    for resource in STREAMS:
        if resource.group == name:
            yield cells(_row(resource))


def _row(resource: Resource) -> tuple[str, ...]:
    link = f"[`{resource.name}`](streams/{resource.name}.md)"
    return (
        f"{f'**{link}**' if resource.selected else link}<br>{sentences()[resource.name]}",
        "<br>".join(filter(None, (f"`{resource.path}`", scope_of(resource))))
        if resource.path
        else "none: the tap's own",
        "<br>".join(_reading(resource)),
    )


def _reading(resource: Resource) -> Iterator[str]:
    by = f"by `{resource.replication_key}`" if resource.replication_key else _KINDS[resource.kind]
    if read := by if resource.cadence == "always" else f"{by}, {resource.cadence}":
        yield read
    yield f"key {code(resource.keys)}"
    more = ["from `start_date`"] if starts(resource) else []
    more += [f"deletes: {resource.deleted_type}"] if resource.deleted_type else []
    yield ", ".join([*more, f"{len(schema_of(resource)['properties'])} fields"])


def group_page(name: str) -> str:
    """Return the page of a group: what its streams hold, and the menu that leads to them."""
    streams = [each for each in STREAMS if each.group == name]
    lines = [
        f"- {f'**{link}**' if each.selected else link}: {sentences()[each.name]}"
        for each in streams
        for link in [f"[`{each.name}`](../streams/{each.name}.md)"]
    ]
    menu = [f"../streams/{each.name}" for each in streams]
    return "\n".join(
        [
            f"# {GROUPS[name]}",
            "",
            "Those in **bold** are selected by default. How they are read and what they need: [Streams](../streams.md).",
            "",
            *lines,
            "",
            "```{toctree}",
            ":hidden:",
            "",
            *menu,
            "```",
            "",
        ]
    )


def rights() -> str:
    """Return the streams for which Exact documents the user's right, as a Markdown table."""
    needed = [resource for resource in BY_NAME.values() if resource.path in RIGHTS]
    lines = [cells((f"[`{each.name}`](streams/{each.name}.md)", right_of(each))) for each in needed]
    return "\n".join(["| stream | the user's right in Exact |", "|---|---|", *lines])


def scopes() -> str:
    """Return the scopes with the streams that need them, as a Markdown table."""
    needed: dict[str, list[Resource]] = {}
    for resource in RESOURCES:
        needed.setdefault(resource.endpoint.scope or "", []).append(resource)
    lines = [
        cells((scope or "unknown", ", ".join(_scoped(resource) for resource in needed[scope])))
        for scope in sorted(needed)
    ]
    return "\n".join(["| scope | streams |", "|---|---|", *lines])


def _scoped(resource: Resource) -> str:
    name = f"**`{resource.name}`**" if resource.selected else f"`{resource.name}`"
    return f"{name} (probably)" if resource.endpoint.scope_inferred else name


def special_fields() -> str:
    """Return the streams that have special personal fields, with those fields by what they tell, as a Markdown table."""
    lines = [
        cells((f"[`{each.name}`](streams/{each.name}.md)", kind, code(names)))
        for each in RESOURCES
        for kind, names in _special_of(each).items()
    ]
    return "\n".join(["| stream | what it tells | fields |", "|---|---|---|", *lines])


def _special_of(resource: Resource) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in resource.endpoint.properties:
        if kind := special(resource.path, name):
            found.setdefault(kind, []).append(name)
    return found


def marked_fields() -> str:
    """Return what else tells of persons in the streams that are on by default, by class, as a Markdown table."""
    lines = [
        cells((f"[`{each.name}`](streams/{each.name}.md)", tells.value, code(names)))
        for each in RESOURCES
        if each.selected
        for tells, names in _marked_of(each).items()
    ]
    return "\n".join(["| stream | class | fields |", "|---|---|---|", *lines])


def _marked_of(resource: Resource) -> Mapping[Tells, list[str]]:
    found: dict[Tells, list[str]] = {}
    for name, tells in marked(resource.path).items():
        if tells is not Tells.SPECIAL:
            found.setdefault(tells, []).append(name)
    return found


def twins() -> str:
    """Return the endpoints that no stream reads with the stream that gives their rows, as a Markdown table."""
    lines = [
        cells((f"`{path}`", f"[`{name}`](streams/{name}.md)"))
        for path, name in sorted(stands_for().items(), key=lambda item: item[0].lower())
    ]
    return "\n".join(["| looking for | it is |", "|---|---|", *lines])
