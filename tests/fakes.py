"""Stand-ins that several tests share: a clock, tokens, and a client on both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tap_exact_online.reading.client import Client
from tap_exact_online.reading.limits import Limits
from tap_exact_online.wire.transport import Transport

BASE = "https://start.exactonline.nl"
NOON = 1_750_000_040.0
"""Some moment, 20 s into a minute."""
SECRET = "stampNL001.hunter2"
"""The beginning of every access token given here: what must never be shown."""


@dataclass
class Clock:
    now: float = NOON
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Tokens:
    """Gives a token with the number of renewals at its end, and notes when it was asked."""

    clock: Clock
    asked: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def access_token(self) -> str:
        self.asked.append(self.clock())
        return f"{SECRET}-{len(self.refused)}"

    def renew(self, rejected: str) -> None:
        self.refused.append(rejected)


def make_client() -> tuple[Client, Clock, Tokens]:
    """Return a client whose waits take no time."""
    clock = Clock()
    tokens = Tokens(clock)
    return Client(BASE, tokens, Limits(clock), clock, clock.sleep, Transport("tap/1")), clock, tokens


def rows(*keys: str, link: str | None = None) -> dict[str, Any]:
    results: dict[str, Any] = {"results": [{"ID": key} for key in keys]}
    return {"json": {"d": {**results, "__next": link} if link is not None else results}}
