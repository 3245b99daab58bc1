"""How rows that were loaded before differ from those of today, told once for the whole run. Pure."""

from __future__ import annotations

import enum
import json
from collections.abc import Collection, Iterator, Mapping

from tap_exact_online.telling.words import counted, listed

_SHOWN = 20

_Fields = Mapping[str, Collection[str]]
"""Fields, by stream."""


class Older(enum.Enum):
    """What is with fields in rows that were loaded before, in words that follow their names."""

    LACK = "came into the selection later"
    OTHERWISE = "held other values before"
    KEEP = "stay in your table, and are not loaded any more"


def details(older: Mapping[Older, _Fields]) -> Iterator[str]:
    """Give a line for each stream and what is with its older rows.

    Args:
        older: The fields that it is about.
    """
    for what in Older:
        for stream, names in older.get(what, {}).items():
            yield f"{stream}: {', '.join(sorted(names))} {what.value}"


def one_warning(older: Mapping[Older, _Fields]) -> str:
    """Return all of it in one text, with one command; nothing where there is nothing to say.

    Args:
        older: The fields that it is about.
    """
    return " ".join(_warnings(older))


def _warnings(older: Mapping[Older, _Fields]) -> Iterator[str]:
    lack, otherwise, keep = (older.get(what, {}) for what in Older)
    if otherwise:
        yield (
            f"Rows that were loaded before hold other values in {counted(len(otherwise), 'stream')}, since `personal_data` or"
            " `personal_salt` was changed."
        )
    if lack:
        some = [f"{stream} ({counted(len(names), 'field')})" for stream, names in lack.items()]
        yield (
            "Fields came into the selection later, so rows that were loaded before stay without:"
            f" {listed(some, shown=_SHOWN)}."
        )
    if again := [*dict.fromkeys((*otherwise, *lack))]:
        command = json.dumps({"streams": again})
        yield f"Read anew once, with TAP_EXACT_ONLINE_REREAD='{command}', or set `new_fields` to `reread`."
    if keep:
        fields = counted(sum(map(len, keep.values())), "field")
        yield (
            f"Your tables keep what was loaded before of {fields} in {counted(len(keep), 'stream')} that `personal_data` does not"
            " load any more: take the columns out of them. This is said once."
        )
