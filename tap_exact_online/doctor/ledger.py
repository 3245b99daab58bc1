"""What was asked and what follows from it without asking. Pure.

More than ten refusals for one endpoint of a division within an hour block the whole app, and every call comes off the
day of a division. So what is known already is not asked again: a division that is closed is closed to all streams, and
a scope that is missing in three divisions is missing in all, because it belongs to the app.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tap_exact_online.doctor.verdicts import NOT_ASKED, Result, Verdict

_ENOUGH = 3
# They concern the user or the subscription, so other divisions most likely say the same.
_OF_THE_USER = frozenset({"BlockedUser", "InactiveUser", "BlockedCustomer"})


@dataclass(slots=True)
class Ledger:
    """What is known of each stream in each division.

    Attributes:
        streams: The streams, in order.
        divisions: The divisions, in order.
        at_once: How many questions may be under way: one trouble leaves all of them without an answer.
        scopes: The scopes that streams are known to need, where one that is missing for one stream is believed to be missing for
            all that need it.
        known: What is known so far.
    """

    streams: Sequence[str]
    divisions: Sequence[int]
    at_once: int = 1
    scopes: Mapping[str, str | None] = field(default_factory=dict)
    known: dict[tuple[str, int], Verdict] = field(default_factory=dict)
    _stopped: Verdict | None = None
    _of_divisions: dict[int, Verdict] = field(default_factory=dict)
    _scopes: dict[str, list[Verdict]] = field(default_factory=dict)
    _missing: dict[str, Verdict] = field(default_factory=dict)
    _of_user: list[Verdict] = field(default_factory=list)
    _unanswered: int = 0

    def foregone(self, stream: str, division: int) -> Verdict | None:
        """Return what a question would come to, or None where it has to be asked."""
        verdict = self._of_all(division)
        if verdict is None and len(lacking := self._scopes.get(stream, [])) >= _ENOUGH:
            verdict = lacking[-1]
        if verdict is None:
            verdict = self._missing.get(self.scopes.get(stream) or "")
        return None if verdict is None else replace(verdict, asked=False)

    def over(self, division: int) -> bool:
        """Tell whether nothing has to be asked in a division any more, of whatever stream."""
        return self._of_all(division) is not None

    def _of_all(self, division: int) -> Verdict | None:
        """Return what every stream of a division comes to, where that is known."""
        of_user = self._of_user[-1] if len(self._of_user) >= _ENOUGH else None
        return self._stopped or self._of_divisions.get(division) or of_user

    def note(self, stream: str, division: int, verdict: Verdict) -> None:
        """Keep what is known, and learn from it what need not be asked."""
        self.known[stream, division] = verdict
        if not verdict.asked and verdict.result is not Result.NO_CALLS:
            return
        self._unanswered = self._unanswered + 1 if verdict.result is Result.NO_ANSWER else 0
        if self._unanswered >= _ENOUGH + self.at_once - 1 or (
            verdict.result is Result.NO_CALLS and verdict.until is None
        ):
            # Exact is out of order, or has blocked the app: nothing can be learnt from more of the same.
            self._stopped = verdict
        elif verdict.result in {Result.CLOSED, Result.NO_CALLS}:
            self._of_divisions[division] = verdict
        elif verdict.result is Result.SCOPE:
            self._scopes.setdefault(stream, []).append(verdict)
            self._missing[verdict.detail] = verdict
        if verdict.result is Result.CLOSED and verdict.detail in _OF_THE_USER:
            self._of_user.append(verdict)

    def of(self, stream: str) -> list[Result]:
        """Return what a stream comes to in each division, in their order."""
        return [self.known.get((stream, each), NOT_ASKED).result for each in self.divisions]

    def count(self, result: Result) -> int:
        """Return how many streams of divisions come to a result."""
        return sum(verdict.result is result for verdict in self.known.values())

    @property
    def asked(self) -> int:
        """How many questions were asked."""
        return sum(verdict.asked for verdict in self.known.values())
