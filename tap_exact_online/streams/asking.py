"""How often a stream is asked, and what other endpoints refused that it goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from singer_sdk import Tap

from tap_exact_online.catalog import Cadence, Resource
from tap_exact_online.state import ASKED_FOR, READ, REFUSED_BESIDE, Freshness, is_due
from tap_exact_online.streams.lending import Lender, partition_of
from tap_exact_online.streams.reckoning import Reckoning
from tap_exact_online.streams.selecting import SelectingStream


class AskingStream(SelectingStream):
    """A stream that knows when it was asked, and that earlier runs were refused on the way."""

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog.

        Args:
            tap: The tap, as the SDK knows it.
            lender: What the stream reads with; not used before the first row is asked for.
            resource: The row of the catalog.
        """
        self.reckoning = Reckoning(self, lender)
        self.asked_at: dict[int, float] = {}
        """When the read of each division began, in epoch seconds."""
        super().__init__(tap, lender, resource)

    # --- What it goes by ---

    @property
    def goes_by(self) -> Sequence[str]:
        """The paths of other endpoints that it asks before it knows what to read."""
        return ()

    def recall_refusals_beside(self, division: int) -> None:
        """Count what those endpoints refused within the last hour, also to earlier runs: ten an hour block the app."""
        noted = self.note(partition_of(division), REFUSED_BESIDE)
        for path, at in noted.items() if isinstance(noted, Mapping) else ():
            if path in self.goes_by and isinstance(at, list):
                moments = [each for each in at if isinstance(each, int | float)]
                self.exact.client.errors.recall(division, path, moments)

    def keep_refusals_beside(self, division: int) -> None:
        """Keep what those endpoints refused within the last hour, for the next runs."""
        errors = self.exact.client.errors
        recent = {path: [int(at) for at in errors.recent(division, path)] for path in self.goes_by}
        kept = {path: at for path, at in recent.items() if at}
        self.keep_note(partition_of(division), REFUSED_BESIDE, kept or None)

    # --- What it does not ask again for a week ---

    def is_refused(self, name: str) -> bool:
        """Tell whether something was refused within the last week, under the name that the state has for it."""
        at = self.of_all(name)
        return isinstance(at, int) and not is_due(Cadence.WEEKLY, at, self.exact.client.clock())

    def keep_refused(self, name: str) -> None:
        """Let the runs of the next week know of a refusal."""
        self.keep_of_all(name, int(self.exact.client.clock()))

    # --- How often it is asked ---

    def is_due(self, division: int) -> bool:
        """Tell whether a division is to be asked in this run."""
        if self.cadence is Cadence.ALWAYS:
            return True
        partition = partition_of(division)
        same = self.note(partition, ASKED_FOR) == self.asks_for
        known = Freshness.of(self.note(partition, READ)) if same else None
        due = known is None or is_due(self.cadence, known.read, self.exact.client.clock())
        if not due:
            self.reckoning.passed_over(division)
        return due

    def keep_asked(self, division: int, *, understood: bool) -> None:
        """Note what a division was asked for, where that matters for the next run."""
        seldom = understood and self.cadence is not Cadence.ALWAYS
        self.keep_note(partition_of(division), ASKED_FOR, self.asks_for if seldom else None)

    @property
    def cadence(self) -> Cadence:
        """How often it is asked at most."""
        return self.exact.settings.cadences.of(self.resource)
