"""What an answer of the API means: one pure function from status, headers and body to what to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap_exact_online.errors import Denied, LimitReached, ReadError, Refused
from tap_exact_online.wire.transport import redirected

MANAGE_COMPANIES = "Manage companies (user menu > My Exact Online > Security Centre > app permissions)"

CLOSED: Mapping[str, str] = {
    "NoDivisionAccess": "the company is not open to this app or this user",
    "DivisionBlocked": "the company is blocked",
    "BlockedUser": "the user who connected is blocked",
    "InactiveUser": "the user who connected is inactive",
    "BlockedCustomer": "Exact has blocked the subscription",
    "LicenseExpired": "the licence of the company has expired",
}
"""The reasons that close a whole division, whatever is asked of it."""

_SCOPE = re.compile(r"Cannot read '([^']+)' scope")


@dataclass(frozen=True, slots=True)
class Accept:
    """The answer holds data."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The same call may well succeed later.

    Attributes:
        after: Seconds to wait at least.
        why: For the log and the final message.
        maintenance: It looks like the nightly maintenance, which takes minutes, up to an hour.
    """

    after: float
    why: str
    maintenance: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """The allowance is used up; the limits know until when.

    Attributes:
        why: For the log.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Renew:
    """The access token is not accepted any more: take a new one and repeat the call once."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Asking again would be refused again.

    Attributes:
        error: What to report.
    """

    error: ReadError | LimitReached


Refusal = Retry | Wait | Renew | Stop
Action = Accept | Refusal


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Action:
    """Say what an answer means.

    Args:
        status: The HTTP status.
        headers: The answer's headers; names compare as the mapping compares them.
        body: The whole body.
    """
    if status == 200:
        return Accept()
    said = message_of(body)
    reason = headers.get("Reason")
    if status == 401:  # expired in the middle of a run, or revoked
        return Renew()
    if status == 403:
        return Stop(_denied(reason, said))
    if status == 408:
        return Retry(after=10, why="408: large pages time out; the same page works on a second try")
    if status == 429:
        return Wait("429: no calls left")
    if status >= 500:
        return Retry(
            after=2, why=f"{status}: {said or 'no explanation'}", maintenance=status in {502, 503, 504}
        )
    if 300 <= status < 400:  # the API never redirects; another host or another region does
        return Stop(Refused(f"{status}: {redirected(headers.get('Location', ''))}", status))
    if status == 404:
        return Stop(
            Refused(f"404: nothing at this address: {said or 'check `region` and `base_url`'}", status)
        )
    return Stop(Refused(f"{status}: {said or reason or 'no explanation'}", status))


def message_of(body: bytes) -> str:
    """Return what an error body says, in one line of at most 300 characters."""
    try:
        document: Any = json.loads(body)
        said = document["error"]["message"]
        text = str(said["value"] if isinstance(said, dict) else said)
    except (ValueError, LookupError, TypeError, RecursionError):
        text = body[:2000].decode("utf-8", "replace")
        if "<html" in text.lower() or "<!doctype" in text.lower():
            text = "an HTML page"
    return " ".join(text.split())[:300]


def _denied(reason: str | None, said: str) -> Denied | LimitReached:
    if reason is None and "not within division scope" in said:  # the same in the body's words
        reason = "NoDivisionAccess"
    if "too many errors" in f"{reason} {said}".lower():
        return LimitReached(
            "403: Exact has blocked this app for an hour, after too many refused calls. It is not asked again in this"
            " run; run again in an hour, and cure what was refused before."
        )
    if reason is not None and reason in CLOSED:
        why = CLOSED[reason]
        if reason == "NoDivisionAccess":
            why = f"{why}: tick it under {MANAGE_COMPANIES}"
        return Denied(f"403 {reason}: {why}", reason, whole_division=True)
    if scope := _SCOPE.search(said):
        return Denied(
            f"403: the app registration lacks the scope '{scope[1]}'. Add it in the Exact Online App Centre, then connect"
            " again.",
            reason,
        )
    return Denied(f"403: {said or 'no explanation'}", reason)
