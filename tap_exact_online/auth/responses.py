"""What an answer of the token endpoint means: one pure function.

The codes are inconsistent, so status **and** description are matched.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from typing import Any

from tap_exact_online.spoken import spoken
from tap_exact_online.wire import intake


class Verdict(enum.Enum):
    """What to do after a token answer."""

    NEW = "both tokens came: keep them"
    EARLY = "asked too early: the stored access token is still good"
    SPENT = "the refresh token was used before: someone else may have rotated it"
    LAPSED = "the refresh token is too old, or its chain was ended: log in again"
    WRONG_CLIENT = "client id or secret are wrong"
    OUT_OF_ORDER = "the request was turned away before Exact had it: ask again later"
    GATEWAY = "something on the way answered, not Exact: it may or may not have rotated"
    LOST = "no answer that says anything: the server may or may not have rotated"


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """A token answer and what it means.

    Attributes:
        verdict: What it means.
        said: What the server said of it, for messages; holds no token.
        access_token: The new access token, if one came.
        refresh_token: The new refresh token, if one came: kept whatever else the answer says.
        expires_in: Seconds; Exact writes it as a string.
    """

    verdict: Verdict
    said: str = ""
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_in: float = 600.0


_LIFE = 600.0
# In an answer that is no JSON document as a whole: cut short, or with a number that no computer holds.
_MEMBER = re.compile(rb'"(access_token|refresh_token)"\s*:\s*"([^"\\]+)"')


def classify(status: int, body: bytes, trouble: str = "") -> TokenAnswer:
    """Say what an answer of the token endpoint means.

    Args:
        status: The HTTP status.
        body: What came of the body.
        trouble: Why that is not all of it; empty where it is. The tokens may be in the part that came.
    """
    document = _document(body)
    access, refresh = _text(document.get("access_token")), _text(document.get("refresh_token"))
    if access and refresh and status == 200:
        return TokenAnswer(Verdict.NEW, "", access, refresh, _seconds(document.get("expires_in")))
    if trouble and status == 200:
        return TokenAnswer(Verdict.LOST, trouble, None, refresh)
    if not document:
        return TokenAnswer(_of_no_document(status, body), f"{status} without JSON")
    error = _said(document.get("error", ""), 80)
    description = _said(document.get("error_description", ""), 200)
    said = f"{status} {error}: {description}" if error else f"{status} without tokens"
    return TokenAnswer(_verdict(status, document, error, description.lower()), said, None, refresh)


def _document(body: bytes) -> dict[str, Any]:
    """Return the members of the answer; where it is no whole document, at least the tokens, which come only once."""
    try:
        document = intake.document(body)
    except ValueError:
        return {name.decode(): token.decode("ascii", "replace") for name, token in _MEMBER.findall(body)}
    return document if isinstance(document, dict) else {}


def _of_no_document(status: int, body: bytes) -> Verdict:
    """Judge a page that is not Exact's.

    No proof that Exact did not get the request is what counts: a gateway that gave up waiting (504) had passed it on.
    Turned away before are a request that is refused (4xx; 408 is a wait that ended) and one to a service that says it
    is not there (503).
    """
    if status == 503 or (300 <= status < 500 and status != 408):
        return Verdict.OUT_OF_ORDER
    # An empty or broken 200 may be what is left of new tokens; a page of a box on the way is not.
    return Verdict.LOST if status == 200 and body.lstrip()[:1] in {b"", b"{"} else Verdict.GATEWAY


def _verdict(status: int, document: dict[str, Any], error: str, description: str) -> Verdict:
    if status in {429, 503}:
        return Verdict.OUT_OF_ORDER
    if status >= 500 or status == 408 or "fault" in document:
        return Verdict.GATEWAY
    if "access_token not expired" in description:
        return Verdict.EARLY
    if "old refresh token used" in description:
        return Verdict.SPENT
    if error == "invalid_client":
        return Verdict.WRONG_CLIENT
    if error in {"server_error", "temporarily_unavailable"}:
        return Verdict.GATEWAY
    return Verdict.LAPSED if error in _ENDED or "refresh token expired" in description else Verdict.LOST


_ENDED = frozenset({"invalid_grant", "invalid_request", "unauthorized_client", "access_denied"})


def _said(value: Any, most: int) -> str:
    return spoken(value, most) if isinstance(value, str | int | float | bool) else ""


def is_token(value: str) -> bool:
    """Tell whether a text can be sent as a token: one with blanks or line ends cannot, and would show in the message."""
    return value.isascii() and value.isprintable() and " " not in value and bool(value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and is_token(value) else None


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return _LIFE
    return seconds if 0 < seconds < 86_400 else _LIFE
