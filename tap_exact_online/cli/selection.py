"""Which streams and divisions a command is about, and the lines of `meltano.yml` that select streams."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import click

from tap_exact_online.catalog import BY_NAME, RESOURCES, Told, chosen
from tap_exact_online.errors import ConfigurationError


def select_lines(streams: Iterable[str]) -> Iterator[str]:
    """Give the lines that select streams with their fields. Special personal fields have to be named one by one."""
    yield "select:"
    yield from (f"- {stream}.*" for stream in streams)


def streams_named(text: str) -> list[str]:
    """Return the streams of `--streams`, in the order of the catalog.

    Raises:
        ConfigurationError: One of them does not exist.
    """
    return _known({name.strip() for name in text.split(",") if name.strip()}, "--streams names")


def streams_of(catalog: Mapping[str, Any], *, everything: bool = False) -> list[str]:
    """Return the streams that a run with a Singer catalog would read.

    Args:
        catalog: The catalog.
        everything: A catalog that selects everything is meant.

    Raises:
        ConfigurationError: It is no catalog, or selects a stream that does not exist.
    """
    # They take half a second, and most examinations need none.
    from singer_sdk.singerlib import Catalog  # noqa: PLC0415

    from tap_exact_online.tap import entries  # noqa: PLC0415

    try:
        said = entries(Catalog.from_dict(dict(catalog)))
    except (LookupError, TypeError, AttributeError):
        msg = "--catalog: the file holds no Singer catalog. Make one with `tap-exact-online --discover`."
        raise ConfigurationError(msg) from None
    found = chosen(said, Told.of(os.environ), everything=everything)
    for line in found.warnings:
        click.echo(line, err=True)
    return _known([name for name, read in found.streams.items() if read], "The catalog selects")


def _known(names: Collection[str], who: str) -> list[str]:
    if unknown := sorted(name for name in names if name not in BY_NAME):
        msg = (
            f"{who} streams that this tap does not have: {', '.join(unknown)}. Its streams are listed by"
            " `tap-exact-online --discover` and in the README."
        )
        raise ConfigurationError(msg)
    if not names:
        msg = f"{who} no stream."
        raise ConfigurationError(msg)
    return [resource.name for resource in RESOURCES if resource.name in names]


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
