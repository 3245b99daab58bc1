"""What the codes of fields mean, and which endpoint gives the rows of another one.

Both files are written by `scripts/write_codes.py` and only ever read here, when they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of one field.

    Attributes:
        name: The name of the list. Fields with the same codes share it.
        meanings: What each code means. Exact adds codes: one that is not here is no error.
        sure: How well that is known: `documented`, `seen`, `one source`, or a `guess`.
        exceptions: How well it is known of a code, where that differs.
        note: What else there is to know, as a sentence.
    """

    name: str
    meanings: Mapping[str, str]
    sure: str
    exceptions: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def sure_of(self, code: str) -> str:
        """Return how well the meaning of a code is known."""
        return self.exceptions.get(code, self.sure)


@cache
def codes() -> Mapping[str, Mapping[str, Codes]]:
    """Return the codes of every field that has some, by the endpoint's path and the field's name."""
    known = json.loads((_FOLDER / "code_lists.json").read_bytes())
    found: dict[str, dict[str, Codes]] = {}
    for place, said in known["fields"].items():
        path, _, name = place.rpartition(".")
        exceptions = {code: sure for sure, some in said.get("but", {}).items() for code in some.split()}
        meanings = known["lists"][said["list"]]
        found.setdefault(path, {})[name] = Codes(
            said["list"], meanings, said["sure"], exceptions, said.get("note", "")
        )
    return found


@cache
def twins() -> Mapping[str, str]:
    """Return the endpoint to read instead of one that gives the same rows, by its path."""
    found: Mapping[str, str] = json.loads((_FOLDER / "twins.json").read_bytes())
    return found
