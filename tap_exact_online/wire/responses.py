"""What an answer of the API means: one pure function from status, headers and body to what to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap_exact_online.errors import Denied, LimitReached, ReadError, Refused, joined
from tap_exact_online.spoken import spoken
from tap_exact_online.wire.transport import redirected

APP_PERMISSIONS = "user menu > My Exact Online > Security Centre > My app's permissions"
MANAGE_COMPANIES = f"Manage companies ({APP_PERMISSIONS})"

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
# What may just as well come from a gateway or a proxy in front of Exact is a verdict where it bears a mark of Exact's: a
# `Reason`, the error object, or these words as bare text. "Forbidden" alone is none: half of all servers say that.
_OWN_WORDS: Mapping[int, re.Pattern[str]] = {
    400: re.compile(
        r".*(?:\$select|\$filter|\bproperty named? '|Filtering on these fields is not supported)"
    ),
    403: re.compile(r"Forbidden - (?:User division is not within division scope|Application Scope Violated)"),
    404: re.compile(r"Resource not found for the segment"),
}
_EXPIRED = re.compile(r"(?:token|message) expired", re.IGNORECASE)
_BLOCKED = "too many errors"
_BETWEEN_REFUSALS = 15.0  # seconds at least: each may count as an error


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
        wrong_input: It may be the call's own fault: Exact has been seen to answer wrong input so.
        counted: Each try may count towards Exact's limit of errors.
        whole_division: Other endpoints of the division will most likely answer the same.
    """

    after: float
    why: str
    maintenance: bool = False
    wrong_input: bool = False
    counted: bool = False
    whole_division: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """The allowance is used up; the limits know until when.

    Attributes:
        why: For the log.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Renew:
    """The access token is not accepted: it has ended, or something stands in the way of this one call.

    Attributes:
        expired: The answer says that the token has ended.
    """

    expired: bool = False


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
    reason = spoken(headers.get("Reason", "")) or None
    if status == 401:
        return Renew(expired=_EXPIRED.search(headers.get("WWW-Authenticate", "")) is not None)
    if status in _OWN_WORDS:
        return _verdict(status, reason, said, body)
    if status == 408:
        return Retry(after=10, why="408: large pages time out; the same page works on a second try")
    if status == 429:
        return Wait("429: no calls left")
    if status >= 500:
        return Retry(
            after=2,
            why=f"{status}: {said or 'no explanation'}",
            maintenance=status in {502, 503, 504},
            wrong_input=status == 500,
        )
    if 300 <= status < 400:  # the API never redirects; another host or another region does
        return Stop(Refused(f"{status}: {redirected(headers.get('Location', ''))}", status))
    return Stop(Refused(f"{status}: {said or reason or 'no explanation'}", status))


def _verdict(status: int, reason: str | None, said: str, body: bytes) -> Retry | Stop:
    """Say what a refusal means. It is Exact's only where it bears a mark of Exact's, else an outage of what is in front."""
    if status == 403 and _BLOCKED in f"{reason} {said}".lower():
        return Stop(
            LimitReached(
                "403: Exact has blocked this app for an hour, after too many refused calls. It is not asked again in"
                " this run; run again in an hour, and cure what was refused before."
            )
        )
    if reason is None and _own_message(body) is None and not _OWN_WORDS[status].match(said):
        why = f"{status}, but not in Exact's own words: {said or 'an empty body'}"
        return Retry(after=_BETWEEN_REFUSALS, why=why, counted=True)
    if status == 403:
        return Stop(_denied(reason, said))
    what = "404: nothing at this address" if status == 404 else str(status)
    return Stop(Refused(f"{what}: {said or reason or 'no explanation'}", status))


def _own_message(body: bytes) -> str | None:
    """Return what Exact's error object says, None where the body is none.

    A gateway's may look alike but for its code, which is a number there and a text with Exact.
    """
    try:
        error: Any = json.loads(body)["error"]
        said = error["message"]
        text = said["value"] if isinstance(said, dict) else said
        return text if isinstance(text, str) and isinstance(error.get("code", ""), str) else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def doubted(error: Denied) -> Retry:
    """Return what to do about a denial of something that could be read a moment ago: it is an outage before it is a right."""
    why = joined(str(error), "It could be read earlier in this run, though")
    return Retry(after=_BETWEEN_REFUSALS, why=why, counted=True, whole_division=error.whole_division)


def message_of(body: bytes) -> str:
    """Return what an error body says, in one line of at most 300 characters."""
    text = _own_message(body)
    if text is None:
        text = body[:2000].decode("utf-8", "replace")
        if "<html" in text.lower() or "<!doctype" in text.lower():
            text = "an HTML page"
    return spoken(text)


def _denied(reason: str | None, said: str) -> Denied:
    if reason is None and "not within division scope" in said:  # the same in the body's words
        reason = "NoDivisionAccess"
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
