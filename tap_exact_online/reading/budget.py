"""The budget of a run: how many calls of the contract it may make, together with all other processes.

What is counted is what Exact counts, calls with a division in their address. The count is kept on the board; where that cannot be
reached, this process counts by itself and says so, once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tap_exact_online.board import Board
from tap_exact_online.errors import ContractUsedUp, EnoughForNow
from tap_exact_online.reading import account as _account
from tap_exact_online.reading.account import Account
from tap_exact_online.reading.limits import DAY, end_of
from tap_exact_online.reading.plan import Supply

_log = logging.getLogger("tap-exact-online")

CALLS = "calls"
"""The name of the account on the board."""
SPENT = "the calls that `contract_calls` leaves this run are used up"


@dataclass(slots=True)
class Budget:
    """Lends the calls of a contract.

    Attributes:
        limit: Calls a day over all divisions and processes; 0 for no limit.
        spread: Leave calls for the hours to come.
        board: Where the account is kept.
        clock: Returns the time in epoch seconds.
        made: Calls that this run has made.
    """

    limit: int
    spread: bool
    board: Board
    clock: Callable[[], float]
    made: int = 0
    _alone: Account = field(default_factory=Account)
    _lonely: bool = False
    _block: int = 0
    _block_ends: float = 0.0
    _share: int | None = None

    def begin(self, part: float) -> Supply:
        """Take note that a run begins to read, and return what it may do.

        Args:
            part: The part of all divisions that this run reads: others read the rest.
        """
        if not self.limit:
            return Supply()
        now = self.clock()
        known = self._change(lambda account: _account.begun(account, now, part))
        supply = self._supply(known, part, self._block)
        self._share = self.made + (supply.calls or 0)
        return supply

    def foreseen(self, part: float, before: int = 0) -> Supply:
        """Return what a run would be given that begins now, without beginning one.

        Args:
            part: The part of all divisions that it would read.
            before: How many calls it would make before it knows its divisions.
        """
        if not self.limit:
            return Supply()
        now, held = self.clock(), 0
        known = self._change(lambda account: account)
        for _ in range(before):
            if not held:
                known, held = _account.lent(known, now, self.limit)
            held -= bool(held)
        return self._supply(_account.begun(known, now, part), part, held)

    def _supply(self, known: Account, part: float, held: int) -> Supply:
        calls = _account.share(known, self.limit, part, spread=self.spread, held=held)
        return Supply(calls, _account.turns(known, self.limit, part, spread=self.spread))

    @property
    def spent(self) -> bool:
        """Whether this run has had its share: it begins nothing more, and ends what it has begun."""
        return self._share is not None and self.made >= self._share

    def take(self) -> None:
        """Count a call that goes out.

        Raises:
            EnoughForNow: There are none left today, and this run has made all that it may.
            ContractUsedUp: There are none left today.
        """
        if not self.limit:
            return
        now = self.clock()
        if self._block <= 0 or now >= self._block_ends:
            self._block = self._lend(now)
            self._block_ends = end_of(now, DAY)
            if not self._block and self.spent:
                raise EnoughForNow(SPENT)
            if not self._block:
                until = datetime.fromtimestamp(self._block_ends, UTC)
                msg = (
                    f"The {self.limit:,} calls of this day that `contract_calls` allows for all divisions together are used up."
                    f" Nothing more is asked. Run again after {until:%Y-%m-%d %H:%M} UTC."
                )
                raise ContractUsedUp(msg, until)
        self._block -= 1
        self.made += 1

    def settle(self) -> None:
        """Give back what was lent and not used."""
        now = self.clock()
        if self._block > 0 and now < self._block_ends:
            calls, self._block = self._block, 0
            self._change(lambda account: _account.given_back(account, now, calls))

    def _lend(self, now: float) -> int:
        lent = 0

        def lend(account: Account) -> Account:
            nonlocal lent
            account, lent = _account.lent(account, now, self.limit)
            return account

        self._change(lend)
        return lent

    def _change(self, change: Callable[[Account], Account]) -> Account:
        if not self._lonely:
            try:
                content = self.board.change(
                    CALLS, lambda before: _account.written(change(_account.opened(before)))
                )
                return _account.opened(content)
            except OSError as error:
                self._lonely = True
                _log.warning(
                    "The calls of the contract cannot be counted together with other processes (%s): this run counts its own"
                    " alone. Check `store`.",
                    error.strerror,
                )
        self._alone = change(self._alone)
        return self._alone
