"""One object in object storage, with writes that only replace what is known."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

import obstore
from obstore import exceptions
from obstore.store import S3Store, from_url

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import keep_secret, spoken

if TYPE_CHECKING:
    from obstore import PutMode, UpdateVersion
    from obstore.store import ObjectStore, RetryConfig

# obstore itself would go on for three minutes, far into the lease.
_RETRY: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=15)}
_FAILURES = (exceptions.BaseError, OSError, ValueError, NotImplementedError)
_SECRET = re.compile(r"(AWS|AZURE|GOOGLE)_.*(KEY|SECRET|TOKEN|SAS|PASSWORD)")
_ENVIRONMENT = {
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, elsewhere than at Amazon AWS_ENDPOINT_URL too",
    "gs": "GOOGLE_SERVICE_ACCOUNT, the path of a key file",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}


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
        except _FAILURES as error:
            if isinstance(error, FileNotFoundError) and not _no_bucket(error):
                return None
            raise OSError(errno.EIO, words(error)) from None

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
        except _FAILURES as error:
            raise OSError(errno.EIO, words(error)) from None
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
        except _FAILURES as error:
            raise OSError(errno.EIO, words(error)) from None


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
    scheme = url.partition(":")[0].lower()
    match = re.fullmatch(r"\w+://([\w.-]+)(?:/([^?#]*))?", url)
    if match is None:
        msg = (
            f"`store` is not a URL of the form {scheme}://bucket/folder/tokens.json. Keys and endpoints do not belong"
            f" in it: they come from the environment ({_ENVIRONMENT[scheme]})."
        )
        raise ConfigurationError(msg)
    bucket, key = match[1], unquote(match[2] or "")
    if not key or key.endswith("/"):
        key += f"{owner}.json"
    place = f"{scheme}://{bucket}/{key}"
    try:
        store = from_url(f"{scheme}://{bucket}", retry_config=_RETRY)
    except _FAILURES as error:
        raise ConfigurationError(unusable(place, "used", words(error))) from None
    return Bucket(store, key), place


def unusable(place: str, what: str, said: str) -> str:
    """Return the message for a store that cannot be used.

    Args:
        place: The store.
        what: What cannot be done to it, as a participle.
        said: Why.
    """
    return (
        f"The token store {place} cannot be {what}: {said}. Check `store` and what the environment says"
        f" ({_ENVIRONMENT[place.partition(':')[0]]})."
    )


def words(error: BaseException) -> str:
    """Return what went wrong, on one line, without addresses (those of Azure may be signed) and secrets."""
    text = str(error).partition("\n\nDebug source")[0]
    if isinstance(error, NotImplementedError | exceptions.NotSupportedError):
        return "it knows no conditional writes, without which two processes could overwrite each other"
    status = re.search(r"status code: (\d{3}[ \w]*)", text)
    code = re.search(r"<Code>(\w+)</Code>", text)
    if status:
        text = f"the server says {status[1].strip()}" + (f", {code[1]}" if code else "")
    else:
        text = " ".join(re.sub(r"\w+://\S+", "the server", text).split())
    keep_secret(*(value for name, value in os.environ.items() if _SECRET.match(name)))
    return spoken(text).rstrip(".")


def _no_bucket(error: BaseException) -> bool:
    """Tell a missing bucket from a missing object: Amazon, Google and Microsoft each say it in words of their own."""
    said = str(error)
    return any(word in said for word in ("NoSuchBucket", "bucket does not exist", "ContainerNotFound"))
