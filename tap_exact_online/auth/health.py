"""How a stored connection is doing, without using it: pure functions of what is stored and the time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from tap_exact_online.auth.tokens import Tokens, fingerprint
from tap_exact_online.auth.tries import MOST, replaced_by_seed
from tap_exact_online.errors import LoginNeeded
from tap_exact_online.spoken import spoken, unstopped
from tap_exact_online.surroundings import how_to

_DAY = 86_400.0
LIFE_DAYS = 30
"""So long does an unused refresh token live; every exchange brings a new one."""
WARN_FROM_DAY = 20

Word = Literal["connected", "seed", "not connected", "lapsed", "broken"]
_EXIT_CODES: Mapping[Word, int] = {
    "connected": 0,
    "seed": 0,
    "not connected": LoginNeeded.exit_code,
    "lapsed": LoginNeeded.exit_code,
    "broken": LoginNeeded.exit_code,
}


@dataclass(frozen=True, slots=True)
class Health:
    """How a connection is doing.

    Attributes:
        place: Where it is stored.
        server: The region, or the host where the setting `base_url` names one.
        now: When this was true, in epoch seconds.
        tokens: What is stored, or waits elsewhere.
        seed: The setting `refresh_token`, if set.
        saved: Where the tokens wait, if the store did not take them.
    """

    place: str
    server: str
    now: float
    tokens: Tokens | None = field(repr=False)
    seed: str | None = field(default=None, repr=False)
    saved: str | None = None

    @property
    def kept(self) -> Tokens | None:
        """The stored connection; a login that was ended while it tried the store leaves an empty one, which is none."""
        return self.tokens if self.tokens is not None and self.tokens.refresh_token else None

    @property
    def word(self) -> Word:
        """The state in one word."""
        if self._replaced or (self.kept is None and self.seed):
            return "seed"
        if self.kept is None:
            return "not connected"
        if self._tries and (self.kept.refused or self._tries >= MOST):
            return "broken"
        left = self.days_left
        return "lapsed" if left is not None and left <= 0 else "connected"

    @property
    def exit_code(self) -> int:
        """0: the next run can work. 3: a person has to log in."""
        return _EXIT_CODES[self.word]

    @property
    def alive(self) -> bool:
        """Whether there is a connection that a new login would end."""
        return self.kept is not None and self.exit_code == 0

    @property
    def age_days(self) -> float | None:
        """The age of the refresh token; None where it is not known. A clock that went back makes nothing younger than new."""
        if self.kept is None or self.kept.refresh_issued is None:
            return None
        return max(0.0, self.now - self.kept.refresh_issued) / _DAY

    @property
    def days_left(self) -> float | None:
        """The days until it lapses unused; None where that is not known."""
        return None if self.age_days is None else LIFE_DAYS - self.age_days

    @property
    def warnings(self) -> list[str]:
        """What a person should look at."""
        return [*self._warnings()]

    @property
    def _replaced(self) -> bool:
        """Whether the setting `refresh_token` was changed since the connection was made."""
        return self.kept is not None and replaced_by_seed(self.kept, self.seed)

    @property
    def _tries(self) -> int:
        """How often the stored token went out without a good answer."""
        if self.kept is None or self.kept.tried != fingerprint(self.kept.refresh_token):
            return 0
        return self.kept.tries

    def _warnings(self) -> Iterator[str]:
        word, tokens = self.word, self.kept
        if word == "not connected":
            yield f"Nothing is stored in {self.place}. Connect with `{how_to('login')}`."
        if word == "seed":
            yield (
                "The next run starts from the setting `refresh_token`, which has not been used yet; nobody knows"
                " whether it still works."
            )
        if word == "lapsed":
            yield f"The refresh token was not used for {LIFE_DAYS} days and has lapsed. Connect with `{how_to('login')}`."
        if word == "broken" and tokens is not None:
            why = (
                f"Exact said: {spoken(tokens.refused)}"
                if tokens.refused
                else "no answer came, and it is most likely dead"
            )
            yield f"The refresh token was sent {_times(self._tries)}, last {_by(tokens)}; {unstopped(why)}. Connect with `{how_to('login')}`."
        if self.saved:
            yield (
                f"The store did not take the newest token; it was saved in {self.saved}. The next run on this machine"
                " brings it home, if the store can be written."
            )
        elif word == "connected" and self._tries and tokens is not None:
            yield (
                f"An exchange of the refresh token was begun {_by(tokens)} and its answer is not stored: it is under"
                " way, or the process was ended in that moment. The next run tries once more"
                + (f", not before {_when(tokens.again)}." if tokens.again else ".")
            )
        if word == "connected" and self.age_days is not None and self.age_days >= WARN_FROM_DAY:
            yield (
                f"No run has used the connection for {self.age_days:.0f} days. In {self.days_left:.1f} days it lapses;"
                " one run keeps it alive."
            )

    def document(self) -> dict[str, Any]:
        """Return everything as JSON values, for monitoring."""
        tokens, tries = self.kept, self._tries
        return {
            "state": self.word.replace(" ", "_"),
            "exit_code": self.exit_code,
            "store": self.place,
            "server": self.server,
            "refresh_token_issued": _iso(tokens.refresh_issued) if tokens else None,
            "refresh_token_age_days": _rounded(self.age_days),
            "refresh_token_days_left": None if self.word == "broken" else _rounded(self.days_left),
            "access_token_issued": _iso(tokens.access_issued or None) if tokens else None,
            "access_token_seconds_left": self.access_seconds_left,
            "last_rotation_by": spoken(tokens.rotated_by) if tokens and tokens.rotated_by else None,
            "interrupted_exchange": {
                "tries": tries,
                "at": _iso(tokens.tried_at),
                "by": spoken(tokens.tried_by) if tokens.tried_by else None,
                "refused": spoken(tokens.refused) if tokens.refused else None,
            }
            if tokens and tries
            else None,
            "saved_elsewhere": self.saved,
            "warnings": self.warnings,
        }

    @property
    def access_seconds_left(self) -> int:
        """The seconds for which the stored access token still works."""
        if self.kept is None or self.kept.access_token is None:
            return 0
        return max(0, int(self.kept.expires_in - max(0.0, self.now - self.kept.access_issued)))

    def lines(self) -> Iterator[str]:
        """Yield what a person reads."""
        yield f"Store           {self.place}"
        yield f"Server          {self.server}"
        yield f"State           {self.word}"
        tokens = self.kept
        if tokens is not None:
            if self.age_days is None or self.days_left is None:
                yield "Refresh token   age unknown: it was given as a setting"
            else:
                left = ", lapsed" if self.days_left <= 0 else ""
                if self.alive and self.days_left > 0:
                    left = f", lapses in {self.days_left:.1f} days if unused"
                yield f"Refresh token   {_span(self.age_days * _DAY)} old{left}"
            if tokens.access_token is not None:
                age = _span(max(0.0, self.now - tokens.access_issued))
                left = (
                    f"works for {_span(self.access_seconds_left)} more"
                    if self.access_seconds_left
                    else "expired"
                )
                yield f"Access token    {age} old, {left}"
            if tokens.rotated_by is not None:
                yield f"Last rotation   {_when(tokens.refresh_issued)} by {spoken(tokens.rotated_by)}"
        yield from (f"Warning: {warning}" for warning in self.warnings)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _by(tokens: Tokens) -> str:
    return f"by {spoken(tokens.tried_by)} at {_when(tokens.tried_at)}"


def _when(moment: float | None) -> str:
    return (
        "an unknown time"
        if moment is None
        else f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"
    )


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def _rounded(days: float | None) -> float | None:
    return None if days is None else round(days, 2)


def _span(seconds: float) -> str:
    """Write a length of time as a person says it."""
    for unit, size in (("day", _DAY), ("hour", 3600.0), ("minute", 60.0)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"
