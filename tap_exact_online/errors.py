"""Every way in which this project fails, and the exit code each one means.

    TapError                     1
    ├── ConfigurationError       2    a setting, a catalog or a state that cannot be used
    │   └── Unset                     a setting is missing without which nothing works
    ├── LoginNeeded              3    only a person can give the connection back
    ├── LimitReached             4    Exact allows no more calls for now; carries the time to come back
    │   └── ContractUsedUp            for all divisions: the run ends at once
    ├── TokenNotStored           5    a new token came but could not be kept
    ├── OutputLost               1    standard output cannot be written: the run ends at once
    └── ReadError                1    something could not be read; the run goes on with the rest
        ├── Unreachable               no answer, or none that makes sense, after every allowed try
        ├── Refused                   400 or 404: the request itself is not accepted; or a 401 with a good token
        ├── Denied                    403: a scope, a right or a licence is missing
        ├── UnsafeLink                a next link that loops or leads elsewhere
        ├── NotKept                   a file came but could not be written
        └── EnoughForNow              a run has done as much as it is to do; the next one goes on

A message names the setting, the stream or the endpoint and says what to do. It never holds a token or a secret.
"""

from __future__ import annotations

from datetime import datetime


def joined(said: str, then: str) -> str:
    """Put a sentence behind what was said, which is often a server's and without a full stop."""
    return f"{said}{'' if said.endswith(('.', '!', '?')) else '.'} {then}" if then else said


class TapError(Exception):
    """The root of the tree.

    Attributes:
        exit_code: What the process exits with when this ends the run.
    """

    exit_code = 1


class ConfigurationError(TapError):
    """A setting, a catalog or a state cannot be used as it is."""

    exit_code = 2


class Unset(ConfigurationError):  # noqa: N818  names the state of a setting
    """Settings are missing without which nothing works."""


class LoginNeeded(TapError):  # noqa: N818  the name says what to do, not what went wrong
    """The refresh token is dead: a person has to connect again."""

    exit_code = 3


class LimitReached(TapError):  # noqa: N818  nothing is in error: the allowance is used up
    """Exact allows no more calls for now.

    Attributes:
        until: The moment from which a new run makes sense, in UTC; None where Exact did not say.
    """

    exit_code = 4

    def __init__(self, message: str, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class ContractUsedUp(LimitReached):
    """The calls of the contract are used up for this day, in every division: nothing is asked any more."""


class TokenNotStored(TapError):  # noqa: N818  the name says what happened to the token
    """A new token came but could not be kept: the stored one is dead."""

    exit_code = 5


class OutputLost(TapError):  # noqa: N818  the name says what happened to the output
    """Standard output cannot be written: a full disk, mostly."""


class ReadError(TapError):
    """Something could not be read; other streams and divisions are not affected."""


class Unreachable(ReadError):  # noqa: N818  names a state of the far side
    """No answer, or none that makes sense, after every allowed try."""


class Refused(ReadError):  # noqa: N818  names what Exact did
    """Exact does not accept the request itself (400, 404), or refuses it a token that it accepts elsewhere (401).

    Attributes:
        status: The HTTP status.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Denied(ReadError):  # noqa: N818  names what Exact did
    """A scope, a right or a licence is missing (403).

    Attributes:
        reason: The `Reason` header's word, or None.
        whole_division: The reason concerns the division or the user, so other endpoints of it will say the same.
    """

    def __init__(self, message: str, reason: str | None = None, *, whole_division: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.whole_division = whole_division


class UnsafeLink(ReadError):  # noqa: N818  names the link
    """A next link loops, stands still or leads to another server."""


class NotKept(ReadError):  # noqa: N818  the name says what happened to the file
    """A file came but could not be written to the place of the setting `files`."""


class EnoughForNow(ReadError):  # noqa: N818  nothing is in error: a setting says how much a run is to do
    """A run has done as much as it is to do; the next one goes on from there."""
