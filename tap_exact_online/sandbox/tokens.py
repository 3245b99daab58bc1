"""Codes and tokens: one chain for each user, a new refresh token at every refresh, and the errors of the token endpoint."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from tap_exact_online.sandbox.answers import Answer
from tap_exact_online.sandbox.options import USER, Options
from tap_exact_online.sandbox.values import guid

_DAY = 86_400


def failure(status: int, error: str, description: str) -> Answer:
    """Return an error answer."""
    return Answer(status, body=orjson.dumps({"error": error, "error_description": description}))


OLD_TOKEN = failure(401, "unauthorized_client", "Old refresh token used.")
NO_CHAIN = failure(400, "invalid_grant", "Token is not allowed, because of invalid or empty chainId")
WRONG_CLIENT = {
    "described": failure(400, "invalid_client", "Client authentication failed."),
    "bare": Answer(400, body=b'{"error":"invalid_client"}'),
}
BAD_REQUEST = failure(400, "invalid_request", "The request is missing a parameter or is not form-encoded.")
BAD_GRANT_TYPE = failure(400, "unsupported_grant_type", "The grant type is not supported.")
TOO_MANY = Answer(429)  # what follows the 200th token call of a day is undocumented


def _too_early(options: Options) -> Answer:
    status = options.early_refresh_status
    if options.early_refresh == "reason":
        reason = "TooEarlyToRefreshTokens: access_token not expired"
        return Answer(status, (("Reason", reason),))
    return failure(status, "access_denied", "Rate limit exceeded: access_token not expired")


@dataclass(slots=True)
class Chain:
    """What one consent of one user led to.

    Attributes:
        user: Who consented.
        refresh: The refresh token that works.
        refresh_issued: When it was given, in seconds since the epoch.
        access_issued: When the last access token was given; None before the first.
        access: Access tokens and when each ends, in seconds since the epoch.
        alive: False after a later consent of the same user.
    """

    user: str
    refresh: str
    refresh_issued: float
    access_issued: float | None = None
    access: dict[str, float] = field(default_factory=dict)
    alive: bool = True


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code: for whom, from when, and the redirect address it was sent to."""

    user: str
    issued: float
    redirect_uri: str


def _token(body: str) -> str:
    """Write a token in the form that Exact's tokens have."""
    return f"stampNL001.{body[:4]}!IAAAA{body[4:]}"


def new_token() -> str:
    """Return a new token."""
    return _token(secrets.token_urlsafe(160))


class Tokens:
    """All codes and chains of the one app.

    Args:
        seed: The first refresh token follows from it, so that a user finds the same one at every start.
        now: The time in seconds since the epoch.

    Attributes:
        attempts: How often each refresh token was presented, by token.
        redemptions: How often it worked.
        calls: Token calls by user and day.
    """

    def __init__(self, seed: int, now: float) -> None:
        self._chains: dict[str, Chain] = {}
        self._by_refresh: dict[str, Chain] = {}
        self._by_access: dict[str, Chain] = {}
        self._codes: dict[str, Code] = {}
        self.attempts: Counter[str] = Counter()
        self.redemptions: Counter[str] = Counter()
        self.calls: Counter[tuple[str, int]] = Counter()
        first = "".join(guid(seed, "refresh", part).replace("-", "") for part in range(3))
        self.login(USER, now, _token(first))

    def login(self, user: str, now: float, refresh: str | None = None) -> str:
        """Start a new chain as a consent does, and return its refresh token. The user's earlier chain is dead."""
        if user in self._chains:
            self._chains[user].alive = False
        chain = Chain(user, refresh or new_token(), now)
        self._chains[user] = self._by_refresh[chain.refresh] = chain
        return chain.refresh

    def code(self, user: str, redirect_uri: str, now: float) -> str:
        """Return a new authorization code."""
        code = new_token()[:60]
        self._codes[code] = Code(user, now, redirect_uri)
        return code

    def current(self, user: str = USER) -> str:
        """Return the refresh token that works."""
        return self._chains[user].refresh

    def redeem_code(self, code: str, redirect_uri: str, now: float, options: Options) -> Answer:
        """Answer the grant `authorization_code`."""
        known = self._codes.pop(code, None)  # single use, even when it is refused
        if known is None:
            return NO_CHAIN
        if self._over(known.user, now, options):
            return TOO_MANY
        if redirect_uri != known.redirect_uri:
            return failure(
                400, "invalid_request", "The redirect_uri differs from the one of the authorization request."
            )
        if now - known.issued > options.code_lifetime:
            return failure(400, "invalid_grant", "The authorization code has expired.")
        self.login(known.user, now)
        return self._rotate(self._chains[known.user], now, options)

    def redeem_refresh(self, token: str, now: float, options: Options) -> Answer:  # noqa: PLR0911 - one for each case
        """Answer the grant `refresh_token`."""
        chain = self._by_refresh.get(token)
        if chain is None:
            return NO_CHAIN
        self.attempts[token] += 1
        if self._over(chain.user, now, options):
            return TOO_MANY
        if token != chain.refresh:
            return OLD_TOKEN
        if not chain.alive:
            return NO_CHAIN
        expiry = chain.refresh_issued + options.refresh_lifetime_days * _DAY
        if now > expiry:
            return failure(
                400,
                "invalid_request",
                f"The refresh token expired at {_written(expiry)} and it is now {_written(now)}",
            )
        if chain.access_issued is not None and self._early(chain, now, options):
            return _too_early(options)
        self.redemptions[token] += 1
        return self._rotate(chain, now, options)

    def user_of(self, access: str, now: float) -> str | None:
        """Return whose access token this is; None if it is unknown, expired, or its chain is dead."""
        chain = self._by_access.get(access)
        if chain is None or not chain.alive or now >= chain.access.get(access, 0.0):
            return None
        return chain.user

    def owner(self, access: str) -> str | None:
        """Return whom an access token was given to, even if it no longer works."""
        chain = self._by_access.get(access)
        return None if chain is None else chain.user

    def expire_access(self) -> None:
        """Let every access token end now."""
        for chain in self._chains.values():
            chain.access = dict.fromkeys(chain.access, 0.0)

    def expire_refresh(self, now: float, options: Options) -> None:
        """Let every refresh token have lapsed."""
        for chain in self._chains.values():
            chain.refresh_issued = now - options.refresh_lifetime_days * _DAY - 1

    def _early(self, chain: Chain, now: float, options: Options) -> bool:
        """Tell whether the last access token is both too young and still good."""
        issued = chain.access_issued or 0.0
        last = max(chain.access.values(), default=0.0)
        return now - issued < options.refresh_after and now < last

    def _over(self, user: str, now: float, options: Options) -> bool:
        """Count a token call and tell whether it is one too many for the day."""
        day = int(now // _DAY)
        self.calls[user, day] += 1
        return self.calls[user, day] > options.token_limit

    def _rotate(self, chain: Chain, now: float, options: Options) -> Answer:
        access = new_token()
        chain.refresh, chain.refresh_issued, chain.access_issued = new_token(), now, now
        self._by_refresh[chain.refresh] = chain
        self._by_access[access] = chain
        chain.access = (
            {} if options.old_access_dies else {t: end for t, end in chain.access.items() if end > now}
        )
        chain.access[access] = now + options.access_lifetime
        given = {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": f"{options.access_lifetime:g}",  # text, not a number
            "refresh_token": chain.refresh,
        }
        return Answer(200, body=orjson.dumps(given))


def _written(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S")
