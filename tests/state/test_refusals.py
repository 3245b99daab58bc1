"""What runs tell each other of refusals."""

from __future__ import annotations

from typing import Any

import pytest

from tap_exact_online.errors import Denied, LimitReached, Refused, Unreachable
from tap_exact_online.reading.limits import ErrorBudget
from tap_exact_online.state.refusals import Refusals
from tests.fakes import Clock

KNOWN = Refusals((100, 200), "403: no right", denied=True)


@pytest.mark.parametrize(
    ("error", "at", "known", "later"),
    [
        pytest.param(Denied("no"), [300.7], None, Refusals((300,), "no", denied=True), id="first"),
        pytest.param(
            Refused("bad"), [300.0], None, Refusals((300,), "bad", denied=False), id="of-another-kind"
        ),
        pytest.param(Denied("no"), [200, 300], KNOWN, Refusals((200, 300), "no", denied=True), id="one-more"),
        pytest.param(KNOWN.error(), [100, 200], KNOWN, KNOWN, id="not-asked"),
        pytest.param(KNOWN.error(), [200], KNOWN, KNOWN, id="not-asked-and-some-forgotten"),
        pytest.param(Denied("all of the division"), [], None, None, id="told-by-another-stream"),
        pytest.param(Unreachable("gone"), [], None, None, id="no-refusal"),
        pytest.param(
            Unreachable("an HTML page"),
            [300, 400],
            None,
            Refusals((300, 400), "an HTML page", denied=False),
            id="no-verdict-but-it-counts",
        ),
        pytest.param(LimitReached("later"), [300], KNOWN, KNOWN, id="a-limit-changes-nothing"),
    ],
)
def test_what_a_later_run_is_told(
    error: Exception, at: list[float], known: Refusals | None, later: Refusals | None
) -> None:
    assert Refusals.of(error, at, known) == later


@pytest.mark.parametrize(
    "note", [None, "text", 7, [], {}, {"at": None}, {"at": "soon"}, {"said": "no"}], ids=repr
)
def test_a_note_of_another_making_says_nothing(note: Any) -> None:
    assert Refusals.read(note) is None


def test_a_note_is_read_as_it_was_written() -> None:
    assert Refusals.read(KNOWN.note()) == KNOWN
    assert Refusals.read({"at": [1, "x", 2.5], "said": 7}) == Refusals((1,), "7", denied=False)


@pytest.mark.parametrize(("denied", "kind"), [(True, Denied), (False, Refused)])
def test_the_failure_is_of_the_kind_that_it_was(denied: bool, kind: type[Exception]) -> None:  # noqa: FBT001
    error = Refusals((1, 2), "403: no right", denied=denied).error()
    assert type(error) is kind
    assert str(error).startswith("403: no right. Exact refused it 2 times within the last hour; ")


def test_refusals_of_earlier_runs_count_for_an_hour() -> None:
    clock = Clock(10_000.0)
    budget = ErrorBudget(clock)
    budget.recall(7, "path", [6_399, 6_401, 9_000])
    assert budget.recent(7, "path") == [6_401, 9_000]
    budget.spend(7, "path")
    budget.recall(7, "path", [6_401, 9_000])  # the next stream of the same endpoint
    assert budget.recent(7, "path") == [6_401, 9_000, 10_000]
    assert budget.left(7, "path") == 2
    assert budget.left(8, "path") == 5
    clock.now += 3_600
    assert budget.left(7, "path") == 5
