"""When the refresh token is spent, and that it is never lost."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from tap_exact_online.auth.responses import Verdict
from tap_exact_online.auth.tokens import fingerprint
from tap_exact_online.errors import LimitReached, LoginNeeded
from tests.auth.world import NOW, OWNER, READ_UNDER_LOCK, STORED, World, new, said, world

# --- While the token is good ---------------------------------------------------------------------------------


@pytest.mark.parametrize("age", [0, 300, 574])
def test_a_stored_token_is_used_until_its_last_25_seconds(age: float) -> None:
    it = world(age)
    assert it.rotation().access_token() == "access-0-hunter2"
    assert it.log == ["read"]


def test_nothing_is_read_again_while_the_token_is_good_for_a_minute() -> None:
    it = world(0)
    rotation = it.rotation()
    for it.now in (NOW, NOW + 100, NOW + 540):
        rotation.access_token()
    assert it.log == ["read"]
    it.now = NOW + 541
    assert rotation.access_token() == "access-0-hunter2"
    assert it.log == ["read", "read"]


def test_what_another_process_stored_is_found_without_the_lock() -> None:
    it = world(0)
    rotation = it.rotation()
    rotation.access_token()
    it.now += 580
    it.stored = replace(STORED, access_token="access-9", access_issued=it.now)
    assert rotation.access_token() == "access-9"
    assert it.log == ["read", "read"]


def test_what_another_process_stored_while_the_lock_was_waited_for_is_used() -> None:
    it = world(580)
    newer = replace(STORED, access_token="access-9", access_issued=it.now)
    it.before["lock"] = lambda: setattr(it, "stored", newer)
    assert it.rotation().access_token() == "access-9"
    assert it.log == [*READ_UNDER_LOCK, "unlock"]


# --- Renewal -------------------------------------------------------------------------------------------------


def test_a_token_is_renewed_under_the_lock_and_kept_before_it_is_used() -> None:
    it = world(576, new(1))
    assert it.rotation().access_token() == "access-1-hunter2"
    assert it.log == [*READ_UNDER_LOCK, "connect", "announce", "post", "write", "unlock"]
    assert it.spent == ["refresh-0-hunter2"]
    assert it.stored is not None
    assert (it.stored.refresh_token, it.stored.access_issued) == ("refresh-1-hunter2", NOW + 576)
    assert it.stored.refresh_issued == NOW + 576
    assert it.stored.rotated_by


def test_a_chain_goes_on_for_hours_with_one_post_in_ten_minutes() -> None:
    it = world(0, *map(new, range(1, 40)))
    rotation = it.rotation()
    for _ in range(6 * 60):
        it.now += 60
        assert rotation.access_token()
    assert len(it.spent) == 6 * 60 // 10
    assert it.spent == [f"refresh-{number}-hunter2" for number in range(len(it.spent))]


# --- The seed ------------------------------------------------------------------------------------------------


def test_a_seed_fills_an_empty_store() -> None:
    it = World(None, [new(1)])
    assert it.rotation("seed-hunter2").access_token() == "access-1-hunter2"
    assert it.spent == ["seed-hunter2"]
    assert it.stored is not None
    assert it.stored.seed == fingerprint("seed-hunter2")
    assert it.stored.owner == OWNER


def test_a_seed_that_was_used_before_is_ignored() -> None:
    it = world(0)
    it.stored = replace(STORED, seed=fingerprint("seed-hunter2"))
    assert it.rotation("seed-hunter2").access_token() == "access-0-hunter2"
    assert it.log == ["read"]


def test_the_seed_of_a_chain_stays_with_it() -> None:
    it = world(580, new(1))
    it.stored = replace(STORED, seed=fingerprint("seed-hunter2"))
    assert it.rotation("seed-hunter2").access_token() == "access-1-hunter2"
    assert it.spent == ["refresh-0-hunter2"]
    assert it.stored is not None
    assert it.stored.seed == fingerprint("seed-hunter2")


def test_a_seed_that_was_changed_replaces_the_chain() -> None:
    it = world(0, new(1))
    it.stored = replace(STORED, seed=fingerprint("an-older-seed"))
    assert it.rotation("seed-hunter2").access_token() == "access-1-hunter2"
    assert it.spent == ["seed-hunter2"]


def test_a_seed_that_is_dead_leaves_the_stored_chain_alone() -> None:
    it = world(0, said(Verdict.LAPSED))
    it.stored = replace(STORED, seed=fingerprint("an-older-seed"))
    before = it.stored
    with pytest.raises(LoginNeeded):
        it.rotation("seed-hunter2").access_token()
    assert it.stored is not None
    assert (it.stored.refresh_token, it.stored.seed) == (before.refresh_token, before.seed)


def test_a_setting_that_was_removed_keeps_the_chain() -> None:
    it = world(0)
    it.stored = replace(STORED, seed=fingerprint("an-older-seed"))
    assert it.rotation().access_token() == "access-0-hunter2"


def test_without_store_and_seed_the_message_names_both() -> None:
    it = World()
    with pytest.raises(LoginNeeded, match=r"the shelf is empty.*`refresh_token`"):
        it.rotation().access_token()
    assert it.spent == []


def test_a_seed_whose_app_was_given_a_token_just_now_has_to_wait() -> None:
    it = World(None, [said(Verdict.EARLY)])
    with pytest.raises(LimitReached) as caught:
        it.rotation("seed-hunter2").access_token()
    assert caught.value.until is not None
    assert 570 <= caught.value.until.timestamp() - NOW <= 600


# --- After a 401 ---------------------------------------------------------------------------------------------


def test_a_refused_token_is_renewed() -> None:
    it = world(590, new(1))
    rotation = it.rotation()
    rotation.renew("access-0-hunter2")
    assert rotation.access_token() == "access-1-hunter2"
    assert it.slept == []


def test_a_refused_token_that_another_process_replaced_is_not_renewed_again() -> None:
    it = world(100)
    rotation = it.rotation()
    assert rotation.access_token() == "access-0-hunter2"
    it.stored = replace(STORED, access_token="access-9", access_issued=it.now)
    rotation.renew("access-0-hunter2")
    assert it.spent == []
    assert rotation.access_token() == "access-9"


def test_a_token_refused_before_its_time_is_renewed_as_soon_as_exact_allows_it() -> None:
    it = world(100, said(Verdict.EARLY), new(1))
    rotation = it.rotation()
    rotation.renew("access-0-hunter2")
    assert it.slept == [475]
    assert rotation.access_token() == "access-1-hunter2"


def test_a_token_that_is_refused_and_not_replaced_needs_a_person() -> None:
    it = world(100, said(Verdict.EARLY), said(Verdict.EARLY))
    with pytest.raises(LoginNeeded) as caught:
        it.rotation().renew("access-0-hunter2")
    assert "hunter2" not in str(caught.value)
    assert len(it.spent) == 2


def test_no_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    it = world(601, said(Verdict.LOST), said(Verdict.EARLY), said(Verdict.EARLY), new(1))
    rotation = it.rotation("seed-hunter2")
    it.stored = replace(STORED, seed=fingerprint("seed-hunter2"))
    rotation.access_token()
    rotation.renew("access-0-hunter2")
    assert caplog.records
    assert "hunter2" not in caplog.text
