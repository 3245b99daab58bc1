"""What a redemption needs next: the words of the conversation between `redemption` and whoever carries it out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from tap_exact_online.auth.tokens import Tokens
from tap_exact_online.auth.tries import Start


@dataclass(frozen=True, slots=True)
class Lock:
    """Take the lock of the store. Fails with a `TapError`."""


@dataclass(frozen=True, slots=True)
class Unlock:
    """Let go of it."""


@dataclass(frozen=True, slots=True)
class Look:
    """Read the store: answered with what it holds, or None. Fails with a `ConfigurationError`."""


@dataclass(frozen=True, slots=True)
class Search:
    """Look for what came of tokens and never reached the store: answered with a sequence of records.

    Attributes:
        spent: Fingerprints of the tokens.
    """

    spent: frozenset[str]


@dataclass(frozen=True, slots=True)
class Write:
    """Write to the store: answered with None, or the `OSError` that it failed with."""

    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Save:
    """Keep what the store does not take somewhere else on this machine: answered as `Write`."""

    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget what was saved elsewhere."""

    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Spend:
    """Connect, write the announcement, and send the token: answered with a `TokenAnswer`, or the `OSError` of the write.

    What fails before the first byte of the request's body fails with a `TapError`.

    Attributes:
        start: The token.
        announced: The record that says so.
        elsewhere: Write it where `Save` does: the store does not hold this chain.
    """

    start: Start
    announced: Tokens
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class Rest:
    """Wait.

    Attributes:
        seconds: How long.
    """

    seconds: float


Step = Lock | Unlock | Look | Search | Write | Save | Drop | Spend | Rest
Steps = Generator[Step, Any, Any]
