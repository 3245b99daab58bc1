"""Which streams and divisions a command is about, and the lines of `meltano.yml` that select streams."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tap_exact_online.catalog import (
    BY_NAME,
    RESOURCES,
    Entry,
    Resource,
    Told,
    check_rules,
    check_streams,
    chosen,
    patterns,
)
from tap_exact_online.cli.options import json_object
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import spoken, unstopped
from tap_exact_online.surroundings import project_folder

if TYPE_CHECKING:
    from singer_sdk.singerlib import Catalog

_BY_MELTANO, _CATALOG = "MELTANO_EXTRACT__SELECT", "MELTANO_EXTRACT__CATALOG"
_SELECT = "TAP_EXACT_ONLINE__SELECT"
_TAP = "tap-exact-online"


@dataclass(frozen=True, slots=True)
class Selection:
    """The streams that a command looks at.

    Attributes:
        streams: Their names, in the order of the catalog.
        source: What says so, in words.
    """

    streams: list[str]
    source: str


BY_DEFAULT = Selection([each.name for each in RESOURCES if each.selected], "what is on by default")


def selection_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which streams it looks at."""
    streams = click.option(
        "--streams",
        metavar="A,B",
        help="Only these streams. Default: the selection of the Meltano project, or of TAP_EXACT_ONLINE__SELECT; without, what is"
        " on by default.",
    )
    catalog = click.option("--catalog", metavar="FILE", help="The streams that this Singer catalog selects.")
    return streams(catalog(command))


def check_options(streams: str | None, catalog: str | None) -> None:
    """Refuse options that contradict each other.

    Raises:
        ConfigurationError: They do.
    """
    if streams is not None and catalog is not None:
        msg = "--streams and --catalog both say which streams to look at: give one of them."
        raise ConfigurationError(msg)


def selection(streams: str | None, catalog: str | None, *, everything: bool) -> Selection:
    """Return what a command looks at: what it was told, else what a run here would read.

    Args:
        streams: The option `--streams`.
        catalog: The option `--catalog`.
        everything: A selection of everything is meant.

    Raises:
        ConfigurationError: What says it cannot be read, or names what there is not.
    """
    check_options(streams, catalog)
    if streams is not None:
        return Selection(streams_named(streams), "--streams")
    if (catalog := _catalog_here(catalog)) is not None:
        return Selection(
            streams_of(json_object(catalog, "--catalog"), catalog, everything=everything), catalog
        )
    told, source = _told_here()
    return BY_DEFAULT if told is None else _by_rules(told, source, everything=everything)


def fields_chosen(stream: str, catalog: str | None, *, everything: bool) -> dict[str, bool]:
    """Return whether the fields of a stream are read by what a run here would read; empty where that says nothing of it.

    Args:
        stream: The stream.
        catalog: The option `--catalog`.
        everything: A selection of everything is meant.

    Raises:
        ConfigurationError: What says it cannot be read.
    """
    if (catalog := _catalog_here(catalog)) is not None:
        from tap_exact_online.tap import entries  # noqa: PLC0415 - takes half a second

        said, told = entries(_catalog(json_object(catalog, "--catalog"), catalog)), Told.of(os.environ)
    else:
        told, _ = _told_here()
        said = {} if told is None else told.entries()
    found = chosen(said, told, everything=everything)
    if found.nothing or not found.streams.get(stream):
        return {}
    named = {name: read for name, read in said[stream].fields.items() if read is not None}
    return {**named, **found.fields.get(stream, {})}


def _catalog_here(catalog: str | None) -> str | None:
    """Return the catalog that is given, else the one that the Meltano project names."""
    if catalog is None and (own := os.environ.get(_CATALOG)):
        catalog = str((project_folder(Path.cwd(), os.environ) or Path()) / own)
    return catalog


def _told_here() -> tuple[Told | None, str]:
    """Return the rules that a run here would go by, and what holds them; None where there are none.

    Raises:
        ConfigurationError: They cannot be read.
    """
    environment = os.environ
    if _BY_MELTANO in environment:
        where = f"the selection of the Meltano project, environment {environment.get('MELTANO_ENVIRONMENT') or 'none'}"
        return Told.of(environment), where
    if environment.get(_SELECT):
        return Told.of(environment), _SELECT
    project = project_folder(Path.cwd(), environment)
    if project is not None and (file := project / "meltano.yml").is_file():
        rules = rules_of(_yaml(file), environment.get("MELTANO_ENVIRONMENT"))
        return (None if rules is None else Told.by(rules)), f"`select` of {file}"
    return None, ""


