"""What is kept between runs: the tokens, their ages, and whose they are."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

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
        previous: Fingerprint of the refresh token that this one replaced.
        before: Fingerprints of those that were spent before `previous` while no store took what they brought, the
            newest first: whatever store still holds one of them holds an ancestor.
        sent: How often tokens went out of which the note below says nothing (any more): of every seed that ever did, so
            that none replaces anything twice, with 3 where a chain grew from it; and of a stored token whose note made
            way for that of a seed.
        tried: Fingerprint of the refresh token that is being exchanged, or was when a process ended.
        tries: How often that one went out without an answer of Exact coming back.
        tried_by: Host and process that sent it last.
        tried_at: When, in epoch seconds.
        again: From when on it may go out once more, in epoch seconds; None while nobody knows how the last try ended.
        other_by: Host and process that sent it first, if nobody knows how that ended.
        other_at: When, in epoch seconds.
        refused: What Exact said of it, if it called it dead.
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
    previous: str | None = None
    before: tuple[str, ...] = ()
    sent: Mapping[str, int] = field(default_factory=dict)
    tried: str | None = None
    tries: int = 0
    tried_by: str | None = None
    tried_at: float | None = None
    again: float | None = None
    other_by: str | None = None
    other_at: float | None = None
    refused: str | None = None
    version: int = VERSION

    @property
    def spent(self) -> tuple[str, ...]:
        """Fingerprints of the tokens that this one came from, the newest first."""
        return (self.previous, *self.before) if self.previous else ()

    def left(self, now: float) -> float:
        """Return the seconds for which the access token can be used before it is to be renewed; below 0: renew it.

        A token from the future (the clock went back) counts as new: renewing it early is refused, using it too long
        costs one answer of 401.

        Args:
            now: Epoch seconds.
        """
        if self.access_token is None:
            return 0.0
        spare = (LIFETIME - RENEW_AT) * min(1.0, self.expires_in / LIFETIME)
        return self.expires_in - spare - max(0.0, now - self.access_issued)


def fingerprint(*parts: str) -> str:
    """Return a short one-way name for secrets and identities, to compare but not to recover."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def this_process() -> str:
    """Return how this process is named in the store: its host and its number."""
    return f"{socket.gethostname()}:{os.getpid()}"


def is_gone(process: str | None) -> bool:
    """Tell whether a process of this machine has ended; of others nothing is known.

    Args:
        process: What `this_process` returned there. The same as here is an earlier one that had our number.
    """
    host, _, number = (process or "").rpartition(":")
    if os.name != "posix" or host != socket.gethostname() or not number.isdecimal():
        return False
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # another user's, or no number of a process
        return False
    return False
