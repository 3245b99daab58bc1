"""When to exchange the refresh token, and how not to lose it.

The refresh token is single use and has no grace period. So: one process at a time (lock), nobody exchanges what
another has exchanged already (re-read under the lock), nothing is used before it is kept (durable write).
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from tap_exact_online.auth.responses import TokenAnswer, Verdict
from tap_exact_online.auth.stores import Store
from tap_exact_online.auth.tokens import RENEW_AT, Tokens, fingerprint
from tap_exact_online.errors import (
    ConfigurationError,
    LimitReached,
    LoginNeeded,
    TapError,
    TokenNotStored,
    Unreachable,
)

_log = logging.getLogger("tap-exact-online.auth")

# After "access_token not expired" the stored token is good for a while that nobody names: look again soon.
_RECHECK = 10.0
_CONNECT = "Connect again: put a new token in the setting `refresh_token`."


class Refresher(Protocol):
    """Spends a refresh token once."""

    def refresh(self, refresh_token: str) -> TokenAnswer:
        """Return what the server said."""
        ...


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
    """

    store: Store
    exchange: Refresher
    owner: str
    seed: str | None = field(repr=False)
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    _tokens: Tokens | None = field(default=None, repr=False)
    _good_until: float = 0.0

    def access_token(self) -> str:
        """Return an access token that can be used now.

        Raises:
            LoginNeeded: The chain is dead, or there is none.
            TokenNotStored: A new token came but could not be kept.
            ConfigurationError: The store or the client cannot be used.
            Unreachable: The token endpoint does not answer.
        """
        if (token := self._usable(self._tokens)) or (token := self._usable(self._stored())):
            return token
        with self.store.lock():
            if token := self._usable(self._stored()):
                return token
            return self._rotate(self._start())

    def renew(self, rejected: str) -> None:
        """Get another access token after the API refused one (401).

        Raises:
            LoginNeeded: The refused token is the newest there is.
        """
        with self.store.lock():
            stored = self._stored()
            if stored and stored.access_token != rejected and self._usable(stored):
                return
            start = self._start()
            if self._rotate(start) != rejected:
                return
            # Exact calls it unexpired and refuses it all the same; a new one may be asked for only after 570 s.
            wait = max(0.0, start.access_issued + RENEW_AT - self.clock())
            _log.warning(
                "The access token is refused before its time; a new one may be asked for in %.0f s", wait
            )
            self.sleep(wait)
            if self._rotate(start) == rejected:
                msg = f"Exact Online refuses the access token and gives no other. {_CONNECT}"
                raise LoginNeeded(msg)

    def _usable(self, tokens: Tokens | None) -> str | None:
        """Adopt tokens whose access token can be used now."""
        now = self.clock()
        if tokens is None or not (tokens.fresh(now) or (tokens is self._tokens and now < self._good_until)):
            return None
        self._tokens = tokens
        return tokens.access_token

    def _stored(self) -> Tokens | None:
        """Read the store; a chain that the setting `refresh_token` replaces does not count."""
        stored = self.store.read()
        return None if stored is not None and self._replaced_by_seed(stored) else stored

    def _replaced_by_seed(self, stored: Tokens) -> bool:
        return self.seed is not None and stored.seed != fingerprint(self.seed)

    def _start(self) -> Tokens:
        """Return the chain to go on with: what is stored, or the seed."""
        stored = self._stored()
        if stored is not None:
            return stored
        if self.seed is None:
            msg = (
                f"Not connected to Exact Online: the token store {self.store.place} is empty and the setting"
                f" `refresh_token` is not set. {_CONNECT}"
            )
            raise LoginNeeded(msg)
        return Tokens(self.owner, self.seed, seed=fingerprint(self.seed))

    def _rotate(self, old: Tokens) -> str:
        """Spend the refresh token, keep what comes back, and only then hand it out. Runs under the lock."""
        self.store.check()
        answer = self.exchange.refresh(old.refresh_token)
        if answer.verdict is Verdict.UNCLEAR:
            if old.access_token and self.clock() - old.access_issued < old.expires_in:
                _log.warning(
                    "No clear answer of the token endpoint (%s); using the present token", answer.said
                )
                return self._hold(old)
            # If the first try took effect the token is dead whatever is done now, so one more try can only help.
            _log.warning("No clear answer of the token endpoint (%s); trying once more", answer.said)
            answer = self.exchange.refresh(old.refresh_token)
        if answer.verdict is Verdict.NEW:
            return self._keep(old, answer)
        if answer.verdict is Verdict.EARLY and old.access_token:
            return self._hold(old)
        if answer.verdict is Verdict.SPENT and (token := self._rotated_elsewhere(old)):
            return token
        raise self._failure(answer)

    def _hold(self, tokens: Tokens) -> str:
        """Go on with the stored access token for a little while."""
        self._tokens = tokens
        self._good_until = self.clock() + _RECHECK
        return tokens.access_token or ""

    def _rotated_elsewhere(self, old: Tokens) -> str | None:
        """Adopt the chain that another process stored without our lock, if one did."""
        stored = self._stored()
        if stored is None or stored.refresh_token == old.refresh_token:
            return None
        return self._usable(stored)

    def _keep(self, old: Tokens, answer: TokenAnswer) -> str:
        now = self.clock()
        new = replace(
            old,
            refresh_token=answer.refresh_token or old.refresh_token,
            refresh_issued=now,
            access_token=answer.access_token,
            access_issued=now,
            expires_in=answer.expires_in,
            rotated_by=f"{socket.gethostname()}:{os.getpid()}",
        )
        try:
            self.store.write(new)
        except OSError as error:
            msg = (
                f"A new token came but could not be kept in {self.store.place} ({error.strerror}); the stored one is"
                f" dead. Make the store writable. {_CONNECT}"
            )
            raise TokenNotStored(msg) from error
        self._tokens = new
        return new.access_token or ""

    def _failure(self, answer: TokenAnswer) -> TapError:
        """Return what an answer without tokens means for the run."""
        said = f"Exact says: {answer.said}."
        if answer.verdict is Verdict.WRONG_CLIENT:
            msg = f"The app registration is not accepted: check `client_id` and `client_secret`. {said}"
            return ConfigurationError(msg)
        if answer.verdict is Verdict.EARLY:
            until = datetime.fromtimestamp(self.clock() + RENEW_AT, UTC)
            msg = (
                "Exact gives one access token in ten minutes and the last one was given to another process, whose"
                f" store this one does not share. Run again after {until:%H:%M} UTC, or set `store` to that place."
            )
            return LimitReached(msg, until)
        if answer.verdict is Verdict.SPENT:
            msg = f"The refresh token was used before, and {self.store.place} holds no newer one. {said} {_CONNECT}"
            return LoginNeeded(msg)
        if answer.verdict is Verdict.LAPSED:
            msg = f"The connection has ended: unused for 30 days, or replaced by a newer login. {said} {_CONNECT}"
            return LoginNeeded(msg)
        msg = (
            f"The token endpoint gives no clear answer ({answer.said}). Run again later; should Exact then say"
            " 'Old refresh token used', an answer was lost on the way and a new login is needed."
        )
        return Unreachable(msg)
