"""What a token answer without tokens means for the run: a message for each, that says what to do."""

from __future__ import annotations

from datetime import UTC, datetime

from tap_exact_online.auth.responses import TokenAnswer, Verdict
from tap_exact_online.auth.tokens import RENEW_AT, Tokens
from tap_exact_online.errors import (
    ConfigurationError,
    LimitReached,
    LoginNeeded,
    TapError,
    TokenNotStored,
    Unreachable,
)
from tap_exact_online.spoken import spoken, unstopped
from tap_exact_online.surroundings import how_to


def login() -> str:
    """Return how a connection is had back."""
    return f"Connect again with `{how_to('login')}` (or put a new token in the setting `refresh_token`)."


def not_connected(place: str) -> LoginNeeded:
    """Say that there is nothing to start from."""
    return LoginNeeded(
        f"Not connected to Exact Online: the token store {place} is empty, as it is before the first login, and the setting"
        f" `refresh_token` is not set. Log in with `{how_to('login')}`."
    )


def given_up(tokens: Tokens, place: str) -> LoginNeeded:
    """Say why a token is not sent once more: Exact called it dead, or two tries got no answer."""
    last = f"last by {spoken(tokens.tried_by)} at {_at(tokens.tried_at)}"
    if tokens.refused:
        return LoginNeeded(
            f"The refresh token in {place} was sent to Exact {tokens.tries} times, {last}, and is dead. Exact said:"
            f" {unstopped(spoken(tokens.refused))}. {login()}"
        )
    return LoginNeeded(
        f"The refresh token in {place} was sent to Exact {tokens.tries} times without an answer coming back, {last}: the"
        " connection broke or the process was ended in that moment. Exact has most likely replaced the token, and the"
        f" new one is lost. {login()}"
    )


def not_yet(tokens: Tokens, place: str) -> Unreachable:
    """Say that a token was sent without an answer coming back, and when it may go out for the last time."""
    return Unreachable(
        f"The refresh token in {place} was sent to Exact by {spoken(tokens.tried_by)} at {_at(tokens.tried_at)}, and no"
        f" answer of Exact came back. It goes out once more, for the last time, not before {_at(tokens.again)}, when the"
        " trouble is over. Run again then."
    )


def unwritable(place: str, error: OSError) -> ConfigurationError:
    """Say that nothing is spent that could not be kept."""
    return ConfigurationError(
        f"The token store {place} cannot be written ({error.strerror or error}), and a refresh now would lose the"
        " connection. Make it writable or set `store` elsewhere; nothing was spent."
    )


def unkept(place: str, error: OSError | None, saved: str | None) -> TokenNotStored:
    """Say that the newest token is not in the store.

    Args:
        place: The store.
        error: Why it did not take it.
        saved: Where it was saved, if it was.
    """
    said = spoken((error.strerror or error) if error else "unknown why")
    msg = f"A new token came but could not be kept in {place} ({said}); the stored one is dead. Make the store writable."
    if saved is None:
        return TokenNotStored(f"{msg} {login()}")
    return TokenNotStored(
        f"{msg} The token was saved in {saved}; the next run on this machine brings it home by itself."
    )


def refused(answer: TokenAnswer, now: float, place: str, tokens: Tokens) -> TapError:
    """Return what an answer without tokens means.

    Args:
        answer: The answer.
        now: Epoch seconds.
        place: The token store.
        tokens: What it holds: whose tries went before.
    """
    said = f"Exact says: {unstopped(answer.said)}."
    if answer.verdict is Verdict.WRONG_CLIENT:
        return ConfigurationError(
            f"The app registration is not accepted: check `client_id` and `client_secret`. {said}"
        )
    if answer.verdict is Verdict.EARLY:
        until = datetime.fromtimestamp(now + RENEW_AT, UTC)
        return LimitReached(
            "Exact gives one access token in ten minutes and the last one was given to another process, whose store"
            f" this one does not share. Run again after {until:%H:%M} UTC, or set `store` to that place.",
            until,
        )
    if answer.verdict is Verdict.SPENT:
        first = tokens.other_by or tokens.tried_by
        earlier = f" An earlier try by {spoken(first)} got no answer." if tokens.tries > 1 else ""
        return LoginNeeded(
            f"The refresh token was used before, and {place} holds no newer one. {said}{earlier} {login()}"
        )
    if answer.verdict is Verdict.LAPSED:
        return LoginNeeded(
            f"Exact does not accept the connection any more: unused for 30 days, replaced by a newer login, or ended in Exact. {said} {login()}"
        )
    return Unreachable(
        f"Exact's token endpoint is out of order ({answer.said}); this happens at night, around 04:00 Dutch time."
        " Nothing is lost. Run again later."
    )


def _at(moment: float | None) -> str:
    return f"{datetime.fromtimestamp(moment or 0.0, UTC):%Y-%m-%d %H:%M:%S} UTC"
