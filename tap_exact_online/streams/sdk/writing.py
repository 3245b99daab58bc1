"""Whole lines on standard output, states among them, and an end in good order when the run is terminated."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any, NoReturn

from singer_sdk import Tap
from singer_sdk.contrib.msgspec import MsgSpecWriter, serialize_jsonl
from singer_sdk.helpers._state import StateWriter
from singer_sdk.helpers.types import TapState
from singer_sdk.singerlib.encoding.simple import Message
from typing_extensions import override


class Writer(MsgSpecWriter):
    """Writes whole lines: a signal that comes in the middle of one waits for its end.

    Attributes:
        pending: The signal that has come, or None.
        writing: A line is being written, or could not be: whatever reads them is gone, and the run ends of itself.
    """

    def __init__(self) -> None:
        self.pending: int | None = None
        self.writing = False

    @override
    def write_message(self, message: Message) -> None:
        # A copy: the encoder uses its buffer again, for the last state too, while this is on its way.
        self.write_lines(bytes(self.format_message(message)))

    def write_lines(self, lines: bytes) -> None:
        """Write messages that are encoded already."""
        self.writing = True
        while lines:
            # Where Python runs unbuffered, a signal ends the call before everything is written.
            lines = lines[sys.stdout.buffer.write(lines) :]
        sys.stdout.flush()
        self.writing = False
        # Also where the exit was raised before, but in a place where Python swallows it, as a generator that is closed.
        if self.pending is not None:
            self.leave(self.pending)

    def leave(self, signum: int) -> NoReturn:
        """End the run with the exit code of a signal."""
        raise SystemExit(128 + signum)


class States(StateWriter):
    """Writes a state that differs from the last one.

    The SDK copies every state twice to know that and to write it, bookmark by bookmark, which takes longer than all the
    rest: this compares what was written.
    """

    def __init__(self, writer: Writer) -> None:
        super().__init__(writer)
        self._writer = writer
        self._last = b""

    @override
    def write_state(self, state: TapState) -> None:
        line = bytes(serialize_jsonl({"type": "STATE", "value": state}))
        if line != self._last:
            self._writer.write_lines(line)
            self._last = line


class TerminableTap(Tap):
    """A tap that ends in good order when it is terminated, and says so by its exit code."""

    message_writer_class = Writer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.message_writer, Writer):
            self._state_writer = States(self.message_writer)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Leave with 143 (SIGTERM) or 130 (Ctrl-C) where the SDK leaves with 0, as if the run were complete.

        The SDK writes the state from here, which may be in the middle of a line; whoever catches the exit does. A second
        signal changes nothing.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        self.logger.warning(
            "Terminated by %s; the next run goes on from the last state.", signal.Signals(signum).name
        )
        writer = self.message_writer
        if not isinstance(writer, Writer):
            raise SystemExit(128 + signum)
        writer.pending = signum
        if not writer.writing:
            writer.leave(signum)
