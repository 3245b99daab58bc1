"""What a run lends to its streams, and the words that they share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from tap_exact_online.evidence import Facts
from tap_exact_online.files import Filing
from tap_exact_online.reading import Client, Reading, Wanted
from tap_exact_online.settings import Settings
from tap_exact_online.state import Read
from tap_exact_online.streams.sdk import Outgoing
from tap_exact_online.telling import Progress, Report


class Following(Protocol):
    """A stream whose turn comes next."""

    def settle_form(self) -> None:
        """Settle in what form rows leave, before the first of them is read."""
        ...

    def wanted(self) -> Wanted[Outgoing]:
        """Say what is to be read."""
        ...


class Lender(Protocol):
    """What a run lends to its streams."""

    @property
    def client(self) -> Client:
        """The one connection."""
        ...

    @property
    def settings(self) -> Settings:
        """The checked settings."""
        ...

    @property
    def report(self) -> Report:
        """Collects what could not be read."""
        ...

    @property
    def progress(self) -> Progress:
        """Knows how far the run is."""
        ...

    @property
    def facts(self) -> Facts | None:
        """Collects what the service shows, where somebody wants to know."""
        ...

    @property
    def filing(self) -> Filing | None:
        """What files are kept with, or None where none are to be fetched."""
        ...

    @property
    def divisions(self) -> Sequence[Mapping[str, Any]]:
        """The divisions to read, as rows of the stream `divisions`."""
        ...

    @property
    def reading(self) -> Reading[Outgoing]:
        """Reads many divisions at once."""
        ...

    @property
    def reads(self) -> defaultdict[str, dict[int, Read]]:
        """Takes the last read of each stream and division that came to its end."""
        ...

    def planned(self, stream: str) -> Sequence[int]:
        """Return the divisions that a stream is asked for in this run, in their order."""
        ...

    @property
    def comparing(self) -> bool:
        """Whether streams are read once more just now, behind what is compared with them."""
        ...

    def ended(self, stream: str) -> None:
        """Take note that a stream has been read."""
        ...

    def following(self, stream: str) -> Following | None:
        """Return the stream that will be read after another, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Condition:
    """Which rows to ask for.

    Attributes:
        text: The filter, empty for all of them.
        whole: Every row that Exact has fulfils it, or one of those that are asked for together with it.
        parameters: What else the endpoint is told, by name.
        part: The name of the part that it asks for, where a read is made of parts.
    """

    text: str = ""
    whole: bool = True
    parameters: Mapping[str, str] = field(default_factory=dict)
    part: str = ""

    @property
    def everything(self) -> bool:
        """Whether nothing is left to ask for beside it."""
        return not self.text and not self.parameters


@cache
def partition_of(division: int) -> dict[str, Any]:
    """Return the context of a division, as the state has it: the same object each time, for every stream has all of them."""
    return {"Division": division}
