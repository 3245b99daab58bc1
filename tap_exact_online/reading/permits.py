"""Whether a call may go out: the limits of its division, and the budget of the contract."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tap_exact_online.errors import ContractUsedUp, LimitReached
from tap_exact_online.reading.budget import Budget
from tap_exact_online.reading.contract import Suspicion
from tap_exact_online.reading.limits import DAY, Limits, end_of
from tap_exact_online.wire import Call, Rest

_log = logging.getLogger("tap-exact-online.client")

_MOST_LIMITED = 5


@dataclass(slots=True)
class Permits:
    """Lets calls out. A call without a division, as `current/Me`, is counted nowhere.

    Attributes:
        limits: The calls left in each division.
        budget: The calls of the contract, None where nobody counts them.
        clock: Returns the time in epoch seconds.
    """

    limits: Limits
    budget: Budget | None
    clock: Callable[[], float]
    _suspicion: Suspicion = field(default_factory=Suspicion)

    def wait(self, call: Call) -> Iterator[Rest]:
        """Wait until the division's limits allow a call.

        Raises:
            LimitReached: They allow none today.
        """
        if call.division is None:
            return
        while True:
            if (day_ends := self.limits.day_over(call.division)) is not None:
                until = datetime.fromtimestamp(day_ends, UTC)
                msg = (
                    f"{call}: the calls of this day are used up. Run again after {until:%Y-%m-%d %H:%M} UTC."
                )
                raise LimitReached(msg, until)
            if (wait := self.limits.wait(call.division)) > 0:
                _log.debug("Division %d rests %.1f s until its next minute", call.division, wait)
            yield Rest(wait)
            if not wait:
                return

    def sent(self, call: Call) -> None:
        """Count a call that goes out.

        Raises:
            ContractUsedUp: The contract has none left.
        """
        if call.division is not None:
            if self.budget is not None:
                self.budget.take()
            self.limits.sent(call.division)
            self._suspicion.sent(call.division)

    def answered(self, call: Call, headers: Mapping[str, str], *, refused: bool) -> None:
        """Learn from an answer.

        Args:
            call: What was asked.
            headers: The answer's headers.
            refused: It was a 429.
        """
        if call.division is not None:
            self.limits.answered(call.division, headers, refused=refused)
            if not refused:
                self._suspicion.answered(call.division)

    def refused(self, call: Call, headers: Mapping[str, str], times: int) -> None:
        """Find out whether it makes sense to wait after a 429.

        Args:
            call: What was asked.
            headers: The answer's headers.
            times: How often this call was refused so.

        Raises:
            ContractUsedUp: Nothing but the limit of the contract explains it.
            LimitReached: Waiting as told does not help.
        """
        division = call.division
        if division is not None and self._suspicion.refused(
            division,
            explained=self.limits.explains(division, headers),
            silent=self.limits.silent(headers),
        ):
            until = datetime.fromtimestamp(end_of(self.clock(), DAY), UTC)
            msg = (
                "Exact refuses calls (429) though no limit of a division is reached: those that it allows a contract each day, over"
                f" all companies and apps, are used up. Nothing more is asked. Run again after {until:%Y-%m-%d %H:%M} UTC."
            )
            raise ContractUsedUp(msg, until)
        if times >= _MOST_LIMITED:
            msg = (
                f"{call}: refused {times} times (429) although the wait was kept. Something else uses the same app"
                " in this division; run again later."
            )
            raise LimitReached(msg)
