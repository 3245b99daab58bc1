"""The plan of a run: what its streams could be asked for, what of that they are, and how old everything is in the end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from tap_exact_online.catalog import cost
from tap_exact_online.reading import Pair, Plan, Supply, Terms, made_plan
from tap_exact_online.state import READ, Freshness
from tap_exact_online.streams.lending import partition_of
from tap_exact_online.streams.stream import ExactStream
from tap_exact_online.telling import Aged, Ages

OF_A_DIVISION = frozenset({"Status", "BlockingStatus", "Modified"})
"""What the plan looks at in the row of a division."""
_ACTIVE = 1


class Planning:
    """Knows the streams of a run and what the state says of them."""

    def __init__(
        self,
        streams: Sequence[ExactStream],
        divisions: Sequence[Mapping[str, Any]],
        terms: Terms,
        hints: Collection[tuple[int, str]] = (),
    ) -> None:
        """Plan nothing yet.

        Args:
            streams: The streams that are read division by division, in their natural order.
            divisions: The divisions, as rows of the stream `divisions`.
            terms: What the user wants.
            hints: Divisions and streams of which somebody says that there is something.
        """
        self._streams = streams
        self._divisions = divisions
        self._terms = terms
        self._hints = hints

    def plan(self, supply: Supply, now: float) -> Plan:
        """Decide what is asked for. What is not due is not thought of.

        Args:
            supply: How many calls there are.
            now: The time now, in epoch seconds.
        """
        changed = {row["Code"]: _changed(row) for row in self._divisions}
        dormant = {row["Code"] for row in self._divisions if _is_dormant(row)}
        pairs = []
        for stream in self._streams:
            least = _least(stream)
            for code, at in changed.items():
                if stream.is_due(code):
                    known = Freshness.of(stream.note(partition_of(code), READ))
                    hinted = (code, stream.name) in self._hints or bool(known and at and at > known.read)
                    pairs.append(Pair(stream.name, code, known, least, hinted, code in dormant))
        return made_plan(pairs, self._terms, supply, now)

    def ages(self, now: float) -> Ages:
        """Return how old everything is.

        Args:
            now: The time now, in epoch seconds.
        """
        found, never = [], 0
        for stream in self._streams:
            for row in self._divisions:
                known = Freshness.of(stream.note(partition_of(row["Code"]), READ))
                if known is None:
                    never += 1
                else:
                    found.append(Aged(stream.name, row["Code"], max(0.0, now - known.read)))
        bounds = self._terms.bounds
        return Ages(
            len(found) + never,
            never,
            max(found, key=lambda aged: aged.seconds, default=None),
            [aged for aged in found if aged.stream in bounds and aged.seconds > bounds[aged.stream]],
            bounds,
        )

    @property
    def calls(self) -> int:
        """How many calls it takes at least to read everything once."""
        return len(self._divisions) * sum(_least(stream) for stream in self._streams)


def _least(stream: ExactStream) -> int:
    """Return how many calls a read takes at least, in one division."""
    return max(1, cost(stream.resource).least)


def _is_dormant(row: Mapping[str, Any]) -> bool:
    """Tell whether a division is archived, inactive or blocked."""
    status = row.get("Status")
    return (status is not None and status != _ACTIVE) or bool(row.get("BlockingStatus"))


def _changed(row: Mapping[str, Any]) -> float | None:
    """Return when the row of a division was changed, in epoch seconds."""
    text = row.get("Modified")
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
