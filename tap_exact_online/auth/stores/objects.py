"""Object storage (S3, Google Cloud Storage, Azure Blob Storage): one object, compare-and-set, and a lease inside it."""

from __future__ import annotations

import errno
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from tap_exact_online.auth.exchange import LONGEST, WITHIN
from tap_exact_online.auth.form import Form, damaged, newer
from tap_exact_online.auth.stores.bucket import Bucket, Changed, Found, unusable
from tap_exact_online.auth.tokens import Tokens, this_process
from tap_exact_online.errors import ConfigurationError, LimitReached

if TYPE_CHECKING:
    from obstore import UpdateVersion

_log = logging.getLogger("tap-exact-online.auth")

LEASE = WITHIN + 2 * 45.0 + 30.0
"""Seconds that a holder has from its last write. Each token request is announced by a write, when the connection stands
already: so the lease has to outlast the whole answer, and an answer of the storage that is late before it and behind it
(45 s each)."""

LOCK_TIMEOUT = max(LEASE, LONGEST) + 60.0
"""Seconds to wait for another process: more than `LEASE`, so that a crashed one is waited out, and more than a token
request takes at most."""

_SKEW = 600.0
_POLL = (0.2, 1.0)
_VERSION = 1
_TAKEN = "the lease lapsed, and another process has taken it over"
_WRONG: UpdateVersion = {"e_tag": f'"{"0" * 32}"'}


class _Lease(msgspec.Struct):
    id: str
    holder: str
    seconds: float
    until: float


class _Head(msgspec.Struct):
    version: int


class _Envelope(_Head):
    """What the object holds. `write` differs each time, so that no two contents have the same etag."""

    write: str
    lease: _Lease | None
    connection: msgspec.Raw

    def stored(self) -> bytes | None:
        """Return the connection as `Form` wrote it, or None where there is only a lease."""
        stored = bytes(self.connection)
        return None if stored == b"null" else stored


