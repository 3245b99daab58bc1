"""Objects beside the object of the token store."""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from tap_exact_online.auth.stores.bucket import Bucket, Changed, Found
from tap_exact_online.board.naming import MOST, PATIENCE, checked

if TYPE_CHECKING:
    from tap_exact_online.board.places import Change

_PAUSE = (0.05, 2.0)  # seconds, at most: after the first try that came too late, and after many
_REMEMBERED = 32


class _Head(msgspec.Struct):
    """The first line of an object; the document follows.

    Attributes:
        writes: Names of the last writes, the newest first: whoever got no answer to a write finds its own here.
        is_there: False: the document was removed. The object stays, since storage knows no condition for a removal.
    """

    writes: list[str]
    is_there: bool


@dataclass(slots=True)
class ObjectBoard:
    """An object for each document, `tokens.json.<owner>.<name>`, which is replaced only if it is still what was read.

    Attributes:
        bucket: The object of the token store.
        place: Its URL.
        owner: The fingerprint of client id and server.
        patience: Seconds to try for.
        stopwatch: Returns seconds that never go back.
        sleep: Waits for a number of seconds.
    """

    bucket: Bucket
    place: str
    owner: str
    patience: float = PATIENCE
    stopwatch: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def read(self, name: str) -> bytes | None:
        """Return a document, or None where there is none."""
        return _opened(self._object(name).get())[1]

    def change(self, name: str, change: Change) -> bytes | None:
        """Replace a document; where others were faster, again with what they wrote."""
        bucket = self._object(name)
        mine: set[str] = set()
        made: bytes | None = None
        end = self.stopwatch() + self.patience
        pause = _PAUSE[0]
        while True:
            found = bucket.get()
            head, before = _opened(found)
            if not mine.isdisjoint(head.writes):
                return made  # it was written, only the answer to that was lost
            made = change(before)
            if made == before:
                return made
            write = uuid4().hex
            mine.add(write)
            head = _Head([write, *head.writes][:_REMEMBERED], is_there=made is not None)
            try:
                bucket.put(
                    msgspec.json.encode(head) + b"\n" + (made or b""), found.version if found else None
                )
            except Changed:
                if self.stopwatch() > end:
                    msg = f"other processes changed it again and again for {self.patience:.0f} s"
                    raise OSError(errno.ETIMEDOUT, msg) from None
            else:
                return made
            # Not all at once: those that came too late would else come too late again, in step.
            self.sleep(random.uniform(0, pause))  # noqa: S311  no secret
            pause = min(2 * pause, _PAUSE[1])

    def _object(self, name: str) -> Bucket:
        return replace(self.bucket, key=f"{self.bucket.key}.{self.owner}.{checked(name)}")


def _opened(found: Found | None) -> tuple[_Head, bytes | None]:
    """Return head and document; what is damaged holds none."""
    nothing = _Head([], is_there=False)
    if found is None or len(found.content) > MOST:
        return nothing, None
    line, _, document = found.content.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=_Head)
    except (msgspec.DecodeError, RecursionError):
        return nothing, None
    return head, document if head.is_there else None
