"""A stream that keeps its own bookmarks, in the state that the SDK writes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.helpers.types import Context, Record
from typing_extensions import override

from tap_exact_online.errors import TapError
from tap_exact_online.state import AT, BY

_UNHANDLED = "An unhandled error occurred"
"""What the SDK says first of whatever ends a stream."""


class BookkeepingStream(Stream):
    """A stream that keeps its own bookmarks, a page at a time.

    The SDK moves a bookmark with every record: one that is lower than the last takes it back, one of a read that
    broke off is promoted all the same, and `start_date` becomes the first bookmark even where that is a number.
    """

    # The decoder gives values of the schema's own types; conforming them again costs half of the run.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    _unsaved = False
    """The state differs from that of the last STATE message: rows that are read again, lest one was missed, change nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._states: dict[Any, dict[str, Any]] = {}

    @override
    def log(self, message: str, *args: Any, **kwargs: Any) -> None:
        """Log what the SDK says, but not that an error is unhandled which the command line has words for."""
        error = sys.exception()
        if not (message.startswith(_UNHANDLED) and isinstance(error, (TapError, BrokenPipeError))):
            super().log(message, *args, **kwargs)

    @override
    def get_context_state(self, context: Context | None) -> dict[str, Any]:
        """Return the state of a partition. The SDK searches the list of all of them each time, and once more to make one."""
        if not context:
            return super().get_context_state(context)
        state = self._known(context)
        if state is None:
            state = self._states[_key(context)] = {"context": context}
            self.stream_state.setdefault("partitions", []).append(state)
        return state

    def _known(self, context: Context | None) -> dict[str, Any] | None:
        """Return the state of a partition, None where there is none yet: to look at one makes none."""
        if not self._states:
            known = self.tap_state.get("bookmarks", {}).get(self.name, {})  # `stream_state` would make one
            self._states = {_key(part["context"]): part for part in known.get("partitions", ())}
        return self._states.get(_key(context))

    @override
    def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:
        """Write the state.

        The SDK would go through all partitions, and search the list of them for each, for marks that only its own bookmarks
        leave.
        """
        self._write_state_message()

    @override
    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Keep the SDK from starting at `start_date`: what to start from depends on the endpoint."""

    @override
    def _increment_stream_state(self, latest_record: Record, *, context: Context | None = None) -> None:
        """Keep the SDK from moving the bookmark with each record: `keep_bookmark` does, when a page is written."""

    @property
    def resumes(self) -> bool:
        """Whether rows that were loaded by earlier runs are not loaded again."""
        return self.replication_key is not None

    def whole_since(self, division: int) -> datetime | None:  # noqa: ARG002  for streams that are read in parts
        """Return since when every row that there is was loaded, where a stream knows that itself."""
        return None

    def bookmark(self, context: Context) -> Any:
        """Return the bookmark of a partition, or None where it has none or is to be read whole."""
        if self.replication_method == "FULL_TABLE" or self.of_all(BY) != self.replication_key:
            return None
        return (self._known(context) or {}).get(AT)

    def keep_bookmark(self, context: Context, value: Any, *, flush: bool, **beside: Any) -> None:
        """Set the bookmark of a partition.

        Args:
            context: The partition.
            value: The bookmark. Every row up to it has been written.
            flush: Write a STATE message now, unless those of a large state would take up the run: see `States`. Not while
                BATCH files are being filled: their rows count as written only with the BATCH message, after which the SDK
                writes the state itself.
            beside: What is said in relation to it, by name: kept in the same step, whenever the run is told to end. None
                removes it.
        """
        if self.replication_method == "FULL_TABLE":
            return
        # None yet, or bookmarks of another key, which say nothing here.
        if self.of_all(BY) != self.replication_key:
            for partition in self.stream_state.get("partitions", ()):
                partition.pop(AT, None)
            self.keep_of_all(BY, self.replication_key)
        self._keep(context, **beside, **{AT: value})
        if flush and self._unsaved and self.get_batch_config(self.config) is None:
            self._unsaved = False
            self._write_state_message()

    def keep_note(self, context: Context, name: str, value: Any) -> None:
        """Keep something beside the bookmark of a partition; None removes it."""
        self._keep(context, **{name: value})

    def _keep(self, context: Context, **values: Any) -> None:
        """Change the state of a partition; None removes a value."""
        state = self.get_context_state(context)
        if all(state.get(name) == value for name, value in values.items()):
            return
        state.update(values)
        for name in [name for name, value in values.items() if value is None]:
            del state[name]
        self.state_manager.is_flushed = False
        self._unsaved = True

    def keep_of_all(self, name: str, value: Any) -> None:
        """Keep something beside the bookmarks of all partitions; None removes it."""
        state = self.stream_state
        if state.get(name) != value:
            if value is None:
                del state[name]
            else:
                state[name] = value
            self.state_manager.is_flushed = False
            self._unsaved = True

    def of_all(self, name: str) -> Any:
        """Return what was kept beside the bookmarks of all partitions under that name, or None."""
        return self.tap_state.get("bookmarks", {}).get(self.name, {}).get(name)

    def note(self, context: Context, name: str) -> Any:
        """Return what was kept with the bookmark of a partition under that name, or None."""
        return self.notes(context).get(name)

    def notes(self, context: Context) -> Mapping[str, Any]:
        """Return everything that is kept of a partition."""
        return self._known(context) or {}


def _key(context: Context | None) -> Any:
    """Return what tells a partition from the others: of one value, that value, for there are very many of them."""
    if not context:
        return ()
    return next(iter(context.values())) if len(context) == 1 else tuple(sorted(context.items()))
