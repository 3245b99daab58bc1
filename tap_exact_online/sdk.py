"""The few steps inside the Singer SDK that public hooks do not reach, in one place, each with its reason.

`tests/test_sdk.py` fails when the SDK changes under one of them.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any, NoReturn

from singer_sdk import Stream, Tap
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.helpers.types import Context, Record
from typing_extensions import override


class BookkeepingStream(Stream):
    """A stream that keeps its own bookmarks, a page at a time.

    The SDK moves a bookmark with every record: one that is lower than the last takes it back, one of a read that
    broke off is promoted all the same, and `start_date` becomes the first bookmark even where that is a number.
    """

    # The decoder gives values of the schema's own types; conforming them again costs half of the run.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    @override
    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Keep the SDK from starting at `start_date`: what to start from depends on the endpoint."""

    @override
    def _increment_stream_state(self, latest_record: Record, *, context: Context | None = None) -> None:
        """Keep the SDK from moving the bookmark with each record: `keep_bookmark` does, when a page is written."""

    def bookmark(self, context: Context) -> Any:
        """Return the bookmark of a partition, or None where it has none or is to be read whole."""
        if self.replication_method == "FULL_TABLE":
            return None
        state = self.get_context_state(context)
        return (
            state.get("replication_key_value")
            if state.get("replication_key") == self.replication_key
            else None
        )

    def keep_bookmark(self, context: Context, value: Any, *, flush: bool) -> None:
        """Set the bookmark of a partition.

        Args:
            context: The partition.
            value: The bookmark. Every row up to it has been written.
            flush: Write a STATE message now. Not while BATCH files are being filled: their rows count as written
                only with the BATCH message, after which the SDK writes the state itself.
        """
        if self.replication_method == "FULL_TABLE":
            return
        self.get_context_state(context).update(
            replication_key=self.replication_key, replication_key_value=value
        )
        if flush and self.get_batch_config(self.config) is None:
            self._write_state_message()


class TerminableTap(Tap):
    """A tap whose exit code says that it was terminated."""

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> NoReturn:
        """Leave with 143 (SIGTERM) or 130 (Ctrl-C) where the SDK leaves with 0, as if the run were complete.

        The state is not written here: the signal may have come in the middle of a line. What has been written since
        the last page is read again.
        """
        self.logger.warning(
            "Terminated by %s; the next run goes on from the last state.", signal.Signals(signum).name
        )
        raise SystemExit(128 + signum)
