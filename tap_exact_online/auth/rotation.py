"""When to exchange the refresh token, and how not to lose it.

The refresh token is single use and has no grace period. So: one process at a time (lock), nobody exchanges what
another has exchanged already (re-read under the lock), the store says what is about to happen before it happens
(intent), nothing is used before it is kept (durable write), and a token goes out at most twice without an answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from tap_exact_online.auth import failures
from tap_exact_online.auth.responses import TokenAnswer, Verdict
from tap_exact_online.auth.signals import held_back
from tap_exact_online.auth.stores import Store
from tap_exact_online.auth.tokens import LIFETIME, RENEW_AT, Tokens, fingerprint, this_process
from tap_exact_online.errors import ConfigurationError, LoginNeeded, TapError, TokenNotStored

_log = logging.getLogger("tap-exact-online.auth")

# After "access_token not expired" the stored token is good for a while that nobody names: look again soon.
_RECHECK = 30.0
# Less than this left: another process may have stored a newer token, so look before using the one at hand.
_ENOUGH = 60.0 - (LIFETIME - RENEW_AT)
_MOST_TRIES = 2
_OUT_OF_ORDER_WAITS = (5.0, 10.0, 20.0, 40.0)
_WRITE_WAITS = (0.2, 1.0)


class Refresher(Protocol):
    """Spends a refresh token once."""

    def refresh(self, refresh_token: str) -> TokenAnswer:
        """Return what the server said."""
        ...


@dataclass(frozen=True, slots=True)
class _Start:
    """What a rotation starts from.

    Attributes:
        base: What the store holds until the answer is there.
        refresh_token: The token to spend: that of `base`, or a seed that replaces its chain.
        seed: Fingerprint of the seed that the new chain grows from, if any.
    """

    base: Tokens
    refresh_token: str = field(repr=False)
    seed: str | None


@dataclass(slots=True)
class Rotation:
    """Gives access tokens, and keeps the chain behind them alive.

    Attributes:
        store: Keeps the chain.
        exchange: Talks to the token endpoint.
        owner: The fingerprint of the client id and the server.
        seed: The `refresh_token` setting, if set.
        clock: Returns the time in epoch seconds.
        sleep: Waits for a number of seconds.
        emergency: Keeps a new token that `store` did not take.
        unsaved: Why the newest token is not in the store, or None: the run goes on, but must not end well.
    """

    store: Store
    exchange: Refresher
    owner: str
    seed: str | None = field(repr=False)
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    emergency: Store | None = None
    unsaved: TokenNotStored | None = None
    _tokens: Tokens | None = field(default=None, repr=False)
    _held_until: float = 0.0

    def access_token(self) -> str:
        """Return an access token that can be used now.

        Raises:
            LoginNeeded: The chain is dead, or there is none.
            TokenNotStored: A new token came but could not be kept anywhere.
            ConfigurationError: The store or the client cannot be used.
            LimitReached: Another process holds the store.
            Unreachable: The token endpoint does not answer.
        """
        if self._tokens and (self._left(self._tokens) >= _ENOUGH or self.clock() < self._held_until):
            return self._tokens.access_token or ""
        if token := self._looked_up():
            return token
        with self.store.lock():
            # Another process may have rotated while this one waited for the lock.
            return self._adopted(self._stored()) or self._rotate(self._start())

    def _looked_up(self) -> str | None:
        """Return what the store has, without the lock; while the token at hand is good the store may be out of reach."""
        try:
            return self._adopted(self._stored())
        except ConfigurationError as error:
            if self._tokens is None or self._left(self._tokens) <= 0:
                raise
            _log.warning("%s Going on with the token at hand.", error)
            return self._tokens.access_token

    def renew(self, rejected: str) -> None:
        """Get another access token after the API refused one (401).

        Raises:
            LoginNeeded: The refused token is the newest there is.
        """
        if self._replaced(rejected):
            return
        # Exact calls it unexpired and refuses it all the same; a new one may be asked for only after 570 s. Others may
        # need the store meanwhile, so the wait is not under the lock.
        issued = self._tokens.access_issued if self._tokens else 0.0
        wait = min(max(_RECHECK, issued + RENEW_AT - self.clock()), RENEW_AT)
        _log.warning("The access token is refused before its end; a new one may be asked for in %.0f s", wait)
        self.sleep(wait)
        if not self._replaced(rejected):
            msg = f"Exact Online refuses the access token and gives no other. {failures.LOGIN}"
            raise LoginNeeded(msg)

    def _replaced(self, rejected: str) -> bool:
        """Go on with another token than the refused one, from the store or from Exact; False where there is none."""
        with self.store.lock():
            stored = self._stored()
            if stored and stored.access_token != rejected and self._adopted(stored):
                return True
            return self._rotate(self._start()) != rejected

    def _left(self, tokens: Tokens) -> float:
        """Return the seconds for which an access token can be used before it is to be renewed."""
        return tokens.left(self.clock())

    def _adopted(self, tokens: Tokens | None) -> str | None:
        """Go on with tokens from the store if their access token can be used now."""
        if tokens is None or self._left(tokens) <= 0:
            return None
        self._tokens = tokens
        return tokens.access_token

    def _stored(self) -> Tokens | None:
        """Read the store; a chain that the setting `refresh_token` replaces does not count."""
        stored = self._read()
        return None if stored is not None and self._replaced_by_seed(stored) else stored

    def _read(self) -> Tokens | None:
        """Read the store; what a login left that was killed while it tried the store holds no connection."""
        stored = self.store.read()
        return stored if stored is not None and stored.refresh_token else None

    def _replaced_by_seed(self, stored: Tokens) -> bool:
        return self.seed is not None and stored.seed != fingerprint(self.seed)

    def _start(self) -> _Start:
        """Return what to go on from: what is stored, what was saved in an emergency, or the seed."""
        stored = self._read()
        if stored is not None and not self._replaced_by_seed(stored):
            stored = self._rescued(stored)
            return _Start(stored, stored.refresh_token, stored.seed)
        if self.seed is None:
            raise failures.not_connected(self.store.place)
        seed = fingerprint(self.seed)
        return _Start(stored or Tokens(self.owner, self.seed, seed=seed), self.seed, seed)

    def _rescued(self, stored: Tokens) -> Tokens:
        """Bring home a token that an earlier run could not store, if it is the successor of the stored one."""
        rescued = self.emergency.read() if self.emergency else None
        if rescued is None or rescued.previous != fingerprint(stored.refresh_token):
            return stored
        self._write(rescued)
        _log.warning("The token that an earlier run could not store is now in %s", self.store.place)
        return rescued

    def _rotate(self, start: _Start) -> str:
        """Spend the refresh token, keep what comes back, and only then hand it out. Runs under the lock."""
        spent = fingerprint(start.refresh_token)
        before = start.base.tries if start.base.tried == spent else 0
        if before >= _MOST_TRIES:
            raise failures.given_up(start.base, self.store.place)
        for wait in (*_OUT_OF_ORDER_WAITS, None):
            with held_back():
                base = self._announce(start.base, spent, before + 1)
                answer = self._ask(base, before, start.refresh_token)
                if answer.verdict is Verdict.NEW:
                    return self._keep(base, start, answer)
                base = self._note(base, before, answer)
            if (
                answer.verdict is not Verdict.OUT_OF_ORDER
                or wait is None
                or self._alive(base)
                or base.refresh_token != start.base.refresh_token
            ):
                break
            _log.warning(
                "Exact's token endpoint is out of order (%s); trying again in %g s", answer.said, wait
            )
            self.sleep(wait)
        return self._without_tokens(base, start, answer)

    def _ask(self, base: Tokens, tries: int, refresh_token: str) -> TokenAnswer:
        """Send a token; where it never went out, this try does not count."""
        try:
            return self.exchange.refresh(refresh_token)
        except TapError:
            with suppress(OSError):
                self.store.write(replace(base, tries=tries))
            raise

    def _without_tokens(self, base: Tokens, start: _Start, answer: TokenAnswer) -> str:
        """Go on after an answer that brought no tokens, or say why not."""
        verdict = answer.verdict
        if base.refresh_token != start.base.refresh_token and not self._alive(base):
            # Half an answer: the next refresh token came, but nothing to read with.
            return self._rotate(_Start(base, base.refresh_token, start.seed))
        if verdict in {Verdict.LOST, Verdict.OUT_OF_ORDER} and self._alive(base):
            _log.warning("No token from Exact (%s); going on with the present one to its end", answer.said)
            return self._hold(base, base.access_issued + base.expires_in)
        if verdict is Verdict.LOST:
            # If the first try took effect the token is dead whatever is done now, so one more try can only help.
            _log.warning("No answer to the exchange of the token (%s); trying once more", answer.said)
            return self._rotate(replace(start, base=base))
        if verdict is Verdict.EARLY and base.access_token and not self._is_seed(start):
            return self._hold(base, self.clock() + _RECHECK)
        if verdict is Verdict.SPENT:
            stored = self._stored()
            if stored and stored.refresh_token != start.refresh_token and (token := self._adopted(stored)):
                return token
        raise failures.refused(answer, self.clock(), self.store.place, base)

    def _is_seed(self, start: _Start) -> bool:
        return start.refresh_token != start.base.refresh_token

    def _alive(self, tokens: Tokens) -> bool:
        """Tell whether the present access token can still be used, if it belongs to this chain."""
        if tokens.access_token is None or self._replaced_by_seed(tokens):
            return False
        return 0 <= self.clock() - tokens.access_issued < tokens.expires_in

    def _hold(self, tokens: Tokens, until: float) -> str:
        """Go on with the present access token for a while."""
        self._tokens, self._held_until = tokens, until
        return tokens.access_token or ""

    def _announce(self, base: Tokens, spent: str, tries: int) -> Tokens:
        """Write down that a token is about to be spent: it explains a crash, and proves that the store takes writes."""
        announced = replace(
            base, tried=spent, tries=tries, tried_by=this_process(), tried_at=self.clock(), refused=None
        )
        try:
            self.store.write(announced)
        except OSError as error:
            msg = (
                f"The token store {self.store.place} cannot be written ({error.strerror or error}), and a refresh now"
                " would lose the connection. Make it writable or set `store` elsewhere; nothing was spent."
            )
            raise ConfigurationError(msg) from error
        return announced

    def _note(self, base: Tokens, tries: int, answer: TokenAnswer) -> Tokens:
        """Write down what came back. Only no answer, or one that calls the token dead, counts as a try of it."""
        known = replace(base, tries=tries)
        if answer.verdict is Verdict.LOST:
            known = base
        elif answer.verdict in {Verdict.SPENT, Verdict.LAPSED}:
            known = replace(base, refused=answer.said)
        if answer.refresh_token and answer.refresh_token != base.refresh_token:
            issued = self.clock()
            known = replace(
                known, refresh_token=answer.refresh_token, previous=base.tried, refresh_issued=issued
            )
        if known == base:
            return base
        stored = self.store.read()
        if stored is None or stored.refresh_token != base.refresh_token:
            return known  # someone who does not keep our lock has stored a newer chain: theirs stands
        try:
            self.store.write(known)
        except OSError as error:
            _log.warning("The token store %s cannot be written: %s", self.store.place, error.strerror)
        return known

    def _keep(self, base: Tokens, start: _Start, answer: TokenAnswer) -> str:
        """Store the new tokens; where the store fails, save them elsewhere and go on with this run."""
        now = self.clock()
        new = Tokens(
            owner=base.owner,
            refresh_token=answer.refresh_token or start.refresh_token,
            refresh_issued=now,
            access_token=answer.access_token,
            access_issued=now,
            expires_in=answer.expires_in,
            seed=start.seed,
            rotated_by=this_process(),
            previous=fingerprint(start.refresh_token),
        )
        try:
            self._write(new)
        except OSError as error:
            self.unsaved = self._save_elsewhere(new, error)
        else:
            self.unsaved = None
        self._tokens, self._held_until = new, 0.0
        return new.access_token or ""

    def _write(self, tokens: Tokens) -> None:
        for wait in _WRITE_WAITS:
            try:
                return self.store.write(tokens)
            except OSError as error:
                _log.warning("The token store %s cannot be written: %s", self.store.place, error.strerror)
                self.sleep(wait)
        return self.store.write(tokens)

    def _save_elsewhere(self, tokens: Tokens, error: OSError) -> TokenNotStored:
        msg = (
            f"A new token came but could not be kept in {self.store.place} ({error.strerror or error}); the stored one"
            " is dead. Make the store writable."
        )
        try:
            if self.emergency is None:
                raise error
            self.emergency.write(tokens)
        except OSError:
            return TokenNotStored(f"{msg} {failures.LOGIN}")
        return TokenNotStored(
            f"{msg} The token was saved in {self.emergency.place}; the next run on this machine brings it home by"
            " itself."
        )
