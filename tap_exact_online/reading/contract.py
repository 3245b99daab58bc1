"""Whether a 429 is the contract's: its limit is over all divisions, and no answer says that it is reached. Pure.

A division's own limit explains a 429 where the answer shows none left, or where so many calls went to it within the minute. One
that is not explained so is the contract's as soon as another division says the same, with no other answer in between. Where only
one division is asked it is the contract's if it shows nothing at all, and does so again after its minute was waited for. An
answer of any other division in between says that there are calls, if it was asked for after the refusal was known: of several calls
that are under way at once the last that was allowed may well be answered after the first that was not.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Suspicion:
    """What was refused without a reason of its own."""

    _division: int | None = None
    _refusals: int = 0
    _asked: dict[int, int] = field(default_factory=dict)
    """How many refusals were known when each division was asked; never two calls are under way for one."""
    _answers: int = 0
    _first: dict[int, int] = field(default_factory=dict)
    """How many answers there were when each division was refused first, since it answered last."""

    def sent(self, division: int) -> None:
        """Take note of a call that goes out."""
        self._asked[division] = self._refusals

    def answered(self, division: int) -> None:
        """Take note of an answer of a division that is no 429."""
        if self._asked.get(division) == self._refusals:
            self._division = None
        self._answers += 1
        self._first.pop(division, None)

    def refused(self, division: int, *, explained: bool, silent: bool) -> bool:
        """Take note of a 429, and tell whether the contract's calls are used up.

        Args:
            division: The division that was asked.
            explained: A limit of its own explains it.
            silent: The answer shows no limit at all.
        """
        if explained:
            return False
        before, self._division = self._division, division
        self._refusals += 1
        again = division in self._first
        alone = self._first.setdefault(division, self._answers) == self._answers
        return (before is not None and before != division) or (again and alone and silent)
