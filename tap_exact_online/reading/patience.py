"""How long to go on trying a call that may yet succeed. Pure: nothing waits here."""

from __future__ import annotations

from dataclasses import dataclass

from tap_exact_online.wire import Retry

_LONGEST_WAIT = 60.0
# Growing waits of 2 s and more: about four minutes in all. A server that has never answered in this run is more
# likely a wrong setting than a hiccup, and is given up sooner.
_TRIES = 8
_TRIES_BEFORE_FIRST_ANSWER = 3


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try.

    Attributes:
        maintenance: Seconds to wait in all while Exact is out of order.
    """

    maintenance: float = 3600.0

    def wait(self, action: Retry, tries: int, waited: float, *, answered: bool) -> float | None:
        """Return the seconds to wait before the next try, or None to give up.

        Args:
            action: What the last try came to.
            tries: How many tries there were.
            waited: Seconds waited between them so far.
            answered: The server has answered in this run before.
        """
        wait = min(action.after * 2.0 ** min(tries - 1, 10), _LONGEST_WAIT)
        if not answered:
            return wait if tries < _TRIES_BEFORE_FIRST_ANSWER else None
        if action.maintenance and waited < self.maintenance:
            return min(wait, max(self.maintenance - waited, 1.0))
        return wait if tries < _TRIES else None