def rules_of(project: Any, environment: str | None) -> list[str] | None:
    """Return the rules that a `meltano.yml` has for the tap, None where it does not have the tap or no rules. Pure.

    Args:
        project: What the file says.
        environment: The environment of Meltano that is named, or None: then the file says which.
    """
    if not isinstance(project, dict):
        return None
    environment = environment or project.get("default_environment")
    plugins = [project.get("plugins")]
    for each in project.get("environments") or []:
        if isinstance(each, dict) and each.get("name") == environment:
            plugins.insert(0, (each.get("config") or {}).get("plugins"))
    for found in plugins:
        for tap in (found or {}).get("extractors") or []:
            rules = tap.get("select") if isinstance(tap, dict) and tap.get("name") == _TAP else None
            if isinstance(rules, list) and all(isinstance(rule, str) for rule in rules):
                return rules
    return None


def select_lines(resources: Sequence[Resource]) -> Iterator[str]:
    """Give the lines that select streams with the fields that are on by default. Special personal fields have to be named one by one."""
    yield "select:"
    yield from (f"- '{each}'" if each.startswith("!") else f"- {each}" for each in patterns(resources))


def streams_named(text: str) -> list[str]:
    """Return the streams of `--streams`, in the order of the catalog.

    Raises:
        ConfigurationError: One of them does not exist, or there is none.
    """
    names = {name.strip() for name in text.split(",") if name.strip()}
    check_streams(names, "--streams: ")
    return _in_order(names, "--streams")


def streams_of(catalog: Mapping[str, Any], file: str, *, everything: bool = False) -> list[str]:
    """Return the streams that a run with a Singer catalog would read.

    Args:
        catalog: The catalog.
        file: Where it is from.
        everything: A catalog that selects everything is meant.

    Raises:
        ConfigurationError: It is no catalog, or selects what does not exist.
    """
    from tap_exact_online.tap import choice  # noqa: PLC0415 - takes half a second, and most examinations need none

    found, _, warnings = choice(_catalog(catalog, file), os.environ, everything=everything)
    for line in warnings:
        click.echo(line, err=True)
    return _in_order({name for name, read in found.streams.items() if read}, f"--catalog: {file}")


def _catalog(catalog: Mapping[str, Any], file: str) -> Catalog:
    from singer_sdk.singerlib import Catalog  # noqa: PLC0415 - takes half a second, and most examinations need none

    from tap_exact_online.command import is_catalog  # noqa: PLC0415

    if not is_catalog(catalog):
        msg = f"--catalog: {file} holds no Singer catalog. Make one with `tap-exact-online --discover`."
        raise ConfigurationError(msg)
    return Catalog.from_dict(dict(catalog))


def _by_rules(told: Told, source: str, *, everything: bool) -> Selection:
    warnings = check_rules(told)
    found = chosen({name: Entry(told.takes(name)) for name in BY_NAME}, told, everything=everything)
    for line in (*warnings, *found.warnings):
        click.echo(line, err=True)
    names = _in_order({name for name, read in found.streams.items() if read}, source)
    return Selection(names, BY_DEFAULT.source if found.nothing else source)


def _yaml(file: Path) -> Any:
    import yaml  # type: ignore[import-untyped]  # noqa: PLC0415 - has no types, and only a project of Meltano needs it

    try:
        return yaml.safe_load(file.read_bytes())
    except (OSError, yaml.YAMLError) as error:
        msg = f"{file} cannot be read: {unstopped(spoken(error))}."
        raise ConfigurationError(msg) from None


def _in_order(names: Iterable[str], who: str) -> list[str]:
    wanted = {*names}
    if not wanted:
        msg = f"{who} selects no stream. Choose some with `meltano select tap-exact-online accounts '*'`, or give --streams."
        raise ConfigurationError(msg)
    return [resource.name for resource in RESOURCES if resource.name in wanted]


def divisions_named(text: str) -> frozenset[int]:
    """Return the numbers of `--divisions`.

    Raises:
        ConfigurationError: One of them is no number.
    """
    words = [word.strip() for word in text.strip(" []").split(",") if word.strip()]
    if not words or not all(word.isascii() and word.isdecimal() for word in words):
        msg = f"--divisions: '{text}' is not a list of numbers, for example 1000001,1000002."
        raise ConfigurationError(msg)
    return frozenset(map(int, words))
