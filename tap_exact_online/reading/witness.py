"""A second witness: whether Exact accepts an access token at all, where one address refuses it.

A lasting 401 was reported for some divisions only, with the same token good elsewhere. `current/Me` needs no division
and counts towards no limit of calls.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from tap_exact_online import edm
from tap_exact_online.errors import Denied
from tap_exact_online.wire import Answer, BackOff, Call, Decoder, Need, Page, Stop, address, classify

_T = TypeVar("_T")

ME = "current/Me"
_UNAUTHORISED = 401
# How long a token counts as good that was. Were it revoked meanwhile, calls of that long would be blamed for it.
_GOOD_FOR = 60.0
_UNTIL_THE_OTHER_KNOWS = 1.0


def who_am_i(base_url: str) -> tuple[Call, Callable[[bytes], Page]]:
    """Return the call that needs nothing but a good access token, and what reads its answer: `CurrentDivision`."""
    current = edm.load(ME).properties["CurrentDivision"]
    call = Call(ME, address(base_url, ME, options={"$select": current.name}))
    return call, Decoder([current], current.name).decode


class Standing(enum.Enum):
    """What is known of an access token."""

    GOOD = enum.auto()
    BAD = enum.auto()
    REPLACED = enum.auto()
    UNKNOWN = enum.auto()


class Exchange(Protocol):
    """Makes one call: a conversation that returns the answer."""

    def __call__(
        self, call: Call, token: str, read: Callable[[bytes], _T]
    ) -> Generator[Need, Any, Answer[_T]]:
        """Send, and take note of what comes back."""
        ...


def standing_of(answer: Answer[Any]) -> Standing:
    """Say what the answer of `current/Me` shows of the token that it was asked with."""
    if answer.result is not None:
        return Standing.GOOD
    if answer.status == _UNAUTHORISED:
        return Standing.BAD
    if answer.status:
        action = classify(answer.status, answer.headers, answer.body)
        if isinstance(action, Stop) and isinstance(action.error, Denied):  # Exact knows whom it refuses
            return Standing.GOOD
    return Standing.UNKNOWN


@dataclass(slots=True)
class Witness:
    """Asks `current/Me`, one conversation at a time, and not again within a minute.

    Attributes:
        base_url: Scheme and host, without a slash at the end.
        clock: Returns the time in epoch seconds.
        exchange: Makes the call.
    """

    base_url: str
    clock: Callable[[], float]
    exchange: Exchange
    _good: str = field(default="", repr=False)
    _since: float = -math.inf
    _under_way: bool = False

    def standing(self, token: str, current: Callable[[], str]) -> Generator[Need, Any, Standing]:
        """Find out what an access token is worth that was refused: a conversation.

        Args:
            token: The token.
            current: Returns the access token that would be used now.
        """
        while True:
            if current() != token:
                return Standing.REPLACED
            if token == self._good and self.clock() - self._since < _GOOD_FOR:
                return Standing.GOOD
            if not self._under_way:
                break
            # Each 401 counts as an error: many that meet one at the same time ask once.
            yield BackOff(_UNTIL_THE_OTHER_KNOWS)
        self._under_way = True
        try:
            standing = standing_of((yield from self.ask(token)))
        finally:
            self._under_way = False
        if standing is Standing.GOOD:
            self._good, self._since = token, self.clock()
        return standing

    def ask(self, token: str) -> Generator[Need, Any, Answer[Page]]:
        """Ask who the user is: a conversation."""
        call, read = who_am_i(self.base_url)
        return (yield from self.exchange(call, token, read))
