"""Whole lines on standard output, states among them, and an end in good order when the run is terminated."""

from __future__ import annotations

import hashlib
import logging
import math
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from types import FrameType
from typing import Any, NoReturn

from singer_sdk import Tap
from singer_sdk.contrib.msgspec import MsgSpecWriter, encoder
from singer_sdk.helpers._state import StateWriter
from singer_sdk.helpers.types import TapState
from singer_sdk.singerlib.encoding.simple import Message
from typing_extensions import override


class Writer(MsgSpecWriter):
    """Writes whole lines: a signal that comes in the middle of one waits for its end.

    Attributes:
        pending: The signal that has come, or None.
        writing: A line is being written, or could not be: whatever reads them is gone, and the run ends of itself.
        written: How many bytes have been written.
    """

    def __init__(self) -> None:
        self.pending: int | None = None
        self.writing = False
        self.written = 0

    @override
    def write_message(self, message: Message) -> None:
        # A copy: the encoder uses its buffer again, for the last state too, while this is on its way.
        self.write_lines(bytes(self.format_message(message)))

    def write_lines(self, lines: bytes) -> None:
        """Write messages that are encoded already."""
        self.write_parts((lines,))

    def write_parts(self, parts: Iterable[bytes]) -> None:
        """Write messages that are encoded already, in parts that begin and end anywhere."""
        self.writing = True
        for part in parts:
            self.written += len(part)
            left = part
            while left:
                # Where Python runs unbuffered, a signal ends the call before everything is written.
                left = left[sys.stdout.buffer.write(left) :]
        sys.stdout.flush()
        self.writing = False
        # Also where the exit was raised before, but in a place where Python swallows it, as a generator that is closed.
        if self.pending is not None:
            self.leave(self.pending)

    def leave(self, signum: int) -> NoReturn:
        """End the run with the exit code of a signal."""
        raise SystemExit(128 + signum)


# A STATE message holds all bookmarks: of 14 streams in 3,000 divisions it is some 5 MB. A small one is written whenever there is
# something to say. A larger one every ten seconds, or where it is a twentieth of what is written: so a run that reads much loses
# a few pages where it is killed, and one that finds little does not send gigabytes of states.
_SMALL = 64 << 10
_SECONDS = 10.0
_SHARE = 20


_LEVELS = 3
"""Of a STATE message: the message, its value, the bookmarks. What is below is one stream."""


def in_parts(message: Mapping[str, object], levels: int = _LEVELS) -> Iterator[bytes]:
    """Encode a STATE message stream by stream: of thousands of divisions, it takes up 20 MB in one piece."""
    begin = b"{"
    for name, value in message.items():
        yield begin + encoder.encode(name) + b":"
        if levels > 1 and isinstance(value, Mapping):
            yield from in_parts(value, levels - 1)
        else:
            yield encoder.encode(value)
        begin = b","
    yield b"}" if message else b"{}"


class States(StateWriter):
    """Writes a state that differs from the last one, and large ones not too often.

    The SDK copies every state twice to know that and to write it, bookmark by bookmark, which takes longer than all the
    rest: this compares what was written.
    """

    def __init__(self, writer: Writer, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(writer)
        self._writer = writer
        self._clock = clock
        self._last = b""
        self._size = 0
        self._next = -math.inf
        self._enough = 0

    @override
    def write_state(self, state: TapState) -> None:
        """Write a state, unless it is large and the last one was written a moment ago: then a later one is as good."""
        if self._size <= _SMALL or self._writer.written >= self._enough or self._clock() >= self._next:
            self.settle(state)

    def settle(self, state: TapState) -> None:
        """Write a state that no other follows for a while, however large it is."""
        # Of the last one a fingerprint is kept, and this one is encoded twice, part by part: a large state need not take up its
        # memory again.
        message = {"type": "STATE", "value": state}
        mark, size = hashlib.blake2b(), 0
        for part in in_parts(message):
            mark.update(part)
            size += len(part)
        if mark.digest() != self._last:
            parts = chain(in_parts(message), (b"\n",))
            # A line that is small goes out as one, so that a process that is killed leaves no half of it.
            self._writer.write_parts((b"".join(parts),) if size < _SMALL else parts)
            self._last, self._size = mark.digest(), size
        self._next = self._clock() + _SECONDS
        self._enough = self._writer.written + _SHARE * size


_TELLS_NOTHING = frozenset({"Skipping parse of env var settings...", "Skipping deselected stream '%s'."})
"""What the SDK says at every run, and what sounds as if something were missing."""


def _tells_something(record: logging.LogRecord) -> bool:
    return record.msg not in _TELLS_NOTHING


class TerminableTap(Tap):
    """A tap that ends in good order when it is terminated, and says so by its exit code."""

    message_writer_class = Writer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.logger.addFilter(_tells_something)
        super().__init__(*args, **kwargs)
        if isinstance(self.message_writer, Writer):
            self._state_writer = States(self.message_writer)

    def read_in_order(self, names: Iterable[str]) -> None:
        """Let streams be read in an order; those that are not named come first. The SDK goes by name."""
        streams = self.streams
        for name in names:
            streams[name] = streams.pop(name)

    def settle_state(self) -> None:
        """Write the last state of a run."""
        if isinstance(self.state_writer, States):
            self.state_writer.settle(self.state)
        else:
            self.state_writer.write_state(self.state)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Leave with 143 (SIGTERM) or 130 (Ctrl-C) where the SDK leaves with 0, as if the run were complete.

        The SDK writes the state from here, which may be in the middle of a line; whoever catches the exit does. Nor is anything
        logged: a line of the log may be half written, and Python refuses to write into it from a signal. Whoever catches the
        exit tells what its code means. A second signal changes nothing.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        writer = self.message_writer
        if not isinstance(writer, Writer):
            raise SystemExit(128 + signum)
        writer.pending = signum
        if not writer.writing:
            writer.leave(signum)
