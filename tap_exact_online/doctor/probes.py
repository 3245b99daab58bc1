"""The calls of an examination: where the server is, and one cheap question for each stream and division."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import Any

import requests
from typing_extensions import override

from tap_exact_online.catalog import Kind, Resource
from tap_exact_online.connection import kept
from tap_exact_online.doctor.ledger import Ledger
from tap_exact_online.doctor.verdicts import READABLE, Verdict, judge
from tap_exact_online.errors import LimitReached, LoginNeeded, ReadError, Unreachable
from tap_exact_online.reading import Client, Conversation, Patience, Reading, Scheduler, Wanted
from tap_exact_online.settings import Settings
from tap_exact_online.spoken import unstopped
from tap_exact_online.surroundings import how_to
from tap_exact_online.wire import BackOff, Call, Decoder, Need, Rest, Retry, Send, Watcher, call_to, explain

# A filter that no row passes, in the form that the tap's own reads have: Exact seeks behind the last row and answers an empty
# page. The highest int64.
_BEHIND_THE_LAST = f"Timestamp gt {2**63 - 1}L"
_KEPT_FOR_RUNS = 50
"""Daily calls of each division that an examination leaves, besides those of `reserved_calls`: it never takes the last."""
_TIMEOUT = (10.0, 30.0)
Question = Callable[[Resource, str, int], Call]
"""Makes the call that shows something of a stream at a server (its base URL) in a division."""
_OUT_OF_ORDER = 500


def question(resource: Resource, base_url: str, division: int) -> Call:
    """Return the call that shows whether a stream can be read in a division, for as little work as possible.

    Sync endpoints answer without a row. The others give the key of one: whether they take a filter is not documented, and no
    matter of rights.
    """
    options = {"$select": ",".join(resource.keys)}
    if resource.kind is Kind.SYNC:
        options = {"$filter": _BEHIND_THE_LAST, "$select": f"{resource.key},Timestamp"}
    else:
        options |= {"$top": "1", **_told(resource)}
    return call_to(resource.endpoint, base_url, division, options)


def _told(resource: Resource) -> dict[str, str]:
    """Return what an endpoint has to be told that is asked for in parts: a year and a scheme, whatever they are."""
    parameters = resource.endpoint.parameters
    if resource.axes and not parameters:
        return {"$filter": f"{resource.axes[0]} eq {_SOME_YEAR}"}
    return {name: _SOME[kind.removesuffix("?")] for name, kind in parameters.items()}


_SOME_YEAR = 2024
_SOME: Mapping[str, str] = {
    "Guid": "guid'00000000-0000-0000-0000-000000000000'",
    "Int32": f"{_SOME_YEAR}",
    "DateTime": f"datetime'{_SOME_YEAR}-01-01'",
}


def question_for_rows(resource: Resource, base_url: str, division: int) -> Call:
    """Return the call that shows whether a stream can be read in a division, and whether it holds a row there."""
    if resource.axes and not resource.endpoint.parameters:  # of whatever year
        options = {"$select": ",".join(resource.keys), "$top": "1"}
        return call_to(resource.endpoint, base_url, division, options)
    if resource.kind is not Kind.SYNC:
        return question(resource, base_url, division)
    options = {"$filter": "Timestamp gt 1L", "$select": f"{resource.key},Timestamp", "$top": "1"}
    return call_to(resource.endpoint, base_url, division, options)


@dataclass(frozen=True, slots=True)
class Few(Patience):
    """A few tries, for a person who waits.

    Attributes:
        most: How many tries there are in all.
    """

    most: int = 3

    @override
    def wait(
        self, action: Retry, tries: int, waited: float, *, answered: bool, others_work: bool = False
    ) -> float | None:
        return action.after if tries < self.most else None


@dataclass(slots=True)
class ShortSleep:
    """Sleeps for a person who waits: through the rest of a minute, but not through ten.

    Attributes:
        sleep: Waits for a number of seconds.
        slept: Seconds since the last question.
    """

    sleep: Callable[[float], None] = time.sleep
    slept: float = 0.0

    def __call__(self, seconds: float) -> None:
        """Wait, or say why not.

        Raises:
            LoginNeeded: It is the wait for another access token: the present one is refused although it is not over.
            LimitReached: Waiting as told did not help.
        """
        if seconds > _A_MINUTE:
            msg = (
                "Exact refuses the stored access token although its time is not over, and gives another only in"
                f" {seconds / 60:.0f} minutes: the app's access was most likely taken away. Connect again with"
                f" `{how_to('login')}`."
            )
            raise LoginNeeded(msg)
        if self.slept + seconds > _IN_ALL:
            raise LimitReached(_GOES_ON)
        self.slept += seconds
        self.sleep(seconds)


# The rest of a minute, with what two clocks may differ.
_A_MINUTE = 66.0
# A token endpoint that is out of order is tried again for 75 seconds in all.
_IN_ALL = 80.0
_GOES_ON = (
    "Exact goes on refusing calls (429) although the wait was kept: the calls of the whole subscription may be"
    " used up, or another program uses the same app."
)


def reach(base_url: str) -> float:
    """Find the server, without a token and without a call that counts.

    Returns:
        How long its answer took, in seconds.

    Raises:
        Unreachable: Nothing answers there, or the server is out of order.
    """
    began = time.monotonic()
    try:
        with requests.get(
            base_url, timeout=_TIMEOUT, allow_redirects=False, stream=True, auth=_nobody
        ) as answer:
            status = answer.status_code
    except (requests.RequestException, OSError) as error:
        why = explain(error) if isinstance(error, requests.RequestException) else str(error)
        msg = f"{base_url}: {unstopped(why)}."
        raise Unreachable(msg) from None
    if status >= _OUT_OF_ORDER:
        msg = f"{base_url} answers, but is out of order ({status})."
        raise Unreachable(msg)
    return time.monotonic() - began


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no credentials: requests would take those of a .netrc file."""
    return request


