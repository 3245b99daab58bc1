"""A round on the board: what a worker does to its groups."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

import msgspec

from tap_exact_online.board import groups
from tap_exact_online.board.groups import Group, Memory, Round, Seen
from tap_exact_online.board.places import Board
from tap_exact_online.errors import ConfigurationError

_MEMORY = "rounds"


@dataclass(frozen=True, slots=True)
class Hold:
    """A group that this worker runs.

    Attributes:
        number: From 1.
        holder: What nobody else who holds it, before or after, is called.
    """

    number: int
    holder: str


@dataclass(slots=True)
class Rounds:
    """A round, seen by one worker.

    Attributes:
        board: Where it is kept.
        name: How it is called.
        of: How many groups it has.
        worker: Host and process, for messages.
        lease: Seconds without a sign of life after which others may take a group.
        clock: Returns the time in epoch seconds.
        stopwatch: Returns seconds that never go back.
    """

    board: Board
    name: str
    of: int
    worker: str
    lease: float
    clock: Callable[[], float] = time.time
    stopwatch: Callable[[], float] = time.monotonic
    found: Round = field(init=False)
    _seen: Seen = field(default_factory=dict, init=False)
    _next: str = field(default_factory=lambda: uuid4().hex, init=False)

    def begin(self) -> None:
        """Join the round, or begin it where nobody has; drop those of a week ago.

        Raises:
            ConfigurationError: It was begun with another number of groups.
            OSError: The board cannot be used.
        """
        lasted = self._remember(lambda memory: memory).last(self.of)
        document = self.board.change(
            self._document, lambda before: msgspec.json.encode(groups.opened(before, self.name, lasted))
        )
        self.found = groups.opened(document, self.name, lasted)
        if len(self.found.groups) != self.of:
            msg = (
                f"The round {self.name} was begun with {len(self.found.groups)} groups, not with {self.of}. Give all"
                " workers of a round the same --groups, and each round a name of its own."
            )
            raise ConfigurationError(msg)

    def try_again(self) -> None:
        """Free what failed, where the round is over.

        Raises:
            OSError: The board cannot be used.
        """
        self._change(groups.again)

    def take(self) -> Hold | None:
        """Take the next group; None where there is none to take now: they are over, or others hold them.

        Raises:
            OSError: The board cannot be used.
        """
        number: int | None = None

        def change(found: Round) -> Round:
            nonlocal number
            self._seen = groups.looked(found, self._seen, self.stopwatch())
            mine = Group(holder=self._next, worker=self.worker, lease=self.lease)
            found, number = groups.taken(found, mine, self._seen, self.stopwatch(), self.clock())
            return found

        self._change(change)
        if number is None:
            return None
        hold = Hold(number, self._next)
        self._next = uuid4().hex
        return hold

    def renew(self, hold: Hold) -> bool:
        """Give a sign of life; tell whether the group is still ours.

        Raises:
            OSError: The board cannot be used.
        """
        return self._change(lambda found: groups.renewed(found, hold.number, hold.holder, self.clock()))

    def end(self, hold: Hold, code: int, seconds: float) -> bool:
        """Note how the command of a group ended; tell whether it was still ours.

        Raises:
            OSError: The board cannot be used.
        """
        is_ours = self._change(lambda found: groups.ended(found, hold.number, hold.holder, code, seconds))
        self._remember(
            lambda memory: memory.done(hold.number, self.of, seconds) if is_ours and code == 0 else memory
        )
        return is_ours

    def give_back(self, hold: Hold) -> None:
        """Let go of a group that was not run to its end.

        Raises:
            OSError: The board cannot be used.
        """
        self._change(lambda found: groups.given_back(found, hold.number, hold.holder))

    @property
    def _document(self) -> str:
        # Schedulers put into the names of their runs what no document has in its name.
        return f"round.{hashlib.sha256(self.name.encode()).hexdigest()[:16]}"

    def _change(self, change: Callable[[Round], Round | None]) -> bool:
        """Change the round; tell whether that was possible. A round that somebody took away begins anew."""
        is_done = False

        def changed(before: bytes | None) -> bytes:
            nonlocal is_done
            found = groups.opened(before, self.name, (None,) * self.of)
            after = change(found)
            is_done = after is not None
            self.found = found if after is None else after
            return msgspec.json.encode(self.found)

        self.board.change(self._document, changed)
        return is_done

    def _remember(self, change: Callable[[Memory], Memory]) -> Memory:
        """Tell the next rounds something, and drop the documents of old ones."""
        old: list[str] = []

        def changed(before: bytes | None) -> bytes:
            memory, old[:] = change(groups.remembered(before)).touched(self._document, self.clock())
            return msgspec.json.encode(memory)

        memory = groups.remembered(self.board.change(_MEMORY, changed))
        for each in old:
            self.board.change(each, lambda _: None)
        return memory
