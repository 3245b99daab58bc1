"""A person's consent: the address that asks for it, the address that answers, and the tokens it brings.

Exact gives a code that lives three minutes and works once. So the store is tried before anybody is sent to a browser,
and a code goes out once: whatever became of it, the next one costs a person a minute.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit

from tap_exact_online.auth import tries
from tap_exact_online.auth.responses import TokenAnswer, Verdict
from tap_exact_online.auth.signals import held_back
from tap_exact_online.auth.stores import Store
from tap_exact_online.auth.tokens import RENEW_AT, Tokens, fingerprint, this_process
from tap_exact_online.errors import (
    ConfigurationError,
    LimitReached,
    LoginNeeded,
    TapError,
    TokenNotStored,
    Unreachable,
)
from tap_exact_online.spoken import keep_secret, spoken, unstopped
from tap_exact_online.surroundings import how_to


def again() -> str:
    """Return what to do after a login that led to nothing."""
    return f"Run `{how_to('login')}` again."


_WRITE_WAITS = (0.2, 1.0)
_LONGEST_QUOTE = 200


class Foreign(LoginNeeded):
    """What was given answers another login; whoever waits for the right answer goes on waiting."""


class NotAnAnswer(ConfigurationError):  # noqa: N818  names what was given
    """What was pasted is not the address that the browser was sent back to; a person can try once more."""


def new_state() -> str:
    """Return a random state: it ties an answer to the question, so that nobody can slip in a code of their own."""
    return secrets.token_urlsafe(32)


def check_redirect_uri(redirect_uri: str) -> None:
    """Check that an address can be a redirect URI. It is used as it is written: Exact compares every character.

    Raises:
        ConfigurationError: It cannot.
    """
    try:
        parts = urlsplit(redirect_uri)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.fragment
        valid = valid and parts.port != 0 and not set(redirect_uri) & set(" \t\r\n")
    except ValueError:
        valid = False
    if not valid:
        msg = (
            "The redirect URI is missing or not a whole address. Give it exactly as it stands in your app registration, for"
            " example https://www.example.com/callback, with --redirect-uri or EXACT_ONLINE_REDIRECT_URI."
        )
        raise ConfigurationError(msg)


@dataclass(frozen=True, slots=True)
class Consent:
    """One question to a person, and how to tell its answer.

    Attributes:
        base_url: Scheme and host of Exact, without a slash at the end.
        client_id: The app's id.
        redirect_uri: Where Exact sends the browser, exactly as registered.
        state: Comes back with the answer.
    """

    base_url: str
    client_id: str
    redirect_uri: str
    state: str = field(repr=False)

    def url(self, *, force_login: bool = False) -> str:
        """Return the address that asks for consent.

        Args:
            force_login: Let Exact ask who it is, even where the browser is signed in already.
        """
        asked = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "force_login": "1" if force_login else "0",
            "state": self.state,
        }
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
        return f"{self.base_url}/api/oauth2/auth?{query}"

    def code_in(self, address: str) -> str:
        """Return the code in the address that the browser was sent back to.

        Args:
            address: As it was received or pasted; line breaks and quotes around it do no harm.

        Raises:
            NotAnAnswer: It is something else.
            LoginNeeded: Access was denied, or the answer belongs to another question.
            ConfigurationError: Exact names another error.
        """
        given = _query("".join(address.split()).strip("'\"<>"))
        keep_secret(given.get("code"), given.get("state"))
        if "code" not in given and "error" not in given:
            raise _not_an_answer(given, self.redirect_uri)
        # An error without a state, given by a person, ends the login and gives nothing away; a code without one is nobody's.
        state = given.get("state", self.state if "code" not in given else "")
        if not hmac.compare_digest(state.encode(), self.state.encode()):
            msg = (
                "The answer belongs to another login: its `state` is not the one of this login. Nothing was"
                " exchanged. Perhaps an older tab was used; if you did not expect this, somebody may have tried to"
                f" connect you to their account. {again()}"
            )
            raise Foreign(msg)
        if "error" in given:
            raise _no_consent(given)
        return given["code"]

    def is_answered_by(self, address: str) -> bool:
        """Tell whether an address carries the state of this question, which no other page knows."""
        return hmac.compare_digest(_query(address).get("state", "").encode(), self.state.encode())


def _query(address: str) -> dict[str, str]:
    """Read the query of an address, decoding it once; a plus sign stays one, for tokens may hold it."""
    _, _, query = address.partition("#")[0].partition("?")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return {unquote(name): unquote(value) for name, _, value in pairs if value}


def _not_an_answer(given: dict[str, str], redirect_uri: str) -> NotAnAnswer:
    if "redirect_uri" in given:
        return NotAnAnswer(
            "This is the address of Exact's own page. Open it, allow access, and give the address of the page behind"
            f" it, which begins with {redirect_uri}."
        )
    return NotAnAnswer(
        "This is not the whole address: it has no code in it. Give all of what the browser's address bar shows after"
        f" you allowed access, from {redirect_uri} to the end. A code alone is not taken, for its `state` is needed to"
        " know that it is yours."
    )


def _no_consent(given: dict[str, str]) -> TapError:
    if given["error"] == "access_denied":
        return LoginNeeded(f"Access was denied on Exact's page, so there is no connection. {again()}")
    said = f"{given['error']}: {given.get('error_description', '').replace('+', ' ')}"
    shown = spoken(said, _LONGEST_QUOTE).rstrip(" :")
    return ConfigurationError(
        f"Exact did not ask for consent ({shown}). Check `client_id`, `region` and the redirect URI against your app"
        " registration."
    )


class Authorizer(Protocol):
    """Exchanges a code once."""

    def authorize(self, code: str, redirect_uri: str) -> TokenAnswer:
        """Return what the server said."""
        ...


@dataclass(frozen=True, slots=True)
class Login:
    """Turns a code into a stored connection.

    Attributes:
        store: Keeps the connection.
        exchange: Talks to the token endpoint.
        owner: The fingerprint of the client id and the server.
        seed: The `refresh_token` setting, if set: it counts as used, so that it does not replace the new connection.
        clock: Returns the time in epoch seconds.
        sleep: Waits for a number of seconds.
    """

    store: Store
    exchange: Authorizer
    owner: str
    seed: str | None = field(repr=False)
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def prepare(self) -> None:
        """Write to the store and leave it as it was: one that takes no token is found before a person is troubled.

        Raises:
            ConfigurationError: It cannot be read or written, or holds something else.
            LimitReached: Another process holds it.
        """
        with self.store.lock(), held_back():
            stored = self.store.read()
            # A write goes over what a killed one left.
            stored = tries.newest(self.store.leftovers(), tries.awaited(stored, self.seed)) or stored
            try:
                if stored is None or not stored.refresh_token:
                    self.store.write(Tokens(self.owner, refresh_token=""))
                    self.store.forget()
                else:
                    self.store.write(stored)
            except OSError as error:
                msg = (
                    f"The token store {self.store.place} cannot be written ({error.strerror or error}). Make it"
                    " writable or set `store` elsewhere, then log in."
                )
                raise ConfigurationError(msg) from error

    def redeem(self, code: str, redirect_uri: str) -> None:
        """Exchange a code and store what it brings.

        Args:
            code: The code, decoded.
            redirect_uri: The one that the consent was asked for with.

        Raises:
            TapError: There is no connection; the message says why, and what to do.
        """
        with self.store.lock():
            stored = self.store.read()
            with held_back():
                answer = self.exchange.authorize(code, redirect_uri)
                if answer.refresh_token is None:
                    raise refused(answer, self.clock())
                # Whatever else the answer lacks: the next token is in it, and nothing gives it a second time.
                self._keep(stored, answer)

    def _seed_is_used(self) -> dict[str, int]:
        return {fingerprint(self.seed): tries.GREW} if self.seed else {}

    def _keep(self, stored: Tokens | None, answer: TokenAnswer) -> None:
        now = self.clock()
        before = stored.seed if stored else None
        new = Tokens(
            owner=self.owner,
            refresh_token=answer.refresh_token or "",
            refresh_issued=now,
            access_token=answer.access_token,
            access_issued=now if answer.access_token else 0.0,
            expires_in=answer.expires_in,
            # A machine that shares the store may still have the seed that this one does not have.
            seed=fingerprint(self.seed) if self.seed else before,
            sent={**(stored.sent if stored else {}), **self._seed_is_used()},
            rotated_by=this_process(),
            previous=fingerprint(stored.refresh_token) if stored else None,
        )
        for wait in (*_WRITE_WAITS, None):
            try:
                return self.store.write(new)
            except OSError as error:
                if wait is None:
                    msg = (
                        f"Exact gave a connection, but it could not be kept in {self.store.place}"
                        f" ({error.strerror or error}) and is lost. An earlier connection of the same user is dead"
                        f" too. Make the store writable. {again()}"
                    )
                    raise TokenNotStored(msg) from error
                self.sleep(wait)
        raise AssertionError  # the last wait is None


def refused(answer: TokenAnswer, now: float) -> TapError:
    """Return what it means that a code brought no tokens.

    Args:
        answer: What the token endpoint said.
        now: Epoch seconds.
    """
    said = f"Exact says: {unstopped(answer.said)}."
    if answer.verdict is Verdict.WRONG_CLIENT:
        return ConfigurationError(
            "The app registration is not accepted: check `client_id`, `client_secret` and `region`, each region is a"
            f" world of its own. {said}"
        )
    if "redirect" in answer.said.lower():
        return ConfigurationError(
            "The redirect URI is not the one that the code was given for. Give it exactly as it stands in your app"
            f" registration, to the last slash. {said}"
        )
    if answer.verdict is Verdict.EARLY:
        until = datetime.fromtimestamp(now + RENEW_AT, UTC)
        return LimitReached(
            "Exact gives this app and user one access token in ten minutes, and the last one is younger. Log in again"
            f" after {until:%H:%M} UTC. {said}",
            until,
        )
    if answer.verdict in {Verdict.LOST, Verdict.GATEWAY}:
        return LoginNeeded(
            f"The code was sent, but no answer says what became of it ({answer.said}). A code works once, so it was not sent again."
            " Whether Exact made the connection is not known; an earlier one of the same user may be dead now."
            f" {again()}"
        )
    if answer.verdict is Verdict.OUT_OF_ORDER:
        return Unreachable(
            f"Exact's token endpoint is out of order ({answer.said}); this happens at night, around 04:00 Dutch time."
            " Nothing was stored. Log in again later."
        )
    return LoginNeeded(
        "Exact does not accept the code. It works once and for three minutes: it was used before, or is too old."
        f" {said} {again()}"
    )
