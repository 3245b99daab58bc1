"""The plan of a run: what its streams could be asked for, what of that they are, and how old everything is in the end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tap_exact_online.board import Hint
from tap_exact_online.reading import Around, Plan, Supply, Terms, least, made_plan
from tap_exact_online.state import READ, REFUSED, Freshness, Refusals
from tap_exact_online.streams.lending import partition_of
from tap_exact_online.streams.stream import ExactStream
from tap_exact_online.telling import Aged, Ages


class Planning:
    """Knows the streams of a run and what the state says of them."""

    def __init__(
        self,
        streams: Sequence[ExactStream],
        divisions: Sequence[Mapping[str, Any]],
        terms: Terms,
        hints: Mapping[Hint, int],
    ) -> None:
        """Plan nothing yet.

        Args:
            streams: The streams that are read division by division, in their natural order.
            divisions: The divisions, as rows of the stream `divisions`.
            terms: What the user wants.
            hints: Of which divisions and streams somebody has said that there is news, and when (epoch seconds).
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
        around = Around.of(self._divisions, self._hints)
        pairs = [
            around.noted(stream.resource, code, stream.notes(partition_of(code)))
            for stream in self._streams
            for code in around.changed
            if stream.is_due(code)
        ]
        return made_plan(pairs, self._terms, supply, now)

    def ages(self, now: float) -> Ages:
        """Return how old everything is.

        Args:
            now: The time now, in epoch seconds.
        """
        found, never, broken = [], 0, []
        for stream in self._streams:
            bound = self._terms.bounds.get(stream.name, math.inf)
            for row in self._divisions:
                notes = stream.notes(partition_of(row["Code"]))
                known = Freshness.of(notes.get(READ))
                if known is None:
                    never += 1
                    continue
                aged = Aged(stream.name, row["Code"], max(0.0, now - known.read))
                found.append(aged)
                if aged.seconds > bound and not Refusals.denies(notes.get(REFUSED)):
                    broken.append(aged)
        return Ages(
            len(found) + never,
            never,
            max(found, key=lambda aged: aged.seconds, default=None),
            broken,
            self._terms.bounds,
        )

    @property
    def calls(self) -> int:
        """How many calls it takes at least to read everything once."""
        return len(self._divisions) * sum(least(stream.resource) for stream in self._streams)
