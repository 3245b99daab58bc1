"""A store, a token endpoint and a clock in one, with one log of all that happens, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tap_exact_online.auth.responses import TokenAnswer, Verdict
from tap_exact_online.auth.rotation import Rotation
from tap_exact_online.auth.tokens import Tokens

OWNER = "someone"
NOW = 1_750_000_000.0
STORED = Tokens(
    OWNER, "refresh-0-hunter2", refresh_issued=NOW, access_token="access-0-hunter2", access_issued=NOW
)
READ_UNDER_LOCK = ["read", "lock", "read"]


@dataclass(repr=False)
class Drawer:
    """Keeps what the shelf does not take."""

    saved: list[Tokens] = field(default_factory=list)

    def place(self, _: Tokens) -> str:
        return "the drawer"

    def save(self, tokens: Tokens) -> None:
        self.drop(tokens)
        self.saved.append(tokens)

    def find(self, spent: frozenset[str]) -> list[Tokens]:
        return [tokens for tokens in self.saved if {*tokens.spent} & spent]

    def drop(self, tokens: Tokens) -> None:
        self.saved = [each for each in self.saved if not {*each.spent} & {*tokens.spent}]


@dataclass(repr=False)
class World:
    """A store, a token endpoint and a clock in one."""

    stored: Tokens | None = None
    answers: list[TokenAnswer | Exception] = field(default_factory=list)
    now: float = NOW
    log: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    fail: dict[str, Exception] = field(default_factory=dict)
    place: str = "the shelf"
    haven: Drawer | None = None

    def _note(self, what: str) -> None:
        if what in self.before:
            self.before.pop(what)()
        self.log.append(what)
        if what in self.fail:
            raise self.fail[what]

    def read(self) -> Tokens | None:
        self._note("read")
        return None if self.stored is None else replace(self.stored)

    def write(self, tokens: Tokens) -> None:
        announced = tokens.tries > (self.stored.tries if self.stored else 0)
        self._note("announce" if announced else "write")
        self.stored = tokens

    def reserve(self) -> None:
        """Have room without end."""

    def leftovers(self) -> list[Tokens]:
        return []

    def forget(self) -> None:
        self._note("forget")
        self.stored = None

    @contextmanager
    def lock(self) -> Iterator[None]:
        self._note("lock")
        try:
            yield
        finally:
            self._note("unlock")

    def refresh(self, refresh_token: str, announce: Callable[[], None]) -> TokenAnswer:
        self._note("connect")
        announce()
        self._note("post")
        self.spent.append(refresh_token)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def rotation(self, seed: str | None = None, patience: float = 3600.0) -> Rotation:
        return Rotation(self, self, OWNER, seed, self.clock, self.sleep, self.haven, patience)


def new(number: int) -> TokenAnswer:
    return TokenAnswer(Verdict.NEW, "", f"access-{number}-hunter2", f"refresh-{number}-hunter2")


def said(verdict: Verdict) -> TokenAnswer:
    return TokenAnswer(verdict, "401 words of the server")


def world(age: float, *answers: TokenAnswer | Exception, **given: Any) -> World:
    """Stored tokens of an age, and what the endpoint will answer."""
    return World(STORED, [*answers], now=NOW + age, **given)