@dataclass(slots=True)
class ObjectStore:
    """One connection in one object.

    Object storage has no locks, but it can replace an object only if it is still the one that was read. So whoever
    wants the lock writes a lease into the object: of two that try at once, one wins. All further writes of the holder
    replace its own last write and nothing else. A lease that was not given back lapses, and another may take it; the
    holder's next write then fails.

    A lease has lapsed when the object stayed as it is for the length of the lease while another process looked on,
    measured by that process alone, so that clocks which differ do no harm. What lapsed 10 minutes ago or more is taken
    at once: this holds while clocks differ by less than those.

    Attributes:
        bucket: The object.
        place: Its URL.
        form: How the connection is written down.
        lock_timeout: Seconds to wait for another process; None for `LOCK_TIMEOUT`.
        lease: Seconds after which a holder that does not write any more loses the lock; None for `LEASE`.
        clock: Returns the time in epoch seconds.
        stopwatch: Returns seconds that never go back.
        sleep: Waits for a number of seconds.
    """

    bucket: Bucket
    place: str
    form: Form
    lock_timeout: float | None = None
    lease: float | None = None
    clock: Callable[[], float] = time.time
    stopwatch: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _proven: bool = field(default=False, init=False)
    _held: str | None = field(default=None, init=False)  # the id of the lease
    _version: UpdateVersion | None = field(default=None, init=False)  # of the last write of this process
    _connection: bytes | None = field(default=None, init=False, repr=False)
    _unconfirmed: list[bytes] = field(default_factory=list, init=False, repr=False)

    def read(self) -> Tokens | None:
        """Return what is stored, or None where there is no object or only a lease."""
        envelope = self._look("read")[1]
        stored = envelope.stored() if envelope else None
        return None if stored is None else self.form.read(stored, self.place)

    def write(self, tokens: Tokens) -> None:
        """Replace the holder's own last write, and begin the lease anew."""
        if self._held is None:
            with self.lock():
                return self.write(tokens)
        connection = self.form.write(tokens)
        try:
            self._put(connection, self._held)
        except Changed:
            raise OSError(errno.ESTALE, _TAKEN) from None
        self._connection = connection
        return None

    def reserve(self) -> None:
        """Take nothing: a bucket has no end that is known."""

    def leftovers(self) -> Sequence[Tokens]:
        """Return nothing: an object is written whole, or not."""
        return ()

    def forget(self) -> None:
        """Remove the object. There is no conditional removal: the lease alone keeps others away."""
        if self._held is None:
            with self.lock():
                return self.forget()
        found = self.bucket.get()
        if found is not None:
            if self._holder(found) != self._held:
                raise OSError(errno.ESTALE, _TAKEN)
            self.bucket.delete()
        self._version, self._connection = None, None
        return None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold a lease."""
        lease = uuid4().hex
        try:
            self._acquire(lease)
        except OSError as error:
            raise ConfigurationError(unusable(self.place, "locked", str(error.strerror))) from None
        self._held = lease
        try:
            self._prove(lease)
            yield
        finally:
            self._held = None
            self._release(lease)

    def _acquire(self, mine: str) -> None:
        """Write a lease into the object as soon as no other process has one.

        Raises:
            LimitReached: Another process has one for too long.
        """
        timeout = LOCK_TIMEOUT if self.lock_timeout is None else self.lock_timeout
        end = self.stopwatch() + timeout
        seen, since = "", 0.0
        while True:
            found, envelope = self._look("locked")
            stored = envelope.stored() if envelope else None
            if stored is not None:
                self.form.read(stored, self.place)  # what is not ours is left untouched
            if envelope is None or self._lapsed(envelope, seen, since):
                self._version, self._connection = found.version if found else None, stored
                self._unconfirmed.clear()
                with suppress(Changed):  # another one was faster
                    return self._put(stored, mine)
            elif envelope.write != seen:
                seen, since = envelope.write, self.stopwatch()
            left = end - self.stopwatch()
            if left <= 0:
                who = f" ({envelope.lease.holder})" if envelope and envelope.lease else ""
                msg = (
                    f"Another process{who} has held the token store {self.place} for {timeout:.0f} s."
                    " Find out whether it hangs, and run again."
                )
                raise LimitReached(msg)
            # Not all at once: those that wait for one holder would else ask, and try, in step.
            self.sleep(min(left, random.uniform(*_POLL)))  # noqa: S311  no secret

    def _lapsed(self, envelope: _Envelope, seen: str, since: float) -> bool:
        lease = envelope.lease
        if lease is None or self.clock() > lease.until + _SKEW:
            return True
        return envelope.write == seen and self.stopwatch() - since >= lease.seconds

    def _release(self, lease: str) -> None:
        """Give the lease back; where this fails, it lapses."""
        try:
            if self._connection is not None:
                self._put(self._connection, None)
            elif self._holder(self.bucket.get()) == lease:
                self.bucket.delete()  # made for the lease alone
        except Changed:
            _log.warning("The lease on the token store %s was taken over by another process", self.place)
        except OSError as error:
            _log.warning(
                "The lease on the token store %s could not be given back (%s); it lapses in %.0f s",
                self.place,
                error.strerror,
                LEASE if self.lease is None else self.lease,
            )

    def _put(self, connection: bytes | None, lease: str | None) -> None:
        """Replace the last write of this process.

        Raises:
            Changed: Another process has written.
            OSError: It cannot be written.
        """
        seconds = LEASE if self.lease is None else self.lease
        me = this_process()
        written = _Lease(lease, me, seconds, self.clock() + seconds) if lease else None
        content = msgspec.json.encode(
            _Envelope(_VERSION, uuid4().hex, written, msgspec.Raw(connection or b"null"))
        )
        self._unconfirmed.append(content)
        try:
            version = self.bucket.put(content, self._version)
        except (Changed, OSError):
            # A write whose answer was lost may have taken effect: then what is there is our own.
            found = self.bucket.get()
            if found is None or found.content not in self._unconfirmed:
                raise
            version = found.version
            if found.content != content:
                version = self.bucket.put(content, version)
        self._version = version
        self._unconfirmed.clear()

    def _look(self, what: str) -> tuple[Found | None, _Envelope | None]:
        try:
            found = self.bucket.get()
        except OSError as error:
            raise ConfigurationError(unusable(self.place, what, str(error.strerror))) from None
        return found, self._opened(found) if found else None

    def _opened(self, found: Found) -> _Envelope:
        try:
            version = msgspec.json.decode(found.content, type=_Head).version
            if version > _VERSION:
                raise newer(self.place)
            return msgspec.json.decode(found.content, type=_Envelope)
        except (msgspec.DecodeError, RecursionError):
            raise damaged(self.place) from None

    def _holder(self, found: Found | None) -> str | None:
        lease = self._opened(found).lease if found else None
        return lease.id if lease else None

    def _prove(self, lease: str) -> None:
        """Find out, once, that the server refuses writes whose condition does not hold.

        Some that speak S3 read over the conditions, and two writers would both win. What is offered to them here is
        what they hold already, so nothing is lost.
        """
        if self._proven or not self.bucket.doubtful:
            return
        try:
            found = self.bucket.get()
            if found is None or self._holder(found) != lease:
                return  # lost already; the next write says so
            self._proven = all(self._refused(found.content, version) for version in (_WRONG, None))
        except OSError as error:
            raise ConfigurationError(unusable(self.place, "locked", str(error.strerror))) from None
        if not self._proven:
            msg = (
                f"The token store {self.place} cannot be used: the server does not know conditional writes (If-Match,"
                " If-None-Match), without which two processes could overwrite each other. Set `store` elsewhere."
            )
            raise ConfigurationError(msg)

    def _refused(self, content: bytes, version: UpdateVersion | None) -> bool:
        try:
            self.bucket.put(content, version)
        except Changed:
            return True
        return False
