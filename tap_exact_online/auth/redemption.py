"""The protocol of one redemption, as a conversation: what a process does, step by step, and never how it is done.

A generator says what it needs next (`Lock`, `Look`, `Spend`, `Write` ...) and is handed the outcome; `rotation` carries
it out. So what happens when two processes, a crash and a full disk meet can be tried out without any of them. The
picture is in docs/connection.md; what is written down, and what follows from it, is in `tries`.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tap_exact_online.auth import failures, tries
from tap_exact_online.auth.responses import TokenAnswer, Verdict
from tap_exact_online.auth.steps import Drop, Lock, Look, Rest, Save, Search, Spend, Steps, Unlock, Write
from tap_exact_online.auth.tokens import LIFETIME, RENEW_AT, Tokens, fingerprint
from tap_exact_online.auth.tries import Next, Start
from tap_exact_online.errors import ConfigurationError, TapError
from tap_exact_online.spoken import spoken

_log = logging.getLogger("tap-exact-online.auth")

# After "access_token not expired" the stored token is good for a while that nobody names: look again soon.
RECHECK = 30.0
# Less than this left: another process may have stored a newer token, so look before using the one at hand.
ENOUGH = 60.0 - (LIFETIME - RENEW_AT)
_OUT_OF_ORDER_WAITS = (5.0, 10.0, 20.0, 40.0)
_MOST_OVERTAKEN = 10  # a store whose lock never holds is none
_WRITE_WAITS = (0.2, 1.0)
_POLL = 2.0
# A store that takes nothing is tried before the calls of a run, but not before each of hundreds.
_PAUSE = 5.0
_LAST_WAITS = (1.0, 2.0, *[5.0] * 36)


@dataclass(slots=True)
class Redemption:
    """What one process knows of its connection, and what it does about it.

    Attributes:
        owner: The fingerprint of the client id and the server.
        seed: The `refresh_token` setting, if set.
        place: Where the store is, for messages.
        me: How this process is named in records.
        clock: Returns the time in epoch seconds.
        is_gone: Tells whether a process is known to have ended.
        patience: Seconds to wait at most before a token goes out for the last time.
        tokens: What is in use.
        unkept: A live token that the store does not hold: as long as there is one, keeping it comes first.
        failed: Why the store did not take it.
        saved: Whether it was saved elsewhere.
    """

    owner: str
    seed: str | None = field(repr=False)
    place: str
    me: str
    clock: Callable[[], float]
    is_gone: Callable[[str | None], bool]
    patience: float = float("inf")
    tokens: Tokens | None = field(default=None, repr=False)
    unkept: Tokens | None = field(default=None, repr=False)
    failed: OSError | None = None
    saved: bool = False
    _held_until: float = 0.0
    _attempted: float = 0.0
    _turned_away: int = 0
    _overtaken: int = 0
    _rested: tuple[str | None, float | None] | None = None
    _waited_for: float | None = -1.0

    # --- What is asked for ---------------------------------------------------------------------------------------

    def access(self) -> Steps:
        """Get an access token that can be used now."""
        if self.tokens and (self.tokens.left(self.clock()) >= ENOUGH or self.clock() < self._held_until):
            if self.unkept and not 0 <= self.clock() - self._attempted < _PAUSE:
                yield from self.bring_home()
            return self.tokens.access_token
        # What is held and not kept is newer than what is stored.
        token = None if self.unkept else (yield from self._looked_up())
        return token or (yield from self.obtain(None))

    def obtain(self, rejected: str | None) -> Steps:
        """Get an access token under the lock: one that another process stored, or a new one.

        Args:
            rejected: One that the API does not accept; None where there is none.
        """
        self._turned_away = self._overtaken = 0
        while True:
            yield Lock()
            outcome = yield from self._locked(rejected)
            yield Unlock()
            if self.unkept:
                yield from self.bring_home()
            if not isinstance(outcome, Rest):
                return outcome
            if outcome.seconds:
                yield outcome

    def bring_home(self) -> Steps:
        """Try to get what is held and not kept into the store, under a lock of its own.

        The lock that was held when it came may have been lost, and others may have written. What they noted about the
        token that was spent does not count; if they stored another chain, that one stands.
        """
        new, self._attempted = self.unkept, self.clock()
        if new is None:
            return
        try:
            yield Lock()
            stored = yield Look()
        except TapError as error:
            _log.warning("The newest token is not kept yet. %s", error)
        else:
            if tries.may_replace(stored, new):
                yield from self._write_home(new)
            else:
                _log.warning("The token store %s holds another connection by now, which stays", self.place)
                yield from self._settled(new)
        yield Unlock()

    def settle(self) -> Steps:
        """Go on for minutes, at the end of a process, to keep what is not kept."""
        for wait in _LAST_WAITS:
            yield from self.bring_home()
            if self.unkept is None:
                return
            yield Rest(wait)

    # --- Under the lock ------------------------------------------------------------------------------------------

    def _looked_up(self) -> Steps:
        """See what the store has, without the lock; while the token at hand is good the store may be out of reach."""
        try:
            stored = yield Look()
        except ConfigurationError as error:
            if self.tokens is None or self.tokens.left(self.clock()) <= 0:
                raise
            _log.warning("%s Going on with the token at hand.", error)
            return self.tokens.access_token
        return self._adopted(_connection(stored), None)

    def _locked(self, rejected: str | None) -> Steps:
        """Get an access token, or a `Rest` after which to look once more."""
        base = yield from self._newest(_connection((yield Look())))
        if token := self._adopted(base, rejected):
            return token
        start = self._start(base)
        what = tries.next_try(start, self.clock(), self.me, self.is_gone)
        if what is Next.REST and self._rested != (start.base.tried, start.base.tried_at):
            return self._rest(start, rejected)
        if what is Next.WAIT:
            return self._wait_for_the_other(start.base)
        if what is Next.DEAD:
            raise failures.given_up(start.base, self.place)
        return (yield from self._spend(start, rejected))

    def _newest(self, stored: Tokens | None) -> Steps:
        """Find what came of the stored token (or of the seed) and is not in the store, and bring it there."""
        found: Sequence[Tokens] = yield Search(tries.awaited(stored, self.seed))
        best = tries.newest(found, tries.awaited(stored, self.seed))
        mine = self.unkept
        if mine is not None and tries.may_replace(stored, mine):
            best = mine if best is None or len(mine.spent) >= len(best.spent) else best
        elif mine is not None:
            yield from self._settled(mine)
        if best is None:
            return stored
        yield from self._write_home(best)
        return best

    def _write_home(self, new: Tokens) -> Steps:
        self.unkept = new
        failed: OSError | None = yield Write(new)
        if failed is not None:
            self.failed = failed
            self.saved = (yield Save(new)) is None
            _log.warning("The token store %s cannot be written: %s", self.place, failed.strerror or failed)
            return
        _log.warning("The token that could not be stored before is now in %s", self.place)
        yield from self._settled(new)

    def _settled(self, new: Tokens) -> Steps:
        """The token is kept, or of no use any more: nothing of it is left elsewhere."""
        yield Drop(new)
        self.unkept, self.failed, self.saved = None, None, False

    def _start(self, base: Tokens | None) -> Start:
        if base is not None and not tries.replaced_by_seed(base, self.seed):
            if tries.is_given_up(base, self.seed):
                _log.warning(
                    "The setting `refresh_token` was sent before and gave no connection; going on with the stored one"
                )
            return Start(base, base.refresh_token, base.seed)
        if self.seed is None:
            raise failures.not_connected(self.place)
        seed = fingerprint(self.seed)
        return Start(base or Tokens(self.owner, self.seed, seed=seed), self.seed, seed)

    def _rest(self, start: Start, rejected: str | None) -> Rest | str:
        """Use the present access token to its end; then wait, before the token goes out for the last time."""
        if self._is_alive(start.base, rejected):
            return self._hold(start.base, start.base.access_issued + start.base.expires_in)
        wait = tries.rest(start, self.clock())
        if wait > self.patience:
            raise failures.not_yet(start.base, self.place)
        _log.warning("The refresh token goes out once more, for the last time, in %.0f s", wait)
        self._rested = (start.base.tried, start.base.tried_at)
        return Rest(wait)

    def _wait_for_the_other(self, record: Tokens) -> Rest:
        """Let another process keep what came of its try, before the token is called dead."""
        if self._waited_for != record.other_at:
            self._waited_for = record.other_at
            _log.warning(
                "Another process has sent the refresh token too (%s); waiting until it has kept what came of it",
                spoken(record.other_by or record.tried_by),
            )
        return Rest(_POLL)

    def _spend(self, start: Start, rejected: str | None) -> Steps:
        """Send the token, keep what comes back, and only then hand it out."""
        now = self.clock()
        elsewhere = self.unkept is not None
        announced = tries.announced(start, now, self.me)
        try:
            answer = yield Spend(start, announced, elsewhere)
        except TapError:
            yield from self._taken_back(start, announced)
            raise
        if isinstance(answer, OSError):
            if answer.errno == errno.ESTALE and self._overtaken < _MOST_OVERTAKEN:
                self._overtaken += 1
                return Rest(0)  # the lock was lost, and another process has written: see what
            if self._is_alive(start.base, rejected):
                return self._hold(start.base, start.base.access_issued + start.base.expires_in)
            raise failures.unwritable(self.place, answer) from answer
        if answer.refresh_token is not None:
            new = tries.successor(start, answer, self.clock(), self.me, is_kept=not elsewhere)
            yield from self._keep(new, elsewhere=elsewhere)
            self.tokens, self._held_until = new, 0.0
            if answer.verdict is Verdict.NEW:
                return new.access_token
            return self._held_to_its_end(new, rejected, answer) or Rest(0)
        return (yield from self._without_tokens(start, announced, answer, rejected))

    def _taken_back(self, start: Start, announced: Tokens) -> Steps:
        """Take an announcement back: the token never went out."""
        if self.unkept is not None:
            yield Save(start.base)
            return
        try:
            stored = yield Look()
        except TapError:
            return
        if stored == announced:
            yield Write(start.base)

    def _keep(self, new: Tokens, *, elsewhere: bool) -> Steps:
        """Write the new tokens; where the store fails, save them, and go on trying later."""
        failed: OSError | None = None
        for wait in (*_WRITE_WAITS, None):
            failed = yield Write(new)
            if failed is None:
                if elsewhere:
                    yield from self._settled(new)
                return
            _log.warning("The token store %s cannot be written: %s", self.place, failed.strerror or failed)
            # What another process wrote there is seen under the lock only, and this one was lost.
            if wait is None or failed.errno == errno.ESTALE or elsewhere:
                break
            yield Rest(wait)
        self.unkept, self.failed, self._attempted = new, failed, self.clock()
        self.saved = (yield Save(new)) is None

    def _without_tokens(
        self, start: Start, announced: Tokens, answer: TokenAnswer, rejected: str | None
    ) -> Steps:
        """Write down what came back, and go on after it, or say why not."""
        stored = announced if self.unkept is not None else _connection((yield Look()))
        if stored is None or stored.refresh_token != announced.refresh_token:
            return Rest(0)  # another process has stored a newer chain: see what it is
        record = tries.noted(stored, announced, start, answer, self.clock())
        if record != stored:
            failed = yield Save(record) if self.unkept is not None else Write(record)
            if failed is not None:
                _log.warning(
                    "The token store %s cannot be written: %s", self.place, failed.strerror or failed
                )
        if self.unkept is not None:
            self.unkept = record
        verdict = answer.verdict
        if verdict in {Verdict.LOST, Verdict.GATEWAY}:
            return self._held_to_its_end(record, rejected, answer) or Rest(0)
        if verdict is Verdict.OUT_OF_ORDER and (wait := self._after_refusal(answer, record, rejected)):
            return wait
        if verdict is Verdict.EARLY and record.access_token and not start.is_seed:
            return self._hold(record, self.clock() + RECHECK)
        spent = start.spent
        if verdict is Verdict.SPENT and tries.is_under_way(
            record, spent, self.clock(), self.me, self.is_gone
        ):
            return self._wait_for_the_other(record)
        raise failures.refused(answer, self.clock(), self.place, announced)

    def _after_refusal(self, answer: TokenAnswer, record: Tokens, rejected: str | None) -> Rest | str | None:
        """After a request that was turned away: the present token to its end, then a few more tries."""
        if token := self._held_to_its_end(record, rejected, answer):
            return token
        if self._turned_away >= len(_OUT_OF_ORDER_WAITS):
            return None
        wait = _OUT_OF_ORDER_WAITS[self._turned_away]
        self._turned_away += 1
        _log.warning("Exact's token endpoint is out of order (%s); trying again in %g s", answer.said, wait)
        return Rest(wait)

    # --- The access token ----------------------------------------------------------------------------------------

    def _adopted(self, tokens: Tokens | None, rejected: str | None) -> str | None:
        """Go on with tokens from the store if their access token can be used now."""
        if tokens is None or tries.replaced_by_seed(tokens, self.seed):
            return None
        if tokens.access_token == rejected or tokens.left(self.clock()) <= 0:
            return None
        self.tokens, self._held_until = tokens, 0.0
        return tokens.access_token

    def _is_alive(self, tokens: Tokens, rejected: str | None) -> bool:
        """Tell whether the present access token can still be used, if it belongs to this chain."""
        if tokens.access_token in {None, rejected} or tries.replaced_by_seed(tokens, self.seed):
            return False
        return 0 <= self.clock() - tokens.access_issued < tokens.expires_in

    def _held_to_its_end(self, tokens: Tokens, rejected: str | None, answer: TokenAnswer) -> str | None:
        if not self._is_alive(tokens, rejected):
            return None
        _log.warning("No token from Exact (%s); going on with the present one to its end", answer.said)
        return self._hold(tokens, tokens.access_issued + tokens.expires_in)

    def _hold(self, tokens: Tokens, until: float) -> str:
        """Go on with the present access token for a while."""
        self.tokens, self._held_until = tokens, until
        return tokens.access_token or ""


def _connection(stored: Tokens | None) -> Tokens | None:
    """What a login left that was killed while it tried the store holds no connection."""
    return stored if stored is not None and stored.refresh_token else None
