"""Calls to the API: one at a time, within the limits, repeated where that helps, page after page."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from urllib.parse import quote

import requests
from typing_extensions import override
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from tap_exact_online.auth.bearer import Bearer
from tap_exact_online.errors import (
    ConfigurationError,
    Denied,
    LimitReached,
    LoginNeeded,
    ReadError,
    Refused,
    TapError,
    Unreachable,
    UnsafeLink,
)
from tap_exact_online.limits import ErrorBudget, Limits
from tap_exact_online.odata import Decoder, MalformedBody, Page
from tap_exact_online.patience import Patience
from tap_exact_online.responses import Accept, Action, Renew, Retry, Stop, Wait, classify
from tap_exact_online.transport import explain

_log = logging.getLogger("tap-exact-online.client")

_T = TypeVar("_T")

_TIMEOUT = (10.0, 300.0)
_REFUSALS = 5
_COUNTED_AS_ERRORS = frozenset({400, 401, 403, 404})


class AccessTokens(Protocol):
    """Gives access tokens."""

    @property
    def unsaved(self) -> TapError | None:
        """Why the newest token is not in the store, or None."""
        ...

    def access_token(self) -> str:
        """Return a token that can be used now."""
        ...

    def renew(self, rejected: str) -> None:
        """Get another token after one was refused."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One address to read.

    Attributes:
        endpoint: The path behind `/api/v1/{division}/`, for limits and messages.
        url: The whole address.
        division: The division whose allowance it uses; None for `current/Me`, which is not counted.
    """

    endpoint: str
    url: str
    division: int | None = None

    @override
    def __str__(self) -> str:
        return self.endpoint if self.division is None else f"{self.endpoint} of division {self.division}"


def address(
    base_url: str, path: str, division: int | None = None, options: Mapping[str, str] | None = None
) -> str:
    """Build the address of an endpoint.

    Args:
        base_url: Scheme and host, without a slash at the end.
        path: The endpoint's path behind `/api/v1/{division}/`.
        division: The division, or None for an address without one.
        options: Query options by name (`$select`, `$filter`).
    """
    middle = "" if division is None else f"{division}/"
    query = "&".join(f"{name}={quote(value, safe=_LITERAL)}" for name, value in (options or {}).items())
    return f"{base_url}/api/v1/{middle}{path}" + (f"?{query}" if query else "")


_LITERAL = "',$:"


@dataclass(slots=True)
class Client:
    """Reads from one server with one connection.

    Attributes:
        base_url: Scheme and host, without a slash at the end.
        tokens: Gives access tokens.
        limits: The calls left in each division.
        clock: Returns the time in epoch seconds.
        sleep: Waits for a number of seconds.
        user_agent: What the tap calls itself.
        patience: How long to go on trying.
        session: Keeps connections alive; its own retries are off.
        calls: Calls that went out so far.
    """

    base_url: str
    tokens: AccessTokens
    limits: Limits
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    user_agent: str
    patience: Patience = field(default_factory=Patience)
    session: requests.Session = field(default_factory=requests.Session)
    calls: int = 0
    _answered: bool = False
    _refused: dict[tuple[int | None, str | None], ReadError | LimitReached] = field(default_factory=dict)
    _errors: ErrorBudget = field(init=False)

    def __post_init__(self) -> None:
        self._errors = ErrorBudget(self.clock)

    def pages(self, call: Call, decoder: Decoder) -> Iterator[Page]:
        """Read a collection, following the next links.

        An empty page with a next link is followed like any other. The next page is asked for only when the caller
        comes back for it, so never two requests are under way for one division.

        Raises:
            ReadError: It could not be read, or a next link is not safe to follow.
            LimitReached: The division's calls of this day are used up.
            LoginNeeded: The connection is dead.
        """
        seen = {call.url}
        while True:
            page = self.get(call, decoder.decode)
            yield page
            if page.next_link is None:
                return
            self._check_link(page.next_link, seen, call)
            seen.add(page.next_link)
            call = Call(call.endpoint, page.next_link, call.division)

    def get(self, call: Call, read: Callable[[bytes], _T]) -> _T:
        """Read one address.

        Args:
            call: What to read.
            read: Turns the body into what is returned; raises `MalformedBody` where it makes no sense.

        Raises:
            ReadError: It could not be read.
            LimitReached: The division's calls of this day are used up.
            LoginNeeded: The connection is dead.
        """
        self._check_refused(call)
        tries = refusals = 0
        waited = 0.0
        renewed = False
        while True:
            self._wait_for_limit(call)
            # Taken after the wait: a token lives ten minutes, and every 401 counts as an error.
            token = self.tokens.access_token()
            action, body = self._send(call, token)
            if isinstance(action, Accept):
                try:
                    result = read(body)
                except MalformedBody as error:
                    action = Retry(after=2, why=f"200, but {error}", maintenance=not body.strip())
                else:
                    self._answered = True
                    return result
            if isinstance(action, Stop):
                raise self._remembered(call, action.error)
            if isinstance(action, Renew):
                if renewed:
                    msg = f"{call}: the access token was refused twice (401). Connect again."
                    raise LoginNeeded(msg)
                self.tokens.renew(token)
                renewed = True
            elif isinstance(action, Wait):
                refusals += 1
                self._check_refusals(call, refusals)
            else:
                tries += 1
                waited += self._back_off(call, action, tries, waited)

    def _send(self, call: Call, token: str) -> tuple[Action, bytes]:
        """Send one request and say what came of it."""
        if call.division is not None:
            self.limits.sent(call.division)
        self.calls += 1
        headers = {"Accept": "application/json", "User-Agent": self.user_agent}
        try:
            answer = self.session.get(
                call.url, headers=headers, auth=Bearer(token), timeout=_TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            return Retry(after=2, why=explain(error)), b""
        except OSError as error:  # requests finds no certificates where REQUESTS_CA_BUNDLE points
            msg = f"No request can be made: {error}"
            raise ConfigurationError(msg) from None
        if call.division is not None:
            self.limits.answered(call.division, answer.headers, refused=answer.status_code == 429)  # noqa: PLR2004
        if answer.status_code in _COUNTED_AS_ERRORS:
            self._errors.spend(call.division, call.endpoint)
        action = classify(answer.status_code, answer.headers, answer.content)
        # A wrong address may well answer 200, with something else: only what was understood shows that this is Exact.
        self._answered = self._answered or answer.status_code != 200  # noqa: PLR2004
        return action, answer.content

    def _wait_for_limit(self, call: Call) -> None:
        if call.division is None:
            return
        if (day_ends := self.limits.day_over(call.division)) is not None:
            until = datetime.fromtimestamp(day_ends, UTC)
            msg = f"{call}: the calls of this day are used up. Run again after {until:%Y-%m-%d %H:%M} UTC."
            raise LimitReached(msg, until)
        while (wait := self.limits.wait(call.division)) > 0:
            _log.info("Waiting %.1f s for the next minute of division %d", wait, call.division)
            self.sleep(wait)

    def _check_refusals(self, call: Call, refusals: int) -> None:
        """Give up where waiting as told does not help."""
        if refusals >= _REFUSALS:
            msg = (
                f"{call}: refused {refusals} times (429) although the wait was kept. Something else uses the same app"
                " in this division; run again later."
            )
            error = LimitReached(msg)
            self._refused[call.division, None] = (
                error  # other streams of the division would wait in vain, too
            )
            raise error

    def _back_off(self, call: Call, action: Retry, tries: int, waited: float) -> float:
        """Wait before the next try and return for how long, or give up."""
        wait = self.patience.wait(action, tries, waited, answered=self._answered)
        if wait is None:
            hint = "" if self._answered else " Check the network and the settings `region` and `base_url`."
            msg = f"{call}: no usable answer from {self.base_url} in {tries} tries. The last one: {action.why}.{hint}"
            raise Unreachable(msg)
        # Jitter, so that many workers that failed together do not come back together.
        wait *= random.uniform(1.0, 1.25)  # noqa: S311
        _log.warning("%s: %s; trying again in %.1f s", call, action.why, wait)
        self.sleep(wait)
        return wait

    def _check_refused(self, call: Call) -> None:
        """Ask a forbidden endpoint once a run and division: more than ten refusals an hour block the whole app."""
        for known in ((call.division, None), (call.division, call.endpoint)):
            if error := self._refused.get(known):
                raise error
        if self._errors.left(call.division, call.endpoint) <= 0:
            msg = (
                f"{call}: refused too often within an hour. It is not asked again, lest Exact block the app."
            )
            raise Refused(msg)

    def _remembered(self, call: Call, error: ReadError | LimitReached) -> ReadError | LimitReached:
        """Keep a refusal that would only be repeated."""
        if isinstance(error, Denied | LimitReached):
            whole = isinstance(error, Denied) and error.whole_division
            self._refused[call.division, None if whole else call.endpoint] = error
        return error

    def _check_link(self, link: str, seen: set[str], call: Call) -> None:
        """Refuse a next link that leads to another server, which would be given the token, or back."""
        origin = _origin(link)
        if origin is None or origin != _origin(self.base_url):
            where = "{}://{}:{}".format(*origin) if origin and origin[1] else "no host"
            msg = f"{call}: the next link leads to {where}, not to {self.base_url}. It was not followed."
            raise UnsafeLink(msg)
        if link in seen:
            msg = f"{call}: the next link leads back to a page that was read already. It was not followed."
            raise UnsafeLink(msg)


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Return where a request for an address goes, None where it goes nowhere.

    Taken apart as requests does it: where a host ends and a user name begins, others see it otherwise.
    """
    try:
        parts = parse_url(url)
    except LocationParseError:
        return None
    scheme = (parts.scheme or "").lower()
    return (
        scheme,
        parts.hostname and parts.hostname.lower(),
        parts.port or {"http": 80, "https": 443}.get(scheme),
    )
