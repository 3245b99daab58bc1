"""What is kept between runs: the tokens, their ages, and whose they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tap_exact_online.errors import ConfigurationError

VERSION = 1

# Exact gives an access token 600 s and a new one only 570 s after the last: the two meet in the last 25 s, with
# 5 s to spare for clocks that differ.
LIFETIME = 600.0
RENEW_AT = 575.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """One connection as it is stored.

    Attributes:
        owner: Fingerprint of the client id and the server.
        refresh_token: Single use; dead as soon as an answer brings the next one.
        refresh_issued: When it was received, in epoch seconds; None for a seed, whose age nobody knows.
        access_token: None until the first exchange.
        access_issued: When it was received, in epoch seconds.
        expires_in: Its life in seconds, as the server said.
        seed: Fingerprint of the `refresh_token` setting that this chain grew from, if it did.
        rotated_by: Host and process that exchanged last.
        version: The form of the stored data.
    """

    owner: str
    refresh_token: str = field(repr=False)
    refresh_issued: float | None = None
    access_token: str | None = field(default=None, repr=False)
    access_issued: float = 0.0
    expires_in: float = LIFETIME
    seed: str | None = None
    rotated_by: str | None = None
    version: int = VERSION

    def fresh(self, now: float) -> bool:
        """Tell whether the access token can be used at `now` (epoch seconds) and must not be renewed yet.

        A token from the future (the clock went back) is used up to its whole life: renewing it early is refused,
        using it too long costs one answer of 401.
        """
        if self.access_token is None:
            return False
        early = LIFETIME - RENEW_AT
        return now - self.access_issued < max(self.expires_in - early, 0.0)


def fingerprint(*parts: str) -> str:
    """Return a short one-way name for secrets and identities, to compare but not to recover."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def to_document(tokens: Tokens) -> dict[str, Any]:
    """Return the tokens as plain data."""
    return asdict(tokens)


def from_document(document: Any, owner: str, place: str) -> Tokens:
    """Read stored tokens.

    Args:
        document: Plain data, as `to_document` gave it.
        owner: The fingerprint that the data must carry.
        place: Where it was found, for messages.

    Raises:
        ConfigurationError: It is damaged, belongs to another app or server, or was written by a newer version.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("refresh_token"), str):
        msg = (
            f"The token store {place} does not hold a connection of this tap."
            " If it is damaged, delete it and connect again; if it belongs to something else, set `store` elsewhere."
        )
        raise ConfigurationError(msg)
    if not isinstance(document.get("version"), int) or document["version"] > VERSION:
        msg = (
            f"The token store {place} was written by a newer version of this tap."
            " Upgrade this one, or set `store` elsewhere."
        )
        raise ConfigurationError(msg)
    if document.get("owner") != owner:
        msg = (
            f"The token store {place} belongs to another client id or region. It was left untouched."
            " Set `store` to a place of its own for this one."
        )
        raise ConfigurationError(msg)
    names = {f.name for f in fields(Tokens)}
    return Tokens(**{name: value for name, value in document.items() if name in names})
