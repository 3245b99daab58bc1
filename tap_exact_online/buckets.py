"""Object storage: what its URLs name, how it is reached, and what its refusals are called. Needs the extra `object`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from obstore import exceptions
from obstore.store import from_url

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import keep_secret, spoken

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig

# obstore itself would go on for three minutes, far into the lease of a token store.
_RETRY: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=15)}
FAILURES = (exceptions.BaseError, OSError, ValueError, NotImplementedError)
"""What a call to object storage may raise."""
ENVIRONMENT: Mapping[str, str] = {
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, elsewhere than at Amazon AWS_ENDPOINT_URL too",
    "gs": "GOOGLE_SERVICE_ACCOUNT, the path of a key file",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
"""What the environment has to say of each kind, by the scheme of its URLs."""
_SECRET = re.compile(r"(AWS|AZURE|GOOGLE)_.*(KEY|SECRET|TOKEN|SAS|PASSWORD)")


def scheme_of(url: str) -> str:
    """Return the scheme of a URL in small letters."""
    return url.partition(":")[0].lower()


def taken_apart(url: str, setting: str, example: str) -> tuple[str, str]:
    """Return the bucket and the key that a URL of a setting names: `s3://bucket/key`, `gs://bucket/key`, `az://container/key`.

    Args:
        url: The URL.
        setting: The setting that it is the value of.
        example: What such a setting has behind the bucket.

    Raises:
        ConfigurationError: It is no such URL.
    """
    match = re.fullmatch(r"\w+://([\w.-]+)(?:/([^?#]*))?", url)
    if match is None:
        scheme = scheme_of(url)
        msg = (
            f"`{setting}` is not a URL of the form {scheme}://bucket/{example}. Keys and endpoints do not belong"
            f" in it: they come from the environment ({ENVIRONMENT[scheme]})."
        )
        raise ConfigurationError(msg)
    return match[1], unquote(match[2] or "")


def opened(scheme: str, bucket: str) -> ObjectStore:
    """Return a bucket. Nothing is sent; credentials come from the environment.

    Raises:
        OSError: The environment does not go with it.
    """
    try:
        return from_url(f"{scheme}://{bucket}", retry_config=_RETRY)
    except FAILURES as error:
        raise OSError(words(error)) from None


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


def misses_bucket(error: BaseException) -> bool:
    """Tell a missing bucket from a missing object: Amazon, Google and Microsoft each say it in words of their own."""
    said = str(error)
    return any(word in said for word in ("NoSuchBucket", "bucket does not exist", "ContainerNotFound"))
