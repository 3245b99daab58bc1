"""Carries a redemption out: with a store, a token endpoint, a clock, and a place for what the store does not take."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from tap_exact_online.auth import failures, steps
from tap_exact_online.auth.redemption import RECHECK, Redemption
from tap_exact_online.auth.responses import TokenAnswer
from tap_exact_online.auth.signals import held_back
from tap_exact_online.auth.stores import Store
from tap_exact_online.auth.tokens import RENEW_AT, Tokens, is_gone, this_process
from tap_exact_online.errors import LoginNeeded, TapError, TokenNotStored

_log = logging.getLogger("tap-exact-online.auth")


class Refresher(Protocol):
    """Spends a refresh token once."""

    def refresh(self, refresh_token: str, announce: Callable[[], None]) -> TokenAnswer:
        """Connect, announce, send, and return what the server said."""
        ...


class Haven(Protocol):
    """Keeps on this machine what a store did not take."""

    def place(self, tokens: Tokens) -> str:
        """Return where a record is kept, for messages."""
        ...

    def save(self, tokens: Tokens) -> None:
        """Keep a record; raises `OSError`."""
        ...

    def find(self, spent: frozenset[str]) -> Sequence[Tokens]:
        """Return what was saved of what came of these tokens, named by their fingerprints."""
        ...

    def drop(self, tokens: Tokens) -> None:
        """Forget a record that is kept where it belongs, and those that led to it; raises `OSError`."""
        ...


class _NotAnnounced(Exception):  # noqa: N818  names what did not happen
    """The store did not take the announcement. No `OSError`: that would look like a failure of the connection."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error


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
        haven: Keeps a new token that `store` did not take.
        patience: Seconds to wait at most before a token goes out for the last time.
    """

    store: Store
    exchange: Refresher
    owner: str
    seed: str | None = field(repr=False)
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    haven: Haven | None = None
    patience: float = float("inf")
    _redemption: Redemption = field(init=False, repr=False)
    _told: tuple[Tokens, TokenNotStored] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._redemption = Redemption(
            self.owner, self.seed, self.store.place, this_process(), self.clock, is_gone, self.patience
        )

    @property
    def unsaved(self) -> TokenNotStored | None:
        """Why the newest token is not in the store, or None: the run goes on, but must not end well."""
        now = self._redemption
        if now.unkept is None:
            self._told = None
            return None
        if self._told is None or self._told[0] is not now.unkept:
            saved = self.haven.place(now.unkept) if self.haven is not None and now.saved else None
            self._told = (now.unkept, failures.unkept(self.store.place, now.failed, saved))
        return self._told[1]

    def access_token(self) -> str:
        """Return an access token that can be used now.

        Raises:
            LoginNeeded: The chain is dead, or there is none.
            ConfigurationError: The store or the client cannot be used.
            LimitReached: Another process holds the store.
            Unreachable: The token endpoint does not answer.
        """
        return str(self._carried_out(self._redemption.access()))

    def renew(self, rejected: str) -> None:
        """Get another access token after the API refused one (401).

        Raises:
            LoginNeeded: The refused token is the newest there is.
        """
        if self._replaced(rejected):
            return
        # Exact calls it unexpired and refuses it all the same; a new one may be asked for only after 570 s. Others may
        # need the store meanwhile, so the wait is not under the lock.
        tokens = self._redemption.tokens
        issued = tokens.access_issued if tokens else 0.0
        wait = min(max(RECHECK, issued + RENEW_AT - self.clock()), RENEW_AT)
        _log.warning("The access token is refused before its end; a new one may be asked for in %.0f s", wait)
        self.sleep(wait)
        if not self._replaced(rejected):
            msg = f"Exact Online refuses the access token and gives no other. {failures.login()}"
            raise LoginNeeded(msg)

    def settle(self) -> TokenNotStored | None:
        """Go on for minutes, at the end of a run, to keep what is not kept; return why the store holds it not even then."""
        self._carried_out(self._redemption.settle())
        return self.unsaved

    def _replaced(self, rejected: str) -> bool:
        """Go on with another token than the refused one, from the store or from Exact; False where there is none."""
        return bool(self._carried_out(self._redemption.obtain(rejected)) != rejected)

    def _carried_out(self, conversation: steps.Steps) -> Any:
        """Hold a conversation to its end."""
        with _Hands(self) as hands:
            answer, failure = None, None
            while True:
                try:
                    step = conversation.throw(failure) if failure else conversation.send(answer)
                except StopIteration as end:
                    return end.value
                answer, failure = None, None
                try:
                    answer = hands.do(step)
                except TapError as error:
                    failure = error


class _Hands:
    """Does the steps of one conversation. What is locked at its end is let go of, and signals that came take effect."""

    def __init__(self, rotation: Rotation) -> None:
        self._of = rotation
        self._locked = ExitStack()
        self._held = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._held, self._locked:
            pass

    def do(self, step: steps.Step) -> Any:  # noqa: PLR0911  one for each step
        """Do one step.

        Raises:
            TapError: It failed.
        """
        store, haven = self._of.store, self._of.haven
        match step:
            case steps.Lock():
                return self._locked.enter_context(store.lock())
            case steps.Unlock():
                return self.__exit__()
            case steps.Look():
                return store.read()
            case steps.Search(spent):
                return [*store.leftovers(), *(haven.find(spent) if haven is not None else ())]
            case steps.Write(tokens):
                return _tried(store.write, tokens)
            case steps.Save(tokens):
                return _tried(haven.save, tokens) if haven is not None else OSError("there is no such place")
            case steps.Drop(tokens):
                return _tried(haven.drop, tokens) if haven is not None else None
            case steps.Spend():
                return self._spend(step)
            case steps.Rest(seconds):
                return self._of.sleep(seconds)

    def _spend(self, step: steps.Spend) -> TokenAnswer | OSError:
        """Announce as soon as the connection stands, and send.

        From the announcement to the end of the lock no signal interrupts: a token may be on its way.
        """

        def announce() -> None:
            self._held.enter_context(held_back())
            failed = self.do(steps.Save(step.announced) if step.elsewhere else steps.Write(step.announced))
            if failed is not None:
                raise _NotAnnounced(failed)
            if not step.elsewhere:
                try:
                    self._of.store.reserve()
                except OSError as error:
                    raise _NotAnnounced(error) from None

        try:
            return self._of.exchange.refresh(step.start.refresh_token, announce)
        except _NotAnnounced as refusal:
            return refusal.error


def _tried(act: Callable[[Tokens], None], tokens: Tokens) -> OSError | None:
    try:
        act(tokens)
    except OSError as error:
        return error
    return None
