"""Which streams an examination is about, and which divisions the command line names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tap_exact_online.catalog import BY_NAME, RESOURCES
from tap_exact_online.errors import ConfigurationError


def by_default() -> list[str]:
    """Return the streams that are selected by default."""
    return [resource.name for resource in RESOURCES if resource.selected]


def named(text: str) -> list[str]:
    """Return the streams of `--streams`, in the order of the catalog.

    Raises:
        ConfigurationError: One of them does not exist.
    """
    return _known({name.strip() for name in text.split(",") if name.strip()}, "--streams names")


def of_catalog(catalog: Mapping[str, Any]) -> list[str]:
    """Return the streams that a Singer catalog selects.

    Raises:
        ConfigurationError: It is no catalog, or selects a stream that does not exist.
    """
    from singer_sdk.singerlib import Catalog  # noqa: PLC0415 - takes half a second, and most examinations need none

    try:
        entries = Catalog.from_dict(dict(catalog))
    except (LookupError, TypeError, AttributeError):
        msg = "--catalog: the file holds no Singer catalog. Make one with `tap-exact-online --discover`."
        raise ConfigurationError(msg) from None
    selected = {name for name, entry in entries.items() if entry.metadata.resolve_selection().get((), False)}
    return _known(selected, "the catalog selects")


def _known(names: Collection[str], who: str) -> list[str]:
    unknown = sorted(name for name in names if name not in BY_NAME)
    if unknown:
        msg = (
            f"{who} streams that this tap does not have: {', '.join(unknown)}. Its streams are listed by"
            " `tap-exact-online --discover` and in the README."
        )
        raise ConfigurationError(msg[0].upper() + msg[1:])
    if not names:
        msg = f"{who} no stream."
        raise ConfigurationError(msg[0].upper() + msg[1:])
    return [resource.name for resource in RESOURCES if resource.name in names]


def divisions(text: str) -> frozenset[int]:
    """Return the numbers of `--divisions`.

    Raises:
        ConfigurationError: One of them is no number.
    """
    words = [word.strip() for word in text.strip(" []").split(",") if word.strip()]
    if not words or not all(word.isascii() and word.isdecimal() for word in words):
        msg = f"--divisions: '{text}' is not a list of numbers, for example 1000001,1000002."
        raise ConfigurationError(msg)
    return frozenset(map(int, words))
