"""What is believed of the live service and what it showed: the table of facts, and what collects their answers.

Nobody who works on this tap can call the service: the first users' answers are the only test there is. Nothing here
holds content: names of fields, of endpoints and of headers, numbers of rows and bytes, and Exact's own wordings.
"""

from __future__ import annotations

import enum
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tap_exact_online.evidence.answers import answered
from tap_exact_online.evidence.showing import shown

_FEW_BYTES = 1024
_OK = 200


class Mark(enum.Enum):
    """How well a fact is known."""

    DOCUMENTED = "documented"
    SEEN = "seen"
    ONE = "one source"
    GUESS = "guess"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is believed, and that the tap survives either way.

    Attributes:
        name: Its name.
        mark: How well it is known.
        believed: What the tap takes for the usual case.
        unit: What the number behind each thing that was seen means: how many times, or the most of something.
    """

    name: str
    mark: Mark
    believed: str
    unit: str = "times"

    @property
    def largest(self) -> bool:
        """Whether the largest number stays, rather than their sum."""
        return self.unit != "times"


FACTS: tuple[Fact, ...] = (
    Fact("answers", Mark.SEEN, "rows, or an error object; now and then something that is not Exact's"),
    Fact("row_order", Mark.GUESS, "the rows of a Sync page ascend by Timestamp"),
    Fact("int64", Mark.SEEN, "whole numbers of 64 bits, as Timestamp, are strings"),
    Fact("late_rows", Mark.GUESS, "no row turns up below a bookmark that was not known before"),
    Fact("envelope", Mark.SEEN, "a list, or `results`, or one object"),
    Fact(
        "page_rows",
        Mark.DOCUMENTED,
        "1,000 rows for sync and bulk, 60 for others; of read it is not known",
        "rows of a full page",
    ),
    Fact("page_bytes", Mark.GUESS, "at most 38 MB in the Netherlands and Belgium, 9.5 MB elsewhere", "bytes"),
    Fact("paging", Mark.GUESS, "read endpoints may or may not have pages"),
    Fact("skiptoken", Mark.SEEN, "a row version with L in Sync; elsewhere keys"),
    Fact("next_path", Mark.SEEN, "the next link has the path that was asked for, or that in small letters"),
    Fact(
        "empty_last_page", Mark.SEEN, "a count that is a multiple of the page size gives an empty page more"
    ),
    Fact("headers", Mark.SEEN, "the limits of minute and day, and a Reason where something is refused"),
    Fact("limits", Mark.DOCUMENTED, "60 calls a minute and 5,000 a day; other numbers were seen"),
    Fact("limits_of_429", Mark.SEEN, "only the headers of the limit that was reached, and no Retry-After"),
    Fact("refusals", Mark.SEEN, "a refusal of rights has a Reason or Exact's error object"),
    Fact("wordings", Mark.ONE, "a refused field is named in quotes behind `property`"),
    Fact(
        "refused_filters", Mark.GUESS, "a filter on Modified works wherever there is Modified, except on bulk"
    ),
    Fact("modified", Mark.GUESS, "Modified has a value in every row"),
    Fact("padding", Mark.SEEN, "codes and countries have blanks at one end, other texts have none", "blanks"),
    Fact("time_of_day", Mark.SEEN, "only moments have a time of day, other dates are midnights"),
    Fact("dates", Mark.SEEN, "milliseconds without an offset"),
    Fact(
        "clock",
        Mark.SEEN,
        "the newest moment is ahead of the header Date: it is the Dutch clock",
        "minutes ahead",
    ),
    Fact("guids", Mark.SEEN, "in small letters; some are zeros"),
    Fact("type_names", Mark.SEEN, "Exact.Web.Api.Models, an area, a singular"),
    Fact("deferred", Mark.SEEN, "nested data is a link to follow"),
    Fact("left_out", Mark.GUESS, "every field that is asked for is in every row"),
    Fact("other_division", Mark.ONE, "a row is of the division that was asked for"),
    Fact("odd_texts", Mark.ONE, "texts hold no control characters"),
    Fact("deleted_log", Mark.ONE, "empty instead of refused, where the right is missing"),
)
"""Every fact, in the order in which it is told."""

_BY_NAME: Mapping[str, Fact] = {fact.name: fact for fact in FACTS}


class Facts:
    """Collects what answers show. Threads may share it.

    Of each endpoint and division the first page is looked at, and every answer that is small or no success: the rest
    costs nothing.
    """

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, int]] = {}
        self._looked: set[tuple[str, int | None]] = set()
        self._lock = threading.Lock()

    def __call__(self, url: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Look at an answer, if it may show something new.

        Args:
            url: The address that was asked.
            status: The HTTP status.
            headers: The answer's headers.
            body: The whole body.
        """
        answer = answered(url, status, headers, body)
        if answer is None:
            return
        place = answer.path.lower(), answer.division
        with self._lock:
            first = place not in self._looked
            self._looked.add(place)
        if not first and status == _OK and len(body) > _FEW_BYTES:
            return
        with self._lock:
            for name, what, amount in shown(answer):
                self._note(name, what, amount)

    def note(self, name: str, what: str, amount: int = 1) -> None:
        """Take note of something that was seen.

        Args:
            name: The fact.
            what: What was seen.
            amount: How often, or how much.
        """
        with self._lock:
            self._note(name, what, amount)

    def _note(self, name: str, what: str, amount: int) -> None:
        seen = self._seen.setdefault(name, {})
        before = seen.get(what, 0)
        seen[what] = max(before, amount) if _BY_NAME[name].largest else before + amount

    def document(self) -> list[dict[str, Any]]:
        """Return every fact and what was seen of it as JSON values."""
        return [
            {
                "fact": fact.name,
                "mark": fact.mark.value,
                "believed": fact.believed,
                "unit": fact.unit,
                "seen": dict(sorted(self._seen.get(fact.name, {}).items())),
            }
            for fact in FACTS
        ]

    def summary(self) -> Iterator[str]:
        """Yield what was seen, as one line of JSON and then a line for each fact."""
        yield json.dumps({each["fact"]: each["seen"] for each in self.document() if each["seen"]})
        for each in self.document():
            yield f"{each['fact']} ({each['mark']}): {told(each)}"


def told(fact: Mapping[str, Any]) -> str:
    """Say what was seen of a fact of `document`."""
    unit = "" if fact["unit"] == "times" else f" {fact['unit']}"
    return ", ".join(f"{what} ({number:,}{unit})" for what, number in fact["seen"].items()) or "not seen"
