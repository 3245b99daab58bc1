"""What an answer of the token endpoint means: one pure function.

The codes are inconsistent, so status **and** description are matched.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from typing import Any


class Verdict(enum.Enum):
    """What to do after a token answer."""

    NEW = "both tokens came: keep them"
    EARLY = "asked too early: the stored access token is still good"
    SPENT = "the refresh token was used before: someone else may have rotated it"
    LAPSED = "the refresh token is too old, or its chain was ended: log in again"
    WRONG_CLIENT = "client id or secret are wrong"
    OUT_OF_ORDER = "the gateway answered, not Exact: ask again later"
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


def classify(status: int, body: bytes) -> TokenAnswer:
    """Say what an answer of the token endpoint means."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    gateway = status >= 500 or status in {408, 429}
    if not isinstance(document, dict):
        # An empty or broken 200 may be what is left of new tokens; a page of a box on the way is not.
        lost = status == 200 and body.lstrip()[:1] in {b"", b"{"}
        return TokenAnswer(Verdict.LOST if lost else Verdict.OUT_OF_ORDER, f"{status} without JSON")
    access, refresh = _text(document.get("access_token")), _text(document.get("refresh_token"))
    if access and refresh and status == 200:
        return TokenAnswer(Verdict.NEW, "", access, refresh, _seconds(document.get("expires_in")))
    error = str(document.get("error", ""))
    description = " ".join(str(document.get("error_description", "")).split())[:200]
    said = f"{status} {error}: {description}" if error else f"{status} without tokens"
    if gateway or "fault" in document:
        return TokenAnswer(Verdict.OUT_OF_ORDER, said, None, refresh)
    return TokenAnswer(_verdict(error, description.lower()), said, None, refresh)


def _verdict(error: str, description: str) -> Verdict:
    if "access_token not expired" in description:
        return Verdict.EARLY
    if "old refresh token used" in description:
        return Verdict.SPENT
    if error == "invalid_client":
        return Verdict.WRONG_CLIENT
    if error in {"server_error", "temporarily_unavailable"}:
        return Verdict.OUT_OF_ORDER
    return Verdict.LAPSED if error in _ENDED or "refresh token expired" in description else Verdict.LOST


_ENDED = frozenset({"invalid_grant", "invalid_request", "unauthorized_client", "access_denied"})


def _text(value: Any) -> str | None:
    """Return a token; one with blanks or line ends cannot be sent, and would show in the message that says so."""
    return value if isinstance(value, str) and value and value.isascii() and value.isprintable() else None


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return 600.0
    return seconds if 0 < seconds < 86_400 else 600.0
