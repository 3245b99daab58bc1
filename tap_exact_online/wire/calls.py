"""What is asked of the API, and what a read needs on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

from typing_extensions import override

from tap_exact_online.edm import Endpoint

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Call:
    """One address to read.

    Attributes:
        endpoint: The path behind `/api/v1/{division}/`, for limits and messages.
        url: The whole address.
        division: The division whose allowance it uses; None for `current/Me`, which is not counted.
        alike: Others like it follow, whatever becomes of it: a refusal is not waited out, nor taken for theirs.
    """

    endpoint: str
    url: str
    division: int | None = None
    alike: bool = False

    @override
    def __str__(self) -> str:
        return self.endpoint if self.division is None else f"{self.endpoint} of division {self.division}"


class Linked(Protocol):
    """Something that says where the next of its kind is."""

    @property
    def next_link(self) -> str | None:
        """The address of the next page, or None on the last."""
        ...


@dataclass(frozen=True, slots=True)
class Sink(Generic[_T]):
    """What takes the body of an answer part by part: a file is not held in memory.

    Attributes:
        take: Is given the headers of an answer with status 200 and the parts of its body, and returns what is wanted. It may
            end before the last part, and raises nothing but what the parts raise: `Broken`, where not all of them come.
            Runs in the thread that makes the call.
    """

    take: Callable[[Mapping[str, str], Iterator[bytes]], _T]


Reader = Callable[[bytes], _T] | Sink[_T]
"""Turns the body of an answer into what is wanted: all of it at once, or as it comes."""


@dataclass(frozen=True, slots=True)
class Send(Generic[_T]):
    """What a conversation needs next: the answer to a call.

    Attributes:
        call: What to read.
        token: The access token to read with.
        read: Turns the body of an answer with status 200 into what is wanted; raises `MalformedBody` where it makes no
            sense. May run in another thread.
    """

    call: Call
    token: str = field(repr=False)
    read: Reader[_T]


@dataclass(frozen=True, slots=True)
class Rest:
    """What a conversation needs next: the division's allowance. Another division may go first.

    Attributes:
        seconds: How long to wait, 0 where a call may go out now.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class BackOff:
    """What a conversation needs next: time for the server to recover. It holds up others as a call does.

    Attributes:
        seconds: How long to wait.
    """

    seconds: float


Need = Send[Any] | Rest | BackOff


def call_to(
    endpoint: Endpoint, base_url: str, division: int | None, options: Mapping[str, str] | None = None
) -> Call:
    """Return the call to an endpoint, whatever the form of its address.

    Args:
        endpoint: The facts about the endpoint.
        base_url: Scheme and host, without a slash at the end.
        division: The division; None where the endpoint has none.
        options: Query options by name (`$select`, `$filter`), and its parameters.
    """
    front = "beta/" if endpoint.form == "beta" else ""
    return Call(endpoint.path, address(base_url, endpoint.path, division, options, front), division)


def address(
    base_url: str,
    path: str,
    division: int | None = None,
    options: Mapping[str, str] | None = None,
    front: str = "",
) -> str:
    """Build the address of an endpoint.

    Args:
        base_url: Scheme and host, without a slash at the end.
        path: The endpoint's path behind `/api/v1/{division}/`.
        division: The division, or None for an address without one.
        options: Query options by name (`$select`, `$filter`).
        front: What stands before the division.
    """
    middle = "" if division is None else f"{division}/"
    query = "&".join(f"{name}={quote(value, safe=_LITERAL)}" for name, value in (options or {}).items())
    return f"{base_url}/api/v1/{front}{middle}{path}" + (f"?{query}" if query else "")


_LITERAL = "',$:"

MOST_URL = 6000
"""Characters that an address may have, counted as it is sent (api.md, 2)."""
