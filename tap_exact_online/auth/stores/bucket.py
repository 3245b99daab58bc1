"""One object in object storage, with writes that only replace what is known."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

import obstore
from obstore import exceptions
from obstore.store import S3Store

from tap_exact_online import buckets
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import unstopped

if TYPE_CHECKING:
    from obstore import PutMode, UpdateVersion
    from obstore.store import ObjectStore


class Changed(Exception):  # noqa: N818  nothing is in error: another writer was first
    """The object is no longer what it was: nothing was written."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it was read.

    Attributes:
        content: All of it.
        version: Names exactly this content (etag, generation), to replace it and nothing else.
    """

    content: bytes
    version: UpdateVersion


@dataclass(frozen=True, slots=True)
class Bucket:
    """One object of a bucket.

    Attributes:
        store: The bucket.
        key: The object's name.
    """

    store: ObjectStore
    key: str

    @property
    def doubtful(self) -> bool:
        """Whether the server may be one that does not know conditions and overwrites all the same.

        The protocol of S3 is spoken by many, and its conditional writes are from 2024; Google and Microsoft have had
        theirs from the beginning.
        """
        return isinstance(self.store, S3Store)

    def get(self) -> Found | None:
        """Return the object, or None where there is none.

        Raises:
            OSError: It cannot be read.
        """
        try:
            result = obstore.get(self.store, self.key)
            return Found(bytes(result.bytes()), _version(result.meta["e_tag"], result.meta["version"]))
        except buckets.FAILURES as error:
            if isinstance(error, FileNotFoundError) and not buckets.misses_bucket(error):
                return None
            raise OSError(errno.EIO, buckets.words(error)) from None

    def put(self, content: bytes, version: UpdateVersion | None) -> UpdateVersion:
        """Replace one version of the object, or make it, and return the new version.

        Args:
            content: All of it.
            version: What is to be replaced; None where there is to be nothing yet.

        Raises:
            Changed: There is something else now.
            OSError: It cannot be written, or no answer came and it may have been.
        """
        mode: PutMode = "create" if version is None else version
        try:
            result = obstore.put(self.store, self.key, content, mode=mode, use_multipart=False)
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
            raise Changed from None
        except buckets.FAILURES as error:
            raise OSError(errno.EIO, buckets.words(error)) from None
        return _version(result["e_tag"], result["version"])

    def delete(self) -> None:
        """Remove the object.

        Raises:
            OSError: It cannot be removed.
        """
        try:
            obstore.delete(self.store, self.key)
        except FileNotFoundError:
            return
        except buckets.FAILURES as error:
            raise OSError(errno.EIO, buckets.words(error)) from None


def _version(e_tag: str | None, version: str | None) -> UpdateVersion:
    """Name a version as the next write has to: Google goes by generation, the others by etag."""
    if version is None:
        return {"e_tag": e_tag or ""}
    return {"e_tag": e_tag or "", "version": version}


def open_bucket(url: str, owner: str) -> tuple[Bucket, str]:
    """Return the object that a URL names, and its place for messages. Nothing is sent.

    Args:
        url: `s3://bucket/key`, `gs://bucket/key` or `az://container/key`; a key that is empty or ends with a slash is
            completed with the owner, so that several connections can share a folder. Credentials come from the
            environment.
        owner: The fingerprint of client id and server.

    Raises:
        ConfigurationError: It is no such URL, or the environment does not go with it.
    """
    scheme = buckets.scheme_of(url)
    bucket, key = buckets.taken_apart(url, "store", "folder/tokens.json")
    if not key or key.endswith("/"):
        key += f"{owner}.json"
    place = f"{scheme}://{bucket}/{key}"
    try:
        store = buckets.opened(scheme, bucket)
    except OSError as error:
        raise ConfigurationError(unusable(place, "used", str(error))) from None
    return Bucket(store, key), place


def unusable(place: str, what: str, said: str) -> str:
    """Return the message for a store that cannot be used.

    Args:
        place: The store.
        what: What cannot be done to it, as a participle.
        said: Why.
    """
    return (
        f"The token store {place} cannot be {what}: {unstopped(said)}. Check `store` and what the environment says"
        f" ({buckets.ENVIRONMENT[place.partition(':')[0]]})."
    )
