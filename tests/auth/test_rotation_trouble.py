"""Rotations that do not go well: nothing is lost, or it is said what was and what to do."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tap_exact_online.auth.responses import TokenAnswer, Verdict
from tap_exact_online.auth.tokens import fingerprint
from tap_exact_online.errors import ConfigurationError, LoginNeeded, Unreachable
from tests.auth.world import NOW, STORED, Drawer, World, new, said, world


def test_what_is_about_to_happen_is_written_down_first() -> None:
    it = world(580, new(1))
    it.before["post"] = lambda: it.log.append(f"tries {it.stored.tries}" if it.stored else "nothing stored")
    it.rotation().access_token()
    assert "tries 1" in it.log
    assert it.stored is not None
    assert (it.stored.tries, it.stored.tried) == (0, None)
    assert it.stored.previous == fingerprint("refresh-0-hunter2")


def test_nothing_is_spent_when_the_store_could_not_keep_it() -> None:
    it = world(700, new(1), fail={"announce": OSError(errno.EROFS, "Read-only file system")})
    with pytest.raises(ConfigurationError, match=r"the shelf.*Read-only.*nothing was spent"):
        it.rotation().access_token()
    assert it.spent == []
    assert it.log[-1] == "unlock"


def test_a_token_that_the_store_does_not_take_is_saved_elsewhere_and_the_run_goes_on() -> None:
    it = world(580, new(1), fail={"write": OSError(errno.ENOSPC, "No space left on device")})
    it.haven = elsewhere = Drawer()
    rotation = it.rotation()
    assert rotation.access_token() == "access-1-hunter2"
    assert it.log.count("write") == 4  # three times at once, and once more under a lock of its own
    assert rotation.unsaved is not None
    assert rotation.unsaved.exit_code == 5
    assert "the drawer" in str(rotation.unsaved)
    assert "No space left" in str(rotation.unsaved)
    assert [saved.refresh_token for saved in elsewhere.saved] == ["refresh-1-hunter2"]
    assert "hunter2" not in str(rotation.unsaved) + repr(rotation)


def test_what_is_held_and_not_kept_is_kept_before_a_later_call() -> None:
    it = world(700, new(1), fail={"write": OSError(errno.ENOSPC, "No space left on device")})
    rotation = it.rotation()
    assert rotation.access_token() == "access-1-hunter2"
    it.fail.clear()
    it.now += 6
    assert rotation.access_token() == "access-1-hunter2"
    assert rotation.unsaved is None
    assert it.stored is not None
    assert it.stored.refresh_token == "refresh-1-hunter2"


def test_a_process_rotates_from_the_token_that_it_holds_not_from_the_dead_one_in_the_store() -> None:
    it = world(700, new(1), new(2), fail={"write": OSError(errno.ENOSPC, "No space left on device")})
    rotation = it.rotation()
    rotation.access_token()
    it.fail.clear()
    it.now += 700
    assert rotation.access_token() == "access-2-hunter2"
    assert it.spent == ["refresh-0-hunter2", "refresh-1-hunter2"]
    assert rotation.unsaved is None


def test_a_run_goes_on_for_hours_with_a_store_that_takes_nothing_and_a_drawer_that_does() -> None:
    it = world(700, *map(new, range(1, 7)), fail={"write": OSError(errno.EROFS, "Read-only file system")})
    it.haven = Drawer()
    rotation = it.rotation()
    rotation.access_token()
    it.fail["announce"] = it.fail["write"]
    for number in range(2, 7):
        it.now += 700
        assert rotation.access_token() == f"access-{number}-hunter2"
    it.fail.clear()
    assert rotation.settle() is None
    assert it.stored is not None
    assert it.stored.refresh_token == "refresh-6-hunter2"
    assert it.haven.saved == []


def test_the_end_of_a_run_goes_on_trying_for_minutes() -> None:
    it = world(700, new(1), fail={"write": OSError(errno.ENOSPC, "No space left on device")})
    rotation = it.rotation()
    rotation.access_token()
    it.slept.clear()
    assert rotation.settle() is not None
    assert 120 < sum(it.slept) < 300


def test_what_another_noted_about_the_token_that_was_spent_does_not_outweigh_what_came_of_it() -> None:
    """The lock was lost, another process sent the token too and was refused: its note stands in the way."""
    it = world(700, new(1))

    def overtaken() -> None:
        assert it.stored is not None
        it.stored = replace(it.stored, tries=2, tried_by="x:1", refused="Old refresh token used")
        it.fail["write"] = OSError(errno.ESTALE, "another process has written in the meantime")
        it.before["unlock"] = it.fail.clear

    it.before["post"] = overtaken
    rotation = it.rotation()
    assert rotation.access_token() == "access-1-hunter2"
    assert rotation.unsaved is None
    assert it.stored is not None
    assert it.stored.refresh_token == "refresh-1-hunter2"


def test_another_connection_that_was_stored_meanwhile_stands() -> None:
    it = world(700, new(1))

    def overtaken() -> None:
        it.stored = replace(STORED, refresh_token="of-a-new-login", seed="another")
        it.fail["write"] = OSError(errno.ESTALE, "another process has written in the meantime")
        it.before["unlock"] = it.fail.clear

    it.before["post"] = overtaken
    rotation = it.rotation()
    rotation.access_token()
    assert rotation.unsaved is None
    assert it.stored is not None
    assert it.stored.refresh_token == "of-a-new-login"


def test_a_token_that_another_process_sent_too_is_not_dead_before_that_one_can_have_kept_its_answer() -> None:
    """The lock file was removed: both sent it, the other one was first and is slow to keep what came."""
    it = world(700, said(Verdict.SPENT))
    it.stored = replace(
        STORED, tried=fingerprint("refresh-0-hunter2"), tries=1, tried_by="other:1", tried_at=it.now - 5
    )
    kept = replace(STORED, refresh_token="refresh-1", access_token="access-1", access_issued=it.now)

    def sleep(seconds: float) -> None:
        it.sleep(seconds)
        it.stored = kept if it.now > NOW + 730 else it.stored

    rotation = it.rotation()
    rotation.sleep = sleep
    assert rotation.access_token() == "access-1"
    assert it.spent == ["refresh-0-hunter2"]


@pytest.mark.parametrize(
    ("verdict", "least"),
    [pytest.param(Verdict.LOST, 300, id="no-answer"), pytest.param(Verdict.GATEWAY, 2700, id="504")],
)
def test_a_second_try_is_never_made_in_the_same_outage(verdict: Verdict, least: float) -> None:
    it = world(700, said(verdict), new(1))
    assert it.rotation().access_token() == "access-1-hunter2"
    assert it.slept == [least]
    assert len(it.spent) == 2


def test_a_second_try_that_would_come_too_late_for_this_run_is_left_to_the_next() -> None:
    it = world(700, said(Verdict.GATEWAY), new(1))
    rotation = it.rotation(patience=60.0)
    with pytest.raises(Unreachable, match="once more, for the last time, not before 20"):
        rotation.access_token()
    it.now += 2701
    assert it.rotation().access_token() == "access-1-hunter2"


def test_a_clock_that_goes_back_makes_no_wait_longer() -> None:
    it = world(700, said(Verdict.LOST), new(1))
    it.stored = replace(STORED, access_token=None)
    rotation = it.rotation()

    def sleep(seconds: float) -> None:
        it.slept.append(seconds)
        it.now -= 10_800

    rotation.sleep = sleep
    assert rotation.access_token() == "access-1-hunter2"
    assert it.slept == [300]


def test_seeds_that_were_spent_once_replace_nothing_again() -> None:
    it = World(None, [new(1), new(2), new(3), new(4)])
    for seed in ("seed-a", "seed-b", "seed-a", "seed-b"):
        it.now += 700
        it.rotation(seed).access_token()
    assert it.spent == ["seed-a", "seed-b", "refresh-2-hunter2", "refresh-3-hunter2"]


def test_a_seed_that_gets_no_answer_is_bounded_though_others_rotate_in_between() -> None:
    it = world(700, said(Verdict.LOST), new(1), said(Verdict.LOST), *map(new, (2, 3, 4)))
    for seed in ("seed-a", None, "seed-a", None, "seed-a"):
        it.now += 700
        try:
            it.rotation(seed, patience=0.0).access_token()
        except (Unreachable, LoginNeeded):
            continue
    assert it.spent.count("seed-a") == 2
    assert it.spent[-1] == "refresh-3-hunter2"  # the stored chain lives on


def test_what_came_of_a_seed_is_brought_home_though_another_chain_is_stored() -> None:
    it = world(0, new(1), fail={"write": OSError(errno.ENOSPC, "No space left on device")})
    it.haven = Drawer()
    assert it.rotation("a-new-seed").access_token() == "access-1-hunter2"
    it.fail.clear()
    assert it.rotation("a-new-seed").access_token() == "access-1-hunter2"
    assert it.spent == ["a-new-seed"]
    assert it.stored is not None
    assert it.stored.refresh_token == "refresh-1-hunter2"
    assert it.haven.saved == []


def test_a_token_that_nothing_takes_is_used_to_its_end_and_said_to_be_lost() -> None:
    it = world(580, new(1), fail={"write": OSError(errno.ENOSPC, "No space left on device")})
    rotation = it.rotation()
    assert rotation.access_token() == "access-1-hunter2"
    assert rotation.unsaved is not None
    assert "exact-online:login`" in str(rotation.unsaved)


def test_a_token_that_was_saved_elsewhere_is_brought_home_by_the_next_run() -> None:
    saved = replace(
        STORED,
        refresh_token="refresh-1-hunter2",
        access_token="access-1-hunter2",
        previous=fingerprint("refresh-0-hunter2"),
    )
    it = world(700, new(2))
    it.haven = Drawer([saved])
    rotation = it.rotation()
    assert rotation.access_token() == "access-2-hunter2"
    assert it.spent == ["refresh-1-hunter2"]


def test_a_token_that_was_saved_elsewhere_long_ago_is_left_alone() -> None:
    it = world(700, new(1))
    it.haven = Drawer([replace(STORED, refresh_token="older", previous=fingerprint("another"))])
    it.rotation().access_token()
    assert it.spent == ["refresh-0-hunter2"]


@pytest.mark.parametrize(
    ("age", "answers", "token", "posts"),
    [
        pytest.param(580, [said(Verdict.EARLY)], 0, 1, id="early-keeps-the-stored-one"),
        pytest.param(700, [said(Verdict.EARLY)], 0, 1, id="early-though-our-clock-says-otherwise"),
        pytest.param(580, [said(Verdict.LOST)], 0, 1, id="lost-while-the-present-one-lives"),
        pytest.param(580, [said(Verdict.OUT_OF_ORDER)], 0, 1, id="out-of-order-while-it-lives"),
    ],
)
def test_trouble_is_got_over(age: float, answers: Sequence[TokenAnswer], token: int, posts: int) -> None:
    it = world(age, *answers)
    assert it.rotation().access_token() == f"access-{token}-hunter2"
    assert len(it.spent) == posts
    assert it.slept == []


def test_a_gateway_out_of_order_is_waited_for() -> None:
    it = world(700, *[said(Verdict.OUT_OF_ORDER)] * 3, new(1))
    assert it.rotation().access_token() == "access-1-hunter2"
    assert it.slept == [5, 10, 20]


@pytest.mark.parametrize(
    ("verdict", "pause"),
    [pytest.param(Verdict.EARLY, 31, id="early"), pytest.param(Verdict.LOST, 25, id="lost")],
)
def test_after_trouble_the_endpoint_is_asked_again_but_not_at_every_call(
    verdict: Verdict, pause: float
) -> None:
    it = world(576, said(verdict), new(1))
    rotation = it.rotation()
    assert [rotation.access_token() for _ in range(5)] == ["access-0-hunter2"] * 5
    assert len(it.spent) == 1
    it.now += pause
    assert rotation.access_token() == "access-1-hunter2"


@pytest.mark.parametrize(
    ("answers", "failure", "words", "code"),
    [
        pytest.param([said(Verdict.SPENT)], LoginNeeded, "used before", 3, id="spent"),
        pytest.param([said(Verdict.LAPSED)], LoginNeeded, "unused for 30 days", 3, id="lapsed"),
        pytest.param(
            [said(Verdict.WRONG_CLIENT)], ConfigurationError, "`client_secret`", 2, id="wrong-client"
        ),
        pytest.param([said(Verdict.LOST)] * 2, LoginNeeded, "2 times without an answer", 3, id="lost-twice"),
        pytest.param(
            [said(Verdict.LOST), said(Verdict.SPENT)], LoginNeeded, "got no answer", 3, id="lost-answer"
        ),
        pytest.param(
            [said(Verdict.OUT_OF_ORDER)] * 5, Unreachable, "out of order", 1, id="out-of-order-for-long"
        ),
        pytest.param([Unreachable("no connection")], Unreachable, "no connection", 1, id="no-connection"),
    ],
)
def test_a_failure_says_what_to_do_and_changes_nothing(
    answers: Sequence[TokenAnswer | Exception], failure: type[Exception], words: str, code: int
) -> None:
    it = world(700, *answers)
    rotation = it.rotation()
    with pytest.raises(failure, match=words) as caught:
        rotation.access_token()
    assert getattr(caught.value, "exit_code", None) == code
    assert it.stored is not None
    assert (it.stored.refresh_token, it.stored.access_token) == ("refresh-0-hunter2", "access-0-hunter2")
    assert it.log[-1] == "unlock"
    assert "hunter2" not in str(caught.value) + repr(rotation)


def test_a_store_that_is_out_of_reach_for_a_moment_stops_nothing() -> None:
    it = world(0)
    rotation = it.rotation()
    rotation.access_token()
    it.now += 560
    it.fail["read"] = ConfigurationError("the database is down")
    assert rotation.access_token() == "access-0-hunter2"
    it.now += 20
    with pytest.raises(ConfigurationError, match="database is down"):
        rotation.access_token()


@pytest.mark.parametrize("tries", [1, 2])
def test_a_crash_in_the_middle_counts_as_a_try_without_answer(tries: int) -> None:
    """The process before was killed between its announcement and the store: nobody knows what came of it."""
    it = world(700, said(Verdict.SPENT))
    it.stored = replace(
        STORED, tried=fingerprint("refresh-0-hunter2"), tries=tries, tried_by="other-host:42", tried_at=NOW
    )
    with pytest.raises(LoginNeeded, match=r"other-host:42|earlier try"):
        it.rotation().access_token()
    assert len(it.spent) == 2 - tries


def test_after_a_crash_before_the_post_the_next_run_goes_on_by_itself() -> None:
    it = world(700, new(1))
    it.stored = replace(STORED, tried=fingerprint("refresh-0-hunter2"), tries=1, tried_by="x", tried_at=NOW)
    assert it.rotation().access_token() == "access-1-hunter2"
    assert it.stored is not None
    assert it.stored.tries == 0


@pytest.mark.parametrize("verdict", [Verdict.EARLY, Verdict.LOST, Verdict.OUT_OF_ORDER])
@pytest.mark.parametrize("age", [580, 700], ids=["with a live access token", "without one"])
def test_a_refresh_token_that_any_answer_carries_is_kept(verdict: Verdict, age: float) -> None:
    it = world(age, TokenAnswer(verdict, "words", None, "refresh-7"), new(1))
    assert it.rotation().access_token() == ("access-0-hunter2" if age < 600 else "access-1-hunter2")
    assert it.spent == ["refresh-0-hunter2", "refresh-7"][: 1 if age < 600 else 2]
    assert it.stored is not None
    assert it.stored.refresh_token == ("refresh-7" if age < 600 else "refresh-1-hunter2")
