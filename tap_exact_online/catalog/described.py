"""What is said of streams and of their fields, in words. It is read when a schema is made, and not before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tap_exact_online.catalog.codes import MOST, codes_of, listed
from tap_exact_online.edm.codes import codes

_FOLDER = Path(__file__).parent


def _read(name: str) -> Any:
    return json.loads((_FOLDER / name).read_bytes())


@cache
def _words() -> tuple[Mapping[str, str], Mapping[str, Mapping[str, str]]]:
    """Return what is said of a name, and what of the name in one endpoint."""
    names: dict[str, str] = {}
    of: dict[str, dict[str, str]] = {}
    for place, text in _read("descriptions.json").items():
        path, _, name = place.rpartition(".")
        if path:
            of.setdefault(path, {})[name] = text
        else:
            names[name] = text
    return names, of


@cache
def sentences() -> Mapping[str, str]:
    """Return what a row of each stream is, in a sentence, by the stream's name."""
    found: Mapping[str, str] = _read("sentences.json")
    return found


def words_of(path: str, name: str) -> str:
    """Return what a property of an endpoint is, in our own words; nothing where we do not know."""
    names, of = _words()
    own = of.get(path, {}).get(name)
    return names.get(name, "") if own is None else own


def description_of(path: str, name: str) -> str:
    """Return all that is said of a property of an endpoint: our own words, then its codes."""
    words, known = words_of(path, name), codes_of(path, name)
    if known is None:
        return words
    return f"{words} {listed(known, MOST - len(words) - 1)}".lstrip()


def forget_words() -> None:
    """Give back the memory that words and codes take, once the schemas are made: a run has no further use for them."""
    _words.cache_clear()
    codes.cache_clear()
