"""Which group a worker takes next, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from tap_exact_online.board import summary
from tap_exact_online.board.groups import (
    KEPT,
    LAPSES,
    SKEW,
    Group,
    Look,
    Memory,
    Round,
    ended,
    given_back,
    has_lapsed,
    looked,
    opened,
    remembered,
    renewed,
    taken,
)

CLOCK = 1_800_000_000.0
ME = Group(holder="me", worker="host:1", lease=60.0)
FREE, DONE, FAILED = (
    Group(),
    Group(status="done"),
    Group(status="failed", failures=3, code=1, worker="host:9"),
)


def held(beat: int = 1, **more: Any) -> Group:
    return Group(status="held", holder="other", beat=beat, lease=60.0, until=CLOCK + 60, **more)


def round_of(*groups: Group) -> Round:
    return Round("nightly", groups)


def take(found: Round, looks: dict[int, Look] | None = None, now: float = 100.0) -> int | None:
    """Return which group is taken, and see that it is held then, and all others as they were."""
    after, number = taken(found, ME, looks or {}, now, CLOCK)
    if number is None:
        return None
    mine = after.group(number)
    assert (mine.status, mine.holder, mine.worker, mine.lease) == ("held", "me", "host:1", 60.0)
    assert mine.beat == found.group(number).beat + 1
    assert mine.until == CLOCK + 60
    assert after.having(number, found.group(number)) == found
    return number


@pytest.mark.parametrize(
    ("groups", "number"),
    [
        pytest.param([FREE, FREE], 1, id="nothing-known"),
        pytest.param([DONE, held(), FREE], 3, id="the-one-that-is-free"),
        pytest.param([DONE, held()], None, id="none-is-free"),
        pytest.param([DONE, FAILED], None, id="all-are-over"),
        pytest.param([Group(lasted=5.0), Group(lasted=50.0), Group(lasted=0.5)], 2, id="the-longest-first"),
        pytest.param([Group(lasted=5.0), FREE], 2, id="a-new-one-may-be-the-longest"),
        pytest.param([Group(failures=1, lasted=50.0), Group(lasted=5.0)], 2, id="failed-ones-behind-others"),
        pytest.param([Group(failures=2), Group(failures=1), DONE], 2, id="what-failed-less"),
        pytest.param([Group(failures=1), held()], 1, id="a-failed-one-rather-than-none"),
    ],
)
def test_the_next_group(groups: Sequence[Group], number: int | None) -> None:
    assert take(round_of(*groups)) == number


@pytest.mark.parametrize(
    ("look", "clock", "lapsed"),
    [
        pytest.param(Look("other", 1, 39.0), CLOCK, True, id="as-it-was-for-longer-than-the-lease"),
        pytest.param(Look("other", 1, 40.0), CLOCK, True, id="for-the-lease"),
        pytest.param(Look("other", 1, 41.0), CLOCK, False, id="for-less"),
        pytest.param(Look("other", 0, 0.0), CLOCK, False, id="it-gave-a-sign-of-life"),
        pytest.param(Look("another", 1, 0.0), CLOCK, False, id="somebody-else-has-it-now"),
        pytest.param(None, CLOCK, False, id="seen-for-the-first-time"),
        pytest.param(None, CLOCK + 120, False, id="a-clock-that-is-ahead-proves-nothing"),
        pytest.param(None, CLOCK + 61 + SKEW, True, id="no-clock-is-so-far-ahead"),
        pytest.param(Look("other", 1, 39.0), CLOCK - 10**6, True, id="a-clock-that-is-behind-does-no-harm"),
    ],
)
def test_a_hold_lapses_by_the_stopwatch_of_who_looks_on(
    look: Look | None, clock: float, *, lapsed: bool
) -> None:
    assert has_lapsed(held(), look, 100.0, clock) is lapsed


@pytest.mark.parametrize("group", [FREE, DONE, FAILED])
def test_what_nobody_holds_does_not_lapse(group: Group) -> None:
    assert not has_lapsed(group, Look("", 0, 0.0), 10**6, CLOCK + 10**6)


def test_what_is_seen_keeps_the_time_at_which_it_was_seen_first() -> None:
    seen = looked(round_of(held(1), held(7), FREE), {}, 5.0)
    assert seen == {1: Look("other", 1, 5.0), 2: Look("other", 7, 5.0)}
    assert looked(round_of(held(1), held(8), DONE), seen, 9.0) == {
        1: Look("other", 1, 5.0),
        2: Look("other", 8, 9.0),
    }
    assert looked(round_of(DONE, DONE, DONE), seen, 9.0) == {}


def test_a_group_whose_worker_vanished_is_taken_in_its_place_of_the_order() -> None:
    looks = {1: Look("other", 1, 0.0)}
    assert take(round_of(held(lasted=50.0), Group(lasted=5.0)), looks) == 1
    assert take(round_of(held(lasted=5.0), Group(lasted=50.0)), looks) == 2
    after, _ = taken(round_of(held()), ME, looks, 100.0, CLOCK)
    assert after.group(1).lapses == 1
    assert after.group(1).failures == 0


def test_a_group_that_takes_its_workers_with_it_is_given_up() -> None:
    after, number = taken(
        round_of(held(lapses=LAPSES - 1), DONE), ME, {1: Look("other", 1, 0.0)}, 100.0, CLOCK
    )
    assert number is None
    assert after.is_over
    assert after.exit_code == 1
    assert "its worker vanished 5 times" in summary(after)[1]


def test_a_take_whose_answer_was_lost_is_a_take() -> None:
    once, number = taken(round_of(FREE, FREE), ME, {}, 0.0, CLOCK)
    assert taken(once, ME, {}, 0.0, CLOCK) == (once, number)


def test_a_sign_of_life_is_given_by_the_holder_only() -> None:
    found = round_of(held(4))
    after = renewed(found, 1, "other", CLOCK + 30)
    assert after is not None
    assert (after.group(1).beat, after.group(1).until) == (5, CLOCK + 90)
    for lost in (found, round_of(FREE), round_of(DONE), round_of()):
        assert renewed(lost, 1, "me", CLOCK) is None
        assert ended(lost, 1, "me", 0, 1.0) is None
        assert given_back(lost, 1, "me") is None


@pytest.mark.parametrize(
    ("failures", "code", "status"),
    [
        (0, 0, "done"),
        (2, 0, "done"),
        (0, 1, "free"),
        (1, 1, "free"),
        (2, 1, "failed"),
        (0, 4, "failed"),
        (0, 5, "free"),
        (0, 137, "free"),
        (0, 2, "failed"),
        (0, 3, "failed"),
        (0, 143, "failed"),
        (0, 130, "failed"),
    ],
)
def test_what_becomes_of_a_group(failures: int, code: int, status: str) -> None:
    after = ended(round_of(held(failures=failures)), 1, "other", code, 12.34)
    assert after is not None
    group = after.group(1)
    assert (group.status, group.code, group.seconds, group.holder) == (status, code, 12.3, "")
    assert group.failures == failures + (code != 0)


def test_what_is_given_back_is_free_as_if_it_had_not_been_taken() -> None:
    after = given_back(round_of(held(failures=1)), 1, "other")
    assert after is not None
    assert take(after) == 1
    assert (after.group(1).failures, after.group(1).lapses) == (1, 0)


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], 0),
        ([1], 1),
        ([1, 3, 2, 5], 3),
        ([1, 2, 4], 2),
        ([4, 1], 1),
        ([4, 5], 5),
        ([4], 4),
        ([4, 137], 137),
        ([143, 4], 143),
    ],
)
def test_the_worst_failure_decides(codes: Sequence[int], code: int) -> None:
    failed = [Group(status="failed", failures=1, code=each) for each in codes]
    assert round_of(DONE, *failed).exit_code == code


def test_the_summary_names_what_failed_and_why() -> None:
    once = Group(status="failed", failures=1, code=2, worker="host:7")
    assert summary(round_of(DONE, FAILED, once)) == [
        "Round nightly: 1 of 3 groups are done.",
        "Group 2/3 failed: exit code 1 after 3 tries; last on host:9.",
        "Group 3/3 failed: exit code 2 at the first try; last on host:7.",
    ]


@pytest.mark.parametrize(
    "document",
    [None, b"", b"{", b"[]", b"null", b'{"name": "x"}', b'{"name": "x", "groups": []}', b"[" * 10**5],
)
def test_what_is_damaged_begins_anew(document: bytes | None) -> None:
    assert opened(document, "nightly", [1.0, None]) == round_of(Group(lasted=1.0), Group())
    assert remembered(document).last(2) == (None, None)


def test_a_round_that_is_there_stays() -> None:
    found = round_of(DONE, held(), FAILED, FREE)
    assert opened(msgspec.json.encode(found), "nightly", [None] * 4) == found


def test_how_long_groups_took_is_remembered_by_how_many_there_are() -> None:
    memory = Memory().done(2, 3, 41.26).done(1, 2, 7.0)
    memory = remembered(msgspec.json.encode(memory))
    assert memory.last(3) == [None, 41.3, None]
    assert memory.last(2) == [7.0, None]
    assert memory.last(4) == (None,) * 4


def test_rounds_are_forgotten_when_nobody_was_at_work_on_them_for_a_week() -> None:
    memory, old = Memory().touched("one", CLOCK)
    assert old == []
    memory, old = memory.touched("two", CLOCK + KEPT)
    assert old == []
    memory, old = memory.touched("one", CLOCK + KEPT + 1)
    assert old == []
    memory, old = memory.touched("three", CLOCK + 2 * KEPT + 1)
    assert old == ["two"]
    assert set(memory.rounds) == {"one", "three"}
    # A clock that is far ahead has its say for itself only.
    assert memory.touched("one", CLOCK)[1] == []