@dataclass(frozen=True, slots=True)
class Line:
    """The connection that an examination asks on: that of the tap, with less patience and more calls left for others.

    Attributes:
        client: Makes the calls.
        sleep: The client's sleep.
        at_once: How many questions may be under way.
    """

    client: Client
    sleep: ShortSleep
    at_once: int

    @classmethod
    def of(
        cls,
        settings: Settings,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        watch: Watcher | None = None,
    ) -> Line:
        """Return a line to the server of the settings. Nothing is sent before it is used.

        Args:
            settings: The checked settings.
            clock: Returns the time in epoch seconds.
            sleep: Waits for a number of seconds.
            watch: Is told of every answer.

        Raises:
            ConfigurationError: The setting `store` names no kind of store.
        """
        short = ShortSleep(sleep)
        sparing = replace(settings, reserved_calls=settings.reserved_calls + _KEPT_FOR_RUNS)
        client = kept(sparing).connect(clock, short, watch=watch)
        client.patience = Few()
        return cls(client, short, settings.concurrency)

    def rested(self) -> None:
        """Begin a new question: each may wait for the rest of a minute anew."""
        self.sleep.slept = 0.0

    def settle(self) -> None:
        """Give back the calls of the contract that were lent and not made."""
        if self.client.budget is not None:
            self.client.budget.settle()

    def ask_all(
        self,
        resources: Sequence[Resource],
        ledger: Ledger,
        progress: Callable[[str, int], None],
        ask: Question = question,
    ) -> None:
        """Ask one question for each stream and division, unless the answer is known; as many at once as a run reads.

        Stream by stream, so that a missing scope is known early and no division's minute is used up while others wait.

        Args:
            resources: The streams.
            ledger: Takes the answers.
            progress: Is told of every stream and division when it is their turn.
            ask: Makes the question for a stream and a division.

        Raises:
            LoginNeeded: The connection is dead.
        """
        self.client.patience = Few(most=1)  # a question is one call, and what that met is what is told

        def conversation(resource: Resource, division: int) -> Conversation[Any]:
            progress(resource.name, division)
            verdict = ledger.foregone(resource.name, division)
            verdict = verdict or (
                yield from self._ask(ask(resource, self.client.base_url, division), resource, ledger)
            )
            ledger.note(resource.name, division, verdict)

        def allowance(division: int) -> float:
            return 0.0 if ledger.over(division) else self.client.limits.wait(division)

        scheduler = Scheduler(self.client.clock, self.at_once, allowance)
        reading: Reading[Any] = Reading(
            scheduler, self.client.transport, lambda wait, _: self.sleep.sleep(wait)
        )
        wanted = [Wanted(each.name, ledger.divisions, partial(conversation, each)) for each in resources]
        for each, ahead in zip_longest(wanted, wanted[1:]):
            for _ in reading.arrivals(each, ahead):
                """What is learnt is noted as it comes."""

    def _ask(self, call: Call, resource: Resource, ledger: Ledger) -> Generator[Need, Any, Verdict]:
        division = call.division or 0
        facts = [resource.endpoint.properties[name] for name in resource.keys]
        decoder = Decoder(facts, resource.keys[0], identity=resource.keys)
        rested, sent = 0.0, False
        asking = self.client.ask(call, decoder.decode)
        answer = None
        try:
            while True:
                self.rested()
                need = asking.send(answer)
                if isinstance(need, Rest) and need.seconds > 0:
                    rested += need.seconds
                    if rested > _IN_ALL:
                        return judge(LimitReached(_GOES_ON), resource)
                    # It keeps its place: what is refused here would most likely be refused to the next one, too.
                    yield BackOff(need.seconds)
                    if known := ledger.foregone(resource.name, division):
                        return known
                    answer = None
                else:
                    sent = sent or isinstance(need, Send)
                    answer = yield need
        except StopIteration as end:
            return replace(READABLE, rows=bool(end.value.records))
        except (ReadError, LimitReached) as error:
            return replace(judge(error, resource), asked=sent)
