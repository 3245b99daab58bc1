"""Whether a 429 is the contract's: its limit is over all divisions, and no answer says that it is reached. Pure.

A division's own limit explains a 429 where the answer shows none left, or where so many calls went to it within the minute. One
that is not explained so is the contract's as soon as another division says the same, with no other answer in between. Where only
one division is asked it is the contract's if it shows nothing at all, and does so again after its minute was waited for.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Suspicion:
    """What was refused without a reason of its own."""

    _division: int | None = None

    def answered(self) -> None:
        """Take note of an answer that is no 429."""
        self._division = None

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
        return before is not None and (before != division or silent)
