"""Calls to the API: within the limits, repeated where that helps, page after page.

A read is a conversation: a generator that says what it needs next (`Send`, `Rest`, `BackOff`) and is handed the answer.
It decides everything and waits for nothing, so that one thread can hold many: `reading` does. `get` and `pages` hold one
by themselves.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from tap_exact_online.errors import (
    Denied,
    LimitReached,
    LoginNeeded,
    ReadError,
    Refused,
    TapError,
    Unreachable,
    joined,
)
from tap_exact_online.reading.budget import Budget
from tap_exact_online.reading.experience import Experience
from tap_exact_online.reading.limits import ErrorBudget, Limits
from tap_exact_online.reading.links import Trail
from tap_exact_online.reading.patience import Course, Patience
from tap_exact_online.reading.permits import Permits
from tap_exact_online.reading.witness import ME, Standing, Witness
from tap_exact_online.wire import (
    Accept,
    Answer,
    BackOff,
    Call,
    Decoder,
    Linked,
    Need,
    Page,
    Reader,
    Refusal,
    Renew,
    Retry,
    Send,
    Stop,
    Transport,
    Wait,
    classify,
    doubted,
)

_log = logging.getLogger("tap-exact-online.client")

_T = TypeVar("_T")
_Linked = TypeVar("_Linked", bound=Linked)

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
        ticks: Returns seconds that never go back, whatever becomes of the clock.
        budget: The calls of the contract, None where nobody counts them.
    """

    base_url: str
    tokens: AccessTokens
    limits: Limits
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    transport: Transport
    patience: Patience = field(default_factory=Patience)
    calls: int = 0
    errors: ErrorBudget = field(init=False)
    rest: Callable[[float], None] | None = None
    ticks: Callable[[], float] = time.monotonic
    budget: Budget | None = None
    _met: Experience = field(default_factory=Experience)
    _witness: Witness = field(init=False)
    _expiry_was_wrong: bool = False
    _permits: Permits = field(init=False)

    def __post_init__(self) -> None:
        self.errors = ErrorBudget(self.clock)
        self._permits = Permits(self.limits, self.budget, self.clock)
        self._witness = Witness(self.base_url, self.clock, self._exchange)

    @property
    def spent(self) -> bool:
        """Whether this run has had its share of the contract's calls: nothing more is begun."""
        return self.budget is not None and self.budget.spent

    def settle(self) -> TapError | None:
        """End: give back what was lent, and return why the store does not hold the newest token, or None."""
        if self.budget is not None:
            self.budget.settle()
        return self.tokens.settle()

    def pages(self, call: Call, decoder: Decoder) -> Iterator[Page]:
        """Read a collection, following the next links. The next page is asked for when the caller comes back for it.

        Raises:
            ReadError: It could not be read, or a next link is not safe to follow.
            LimitReached: The division's calls of this day are used up.
            LoginNeeded: The connection is dead.
        """
        conversation = self.ask_pages(call, decoder.patient())
        need = next(conversation, None)
        while need is not None:
            if isinstance(need, Page):
                yield need
                need = next(conversation, None)
            else:
                need = conversation.send(self._given(need))

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
                need = conversation.send(self._given(need))
        except StopIteration as end:
            result: _T = end.value
            return result

    def _given(self, need: Need) -> Answer[Any] | None:
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
        trail = Trail(call, self.base_url)
        while link is not None:
            page = yield from self.ask(trail.follow(link), read)
            link = page.next_link
            yield page
            del page  # not held on to while the next one is on its way: a page is megabytes

    def ask(self, call: Call, read: Reader[_T]) -> Generator[Need, Any, _T]:
        """Read one address: a conversation that returns what was read."""
        self._check_refused(call)
        course = Course()
        while True:
            yield from self._permits.wait(call)
            # Taken after the wait: a token lives ten minutes, and every 401 counts as an error.
            token = self.tokens.access_token()
            answer = yield from self._exchange(call, token, read)
            if answer.result is not None:
                return answer.result
            action: Refusal | None = self._meaning(call, answer)
            if isinstance(action, Renew):
                action = yield from self._unauthorised(call, token, action, course)
            if call.alike and isinstance(action, Retry) and action.counted:
                action = Stop(Unreachable(f"{call}: {action.why}"))
            if isinstance(action, Stop):
                raise self._remembered(call, action.error)
            if isinstance(action, Wait):
                course.limited += 1
                try:
                    self._permits.refused(call, answer.headers, course.limited)
                except LimitReached as error:  # the other streams of the division would wait in vain, too
                    self._met.refuse(call, error, whole_division=True)
                    raise
            elif isinstance(action, Retry):
                yield from self._back_off(call, action, course)

    def _exchange(self, call: Call, token: str, read: Reader[_T]) -> Generator[Need, Any, Answer[_T]]:
        """Make a call once, and take note of what its answer says besides its data."""
        self._permits.sent(call)
        self.calls += 1
        answer: Answer[_T] = yield Send(call, token, read)
        if not answer.status:
            return answer
        self._permits.answered(call, answer.headers, refused=answer.status == 429)  # noqa: PLR2004
        if answer.status in _COUNTED_AS_ERRORS:
            self.errors.spend(call.division, call.endpoint)
        if answer.result is not None:
            self._met.worked(call)
        return answer

    def _meaning(self, call: Call, answer: Answer[Any]) -> Refusal:
        """Say what to do about an answer that holds nothing of use."""
        if not answer.status:
            return Retry(after=2, why=answer.trouble)
        action = classify(answer.status, answer.headers, answer.body)
        if isinstance(action, Accept):
            return Retry(after=2, why=f"200, but {answer.trouble}", maintenance=not answer.body.strip())
        # A wrong address may well answer 200 with something else, or refuse in words that are not Exact's.
        if not (isinstance(action, Retry) and action.counted):
            self._met.answered = True
        if (
            isinstance(action, Stop)
            and isinstance(action.error, Denied)
            and self._met.contradicts(call, action.error)
        ):
            return doubted(action.error)
        return action

    def _unauthorised(
        self, call: Call, token: str, action: Renew, course: Course
    ) -> Generator[Need, Any, Retry | Stop | None]:
        """Find out whether a 401 is about the token or about this call alone.

        Returns:
            How to go on; None where another token is there.
        """
        says_expired = action.expired and not course.renewed and not self._expiry_was_wrong
        if call.endpoint != ME and not says_expired:
            standing = yield from self._witness.standing(token, self.tokens.access_token)
            if standing is Standing.REPLACED:
                self._check_refused(call)
                return None
            if standing is Standing.UNKNOWN:
                return Retry(after=15, why="401, and current/Me does not say why", counted=True)
            if standing is Standing.GOOD:
                self._expiry_was_wrong = self._expiry_was_wrong or action.expired
                return self._turned_away(call, course)
        if course.renewed:
            msg = f"{call}: the access token was refused twice (401). Connect again."
            raise LoginNeeded(msg)
        self.tokens.renew(token)
        course.renewed = True
        return None

    def _turned_away(self, call: Call, course: Course) -> Retry | Stop:
        """Say what to do about a 401 whose token is good: once it may be a hiccup of something in front of Exact."""
        again = Retry(after=5, why="401, though Exact accepts the same access token elsewhere", counted=True)
        if not (
            course.turned_away or self._met.turned_away(call) or self._wait(call, again, 1, course) is None
        ):
            course.turned_away = True
            return again
        msg = (
            f"{call}: refused (401), though Exact accepts the same access token elsewhere. The connection is alive;"
            " see in Exact whether the user can open this."
        )
        return Stop(Refused(msg, 401))

    def _back_off(self, call: Call, action: Retry, course: Course) -> Generator[Need, Any, None]:
        """Wait before the next try, or give up."""
        tries = course.failed(action, self._met.useful)
        wait = self._wait(call, action, tries, course)
        if wait is not None and (yield from self._others_work(call, action, tries, course)):
            wait = self._wait(call, action, tries, course, others_work=True)
        if wait is None:
            raise self._given_up(call, action, course)
        # Jitter, so that many workers that failed together do not come back together.
        wait *= random.uniform(1.0, 1.25)  # noqa: S311
        _log.warning("%s: %s; trying again in %.1f s", call, action.why, wait)
        course.waited += wait
        yield BackOff(wait)

    def _others_work(
        self, call: Call, action: Retry, tries: int, course: Course
    ) -> Generator[Need, Any, bool]:
        """Tell whether a call fails for a reason of its own, while the server works.

        That is so where Exact may mean the call's input and others are answered meanwhile. Where the like has failed
        before, and no other call is under way that could show it, the user's own page does.
        """
        before = (action.wrong_input or action.counted) and self._met.gave_up(call)
        if not (before or action.wrong_input):
            return False
        last = self._wait(call, action, tries, course, others_work=True) is None
        if before and last and self._met.useful == course.useful:
            yield from self._witness.ask(self.tokens.access_token())
        return self._met.useful > course.useful

    def _wait(
        self, call: Call, action: Retry, tries: int, course: Course, *, others_work: bool = False
    ) -> float | None:
        """Return how long to wait before the next try, None for no other: the last error is left for the next run."""
        if action.counted and self.errors.left(call.division, call.endpoint) <= 1:
            return None
        return self.patience.wait(
            action, tries, course.waited, answered=self._met.answered, others_work=others_work
        )

    def _given_up(self, call: Call, action: Retry, course: Course) -> Unreachable:
        """Return the failure of a call that was tried often enough."""
        hint = "" if self._met.answered else "Check the network and the settings `region` and `base_url`."
        if action.wrong_input:
            hint = "Exact uses 500 for wrong input, too: if every run says this, a selected field may be the reason."
        last = joined(f"The last one: {action.why}", hint)
        tries = sum(course.tries.values())
        error = Unreachable(f"{call}: no usable answer from {self.base_url} in {tries} tries. {last}")
        if action.wrong_input or action.counted:
            self._met.give_up(call)
        if action.counted:
            self._met.refuse(call, error, whole_division=action.whole_division)
        return error

    def _check_refused(self, call: Call) -> None:
        """Ask a forbidden endpoint once a run and division: more than ten refusals an hour block the whole app."""
        if error := self._met.refusal(call):
            raise error
        if self.errors.left(call.division, call.endpoint) <= 0:
            msg = (
                f"{call}: refused too often within an hour. It is not asked again, lest Exact block the app."
            )
            raise Refused(msg)

    def refusal(self, call: Call) -> ReadError | LimitReached | None:
        """Return why a call like this one would not be made, or None."""
        return self._met.refusal(call)

    def _remembered(self, call: Call, error: ReadError | LimitReached) -> ReadError | LimitReached:
        """Keep a refusal that would only be repeated."""
        whole = isinstance(error, Denied) and error.whole_division
        if isinstance(error, Denied | LimitReached) or (isinstance(error, Refused) and error.status == 401):  # noqa: PLR2004
            self._met.refuse(call, error, whole_division=whole)
        return error
