"""The streams that the tap makes itself: they tell of its reads and of what it knows, and cost no call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

READS = "reads"
CODE_LISTS = "code_lists"


def _column(kind: str, description: str, **more: Any) -> dict[str, Any]:
    return {"type": [kind, "null"], "description": description, **more}


COLUMNS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    CODE_LISTS: {
        "Stream": {"type": "string", "description": "The stream that has the field."},
        "Field": {"type": "string", "description": "The field that has the code."},
        "Code": {"type": "string", "description": "The code, as text, also where the field is a number."},
        "List": _column("string", "The name of the list: fields with the same codes share it."),
        "Meaning": _column(
            "string", "What the code means. Exact adds codes: one that is missing here is no error."
        ),
        "Sure": _column("string", "How well that is known: documented, seen, one source, or a guess."),
    },
    READS: {
        "Stream": {"type": "string", "description": "The stream that was read."},
        "Division": {
            "type": "integer",
            "description": "The number of the administration in Exact Online.",
        },
        "BeganAt": _column(
            "string", "When the last read that came to its end began. An instant, in UTC.", format="date-time"
        ),
        "EndedAt": _column("string", "When it ended. An instant, in UTC.", format="date-time"),
        "Rows": _column("integer", "How many rows it wrote."),
        "Calls": _column("integer", "How many calls it took."),
        "Whole": _column(
            "boolean", "Whether it began from nothing, and so wrote every row that Exact had at the time."
        ),
        "WholeBeganAt": _column(
            "string",
            "When the last read that was whole began, in UTC: a row that was loaded before and not since is no longer in"
            " Exact. Null where no read was whole yet.",
            format="date-time",
        ),
        "Fields": _column("string", "A fingerprint of the fields that were asked for."),
        "NewsAt": _column(
            "string",
            "When the last read began that had news, in UTC, to the minute. Null where none had since the first, which finds"
            " everything, and where the stream is read whole each time: that cannot tell.",
            format="date-time",
        ),
        "NewsADay": _column(
            "number",
            "How often there is news, in times a day, by the reads so far; 0.5 until one of them has told. What goes first where"
            " calls are short rests on it. Null where the stream is read whole each time.",
        ),
    },
}
"""The columns of each, as JSON Schema."""
