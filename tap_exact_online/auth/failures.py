"""What a token answer without tokens means for the run: a message for each, that says what to do."""

from __future__ import annotations

from datetime import UTC, datetime

from tap_exact_online.auth.responses import TokenAnswer, Verdict
from tap_exact_online.auth.tokens import RENEW_AT, Tokens
from tap_exact_online.errors import ConfigurationError, LimitReached, LoginNeeded, TapError, Unreachable

LOGIN = "Connect again with `exact-online login` (or put a new token in the setting `refresh_token`)."


def not_connected(place: str) -> LoginNeeded:
    """Say that there is nothing to start from."""
    return LoginNeeded(
        f"Not connected to Exact Online: the token store {place} is empty and the setting `refresh_token` is not set."
        f" {LOGIN}"
    )


def given_up(tokens: Tokens, place: str) -> LoginNeeded:
    """Say why a token is not sent once more: Exact called it dead, or two tries got no answer."""
    when = datetime.fromtimestamp(tokens.tried_at or 0.0, UTC)
    last = f"last by {tokens.tried_by} at {when:%Y-%m-%d %H:%M:%S} UTC"
    if tokens.refused:
        return LoginNeeded(
            f"The refresh token in {place} was sent to Exact {tokens.tries} times, {last}, and is dead. Exact said:"
            f" {tokens.refused}. {LOGIN}"
        )
    return LoginNeeded(
        f"The refresh token in {place} was sent to Exact {tokens.tries} times without an answer coming back, {last}: the"
        " connection broke or the process was ended in that moment. Exact has most likely replaced the token, and the"
        f" new one is lost. {LOGIN}"
    )


def refused(answer: TokenAnswer, now: float, place: str, tokens: Tokens) -> TapError:
    """Return what an answer without tokens means.

    Args:
        answer: The answer.
        now: Epoch seconds.
        place: The token store.
        tokens: What it holds: whose tries went before.
    """
    said = f"Exact says: {answer.said.rstrip('.')}."
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
        earlier = f" An earlier try by {tokens.tried_by} got no answer." if tokens.tries > 1 else ""
        return LoginNeeded(
            f"The refresh token was used before, and {place} holds no newer one. {said}{earlier} {LOGIN}"
        )
    if answer.verdict is Verdict.LAPSED:
        return LoginNeeded(
            f"Exact does not accept the connection any more: unused for 30 days, replaced by a newer login, or ended in Exact. {said} {LOGIN}"
        )
    return Unreachable(
        f"Exact's token endpoint is out of order ({answer.said}); this happens at night, around 04:00 Dutch time."
        " Nothing is lost. Run again later."
    )
