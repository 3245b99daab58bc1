"""A folder in object storage (S3, Google Cloud Storage, Azure Blob Storage)."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

import obstore

from tap_exact_online import buckets
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.files.places import FORSAKEN, UNFINISHED, Unfinished
from tap_exact_online.spoken import unstopped

if TYPE_CHECKING:
    from obstore import WritableFile
    from obstore.store import ObjectStore

# What goes over the wire at once, and is held in memory for that: S3 takes no smaller parts.
_AT_ONCE = 5 << 20


class _Coming:
    """An object that is coming in: nobody sees it before its end."""

    def __init__(self, name: str, file: WritableFile) -> None:
        self.name = name
        self._file = file

    def write(self, part: bytes, /) -> object:
        """Add a part."""
        with _told():
            return self._file.write(part)


class BucketFolder:
    """A folder of a bucket. There is nothing that renames an object: it is copied, and the first one removed."""

    def __init__(self, where: str, store: ObjectStore, front: str) -> None:
        """Name it; nothing is sent.

        Args:
            where: Its URL, without a slash at the end.
            store: The bucket.
            front: What the names of its objects begin with: nothing, or a folder with a slash at the end.
        """
        self.where = where
        self._store = store
        self._front = front

    @contextmanager
    def begin(self) -> Iterator[Unfinished]:
        """Take a file in; what is broken off leaves nothing behind."""
        name = f"{UNFINISHED}/{uuid4().hex}"
        with (
            _told(),
            obstore.open_writer(
                self._store, self._front + name, buffer_size=_AT_ONCE, max_concurrency=1
            ) as writer,
        ):
            yield _Coming(name, writer)

    def keep(self, unfinished: str, key: str) -> None:
        """Give a file that came in its name."""
        with _told():
            try:
                if not self.has(key):
                    obstore.copy(self._store, self._front + unfinished, self._front + key)
            finally:
                self._delete(self._front + unfinished)

    def has(self, key: str) -> bool:
        """Tell whether there is an object of that name."""
        with _told():
            try:
                obstore.head(self._store, self._front + key)
            except FileNotFoundError as error:
                if buckets.misses_bucket(error):
                    raise
                return False
        return True

    def read(self, key: str) -> bytes | None:
        """Return a note."""
        with _told():
            try:
                return bytes(obstore.get(self._store, self._front + key).bytes())
            except FileNotFoundError as error:
                if buckets.misses_bucket(error):
                    raise
                return None

    def write(self, key: str, content: bytes) -> None:
        """Write a note."""
        with _told():
            obstore.put(self._store, self._front + key, content, use_multipart=False)

    def tidy(self) -> None:
        """Remove objects that have not been written to for a day."""
        with _told():
            for part in obstore.list(self._store, self._front + UNFINISHED):
                for found in part:
                    if found["last_modified"].timestamp() < time.time() - FORSAKEN:
                        self._delete(found["path"])

    def _delete(self, name: str) -> None:
        with suppress(FileNotFoundError):  # another run was faster
            obstore.delete(self._store, name)


class _ToldError(OSError):
    """A failure in words that can be shown."""


@contextmanager
def _told() -> Iterator[None]:
    """Say what went wrong without addresses and secrets, as an `OSError`."""
    try:
        yield
    except _ToldError:
        raise
    except buckets.FAILURES as error:
        raise _ToldError(errno.EIO, buckets.words(error)) from None


def open_bucket(url: str) -> BucketFolder:
    """Return the folder that a URL names. Nothing is sent.

    Args:
        url: `s3://bucket/folder`, `gs://bucket/folder` or `az://container/folder`. Credentials come from the environment.

    Raises:
        ConfigurationError: It is no such URL, or the environment does not go with it.
    """
    scheme = buckets.scheme_of(url)
    bucket, key = buckets.taken_apart(url, "files", "folder")
    folder = key.strip("/")
    where = f"{scheme}://{bucket}" + (f"/{folder}" if folder else "")
    try:
        store = buckets.opened(scheme, bucket)
    except OSError as error:
        msg = f"`files`: {where} cannot be used: {unstopped(error)}. Check what the environment says ({buckets.ENVIRONMENT[scheme]})."
        raise ConfigurationError(msg) from None
    return BucketFolder(where, store, f"{folder}/" if folder else "")
