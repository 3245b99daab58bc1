"""Calls to the API: within the limits, repeated where that helps, page after page.

A read is a conversation: a generator that says what it needs next (`Send`, `Rest`, `BackOff`) and is handed the answer.
It decides everything and waits for nothing, so that one thread can hold many: `reading` does. `get` and `pages` hold one
by themselves.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from tap_exact_online.errors import (
    Denied,
    LimitReached,
    LoginNeeded,
    ReadError,
    Refused,
    TapError,
    Unreachable,
    UnsafeLink,
)
from tap_exact_online.reading.limits import ErrorBudget, Limits
from tap_exact_online.reading.patience import Patience
from tap_exact_online.wire import (
    Accept,
    Answer,
    BackOff,
    Call,
    Decoder,
    Linked,
    Need,
    Page,
    Refusal,
    Renew,
    Rest,
    Retry,
    Send,
    Stop,
    Transport,
    Wait,
    classify,
)

_log = logging.getLogger("tap-exact-online.client")

_T = TypeVar("_T")
_Linked = TypeVar("_Linked", bound=Linked)

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

    def settle(self) -> TapError | None:
        """Try for the last time to keep the newest token; return why the store holds it not even then."""
        ...


@dataclass(slots=True)
class Client:
    """Reads from one server with one connection. All of it but what is sent runs in one thread.

    Attributes:
        base_url: Scheme and host, without a slash at the end.
        tokens: Gives access tokens.
        limits: The calls left in each division.
        clock: Returns the time in epoch seconds.
        sleep: Waits for a number of seconds.
        transport: Sends requests.
        patience: How long to go on trying.
        calls: Calls that went out so far.
        errors: How many refusals each endpoint may still cost.
        rest: Waits for a number of seconds until Exact allows a call; as `sleep` does, where nothing else is given.
    """

    base_url: str
    tokens: AccessTokens
    limits: Limits
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    transport: Transport
    patience: Patience = field(default_factory=Patience)
    calls: int = 0
    _answered: bool = False
    _refused: dict[tuple[int | None, str | None], ReadError | LimitReached] = field(default_factory=dict)
    errors: ErrorBudget = field(init=False)
    rest: Callable[[float], None] | None = None

    def __post_init__(self) -> None:
        self.errors = ErrorBudget(self.clock)

    def pages(self, call: Call, decoder: Decoder) -> Iterator[Page]:
        """Read a collection, following the next links. The next page is asked for when the caller comes back for it.

        Raises:
            ReadError: It could not be read, or a next link is not safe to follow.
            LimitReached: The division's calls of this day are used up.
            LoginNeeded: The connection is dead.
        """
        conversation = self.ask_pages(call, decoder.decode)
        need = next(conversation, None)
        while need is not None:
            if isinstance(need, Page):
                yield need
                need = next(conversation, None)
            else:
                need = conversation.send(self._met(need))

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
        conversation = self.ask(call, read)
        need = next(conversation)
        try:
            while True:
                need = conversation.send(self._met(need))
        except StopIteration as end:
            result: _T = end.value
            return result

    def _met(self, need: Need) -> Answer[Any] | None:
        """Give a conversation what it needs, here and now."""
        if isinstance(need, Send):
            return self.transport.send(need.call.url, need.token, need.read)
        if need.seconds > 0:
            self.wait(need.seconds, lambda: isinstance(need, BackOff))
        return None

    def wait(self, seconds: float, in_trouble: Callable[[], bool]) -> None:
        """Wait, for a server in trouble or until Exact allows a call."""
        (self.sleep if self.rest is None or in_trouble() else self.rest)(seconds)

    def ask_pages(self, call: Call, read: Callable[[bytes], _Linked]) -> Generator[Need | _Linked, Any, None]:
        """Read a collection: a conversation that also gives each page as it comes."""
        page = yield from self.ask(call, read)
        yield page
        link = page.next_link
        del page
        yield from self.follow(call, link, read)

    def follow(
        self, call: Call, link: str | None, read: Callable[[bytes], _Linked]
    ) -> Generator[Need | _Linked, Any, None]:
        """Read what follows the first page of a collection: a conversation that also gives each page as it comes.

        An empty page with a next link is followed like any other. A page is asked for when the one before has been
        answered, so never two requests are under way for one division.

        Args:
            call: What the first page was the answer to.
            link: Its next link.
            read: Turns a body into a page.
        """
        seen = {call.url}
        while link is not None:
            self._check_link(link, seen, call)
            seen.add(link)
            page = yield from self.ask(Call(call.endpoint, link, call.division), read)
            link = page.next_link
            yield page
            del page  # not held on to while the next one is on its way: a page is megabytes

    def ask(self, call: Call, read: Callable[[bytes], _T]) -> Generator[Need, Any, _T]:
        """Read one address: a conversation that returns what was read."""
        self._check_refused(call)
        tries = refusals = 0
        waited = 0.0
        renewed = False
        while True:
            yield from self._allowance(call)
            # Taken after the wait: a token lives ten minutes, and every 401 counts as an error.
            token = self.tokens.access_token()
            if call.division is not None:
                self.limits.sent(call.division)
            self.calls += 1
            answer: Answer[_T] = yield Send(call, token, read)
            self._learn(call, answer)
            if answer.result is not None:
                return answer.result
            action = self._meaning(answer)
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
                wait = self._back_off(call, action, tries, waited)
                waited += wait
                yield BackOff(wait)

    def _learn(self, call: Call, answer: Answer[Any]) -> None:
        """Take note of what an answer says besides its data."""
        if not answer.status:
            return
        if call.division is not None:
            self.limits.answered(call.division, answer.headers, refused=answer.status == 429)  # noqa: PLR2004
        if answer.status in _COUNTED_AS_ERRORS:
            self.errors.spend(call.division, call.endpoint)
        # A wrong address may well answer 200, with something else: only what was understood shows that this is Exact.
        self._answered = self._answered or answer.result is not None or answer.status != 200  # noqa: PLR2004

    def _meaning(self, answer: Answer[Any]) -> Refusal:
        """Say what to do about an answer that holds nothing of use."""
        if not answer.status:
            return Retry(after=2, why=answer.trouble)
        action = classify(answer.status, answer.headers, answer.body)
        if isinstance(action, Accept):
            return Retry(after=2, why=f"200, but {answer.trouble}", maintenance=not answer.body.strip())
        return action

    def _allowance(self, call: Call) -> Iterator[Rest]:
        """Wait until the division's limits allow a call."""
        if call.division is None:
            return
        while True:
            if (day_ends := self.limits.day_over(call.division)) is not None:
                until = datetime.fromtimestamp(day_ends, UTC)
                msg = (
                    f"{call}: the calls of this day are used up. Run again after {until:%Y-%m-%d %H:%M} UTC."
                )
                raise LimitReached(msg, until)
            if (wait := self.limits.wait(call.division)) > 0:
                _log.debug("Division %d rests %.1f s until its next minute", call.division, wait)
            yield Rest(wait)
            if not wait:
                return

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
        """Return how long to wait before the next try, or give up."""
        wait = self.patience.wait(action, tries, waited, answered=self._answered)
        if wait is None:
            hint = "" if self._answered else " Check the network and the settings `region` and `base_url`."
            msg = f"{call}: no usable answer from {self.base_url} in {tries} tries. The last one: {action.why}.{hint}"
            raise Unreachable(msg)
        # Jitter, so that many workers that failed together do not come back together.
        wait *= random.uniform(1.0, 1.25)  # noqa: S311
        _log.warning("%s: %s; trying again in %.1f s", call, action.why, wait)
        return wait

    def _check_refused(self, call: Call) -> None:
        """Ask a forbidden endpoint once a run and division: more than ten refusals an hour block the whole app."""
        for known in ((call.division, None), (call.division, call.endpoint)):
            if error := self._refused.get(known):
                raise error
        if self.errors.left(call.division, call.endpoint) <= 0:
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
