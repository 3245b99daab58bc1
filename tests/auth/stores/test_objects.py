"""The lease in an object: who gets it, when it lapses, and that nobody overwrites what is not his."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import obstore
import pytest
from obstore.store import MemoryStore
from typing_extensions import override

from tap_exact_online.auth.exchange import LONGEST, WITHIN
from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores import objects
from tap_exact_online.auth.stores.bucket import Bucket, Found
from tap_exact_online.auth.stores.objects import LEASE, LOCK_TIMEOUT, ObjectStore
from tap_exact_online.errors import ConfigurationError, LimitReached
from tests.auth.stores.kinds import OWNER, TOKENS, after

if TYPE_CHECKING:
    from obstore import UpdateVersion

KEY = "tokens.json"
PLACE = "s3://bucket/tokens.json"


@dataclass
class Time:
    """A machine's clocks. Sleeping lets the time pass, and what is planned for it happen."""

    now: float = 1_750_000_000.0
    slept: list[float] = field(default_factory=list)
    plans: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        for moment, act in [plan for plan in self.plans if plan[0] <= self.now]:
            self.plans.remove((moment, act))
            act()


class Trouble(Bucket):
    """A bucket behind a bad network: some writes get no answer, and take effect, do not, or do so late."""

    @override
    def put(self, content: bytes, version: UpdateVersion | None) -> UpdateVersion:
        what = TROUBLES.pop(0) if TROUBLES else "none"
        if what == "none":
            return super().put(content, version)
        if what == "answer lost":
            super().put(content, version)
        elif what == "late":
            LATE.append(lambda: super(Trouble, self).put(content, version))
        raise OSError(errno.EIO, "no answer")


TROUBLES: list[str] = []
LATE: list[Callable[[], object]] = []


class Careless(Bucket):
    """A bucket whose server speaks S3 and reads over all conditions."""

    doubtful = True

    @override
    def put(self, content: bytes, version: UpdateVersion | None) -> UpdateVersion:
        result = obstore.put(self.store, self.key, content)
        return {"e_tag": result["e_tag"] or ""}


@pytest.fixture
def memory() -> MemoryStore:
    TROUBLES.clear()
    LATE.clear()
    return MemoryStore()


def machine(
    memory: MemoryStore, now: Time, kind: type[Bucket] = Bucket, ahead: float = 0, **given: float
) -> ObjectStore:
    """Return a store as a machine has it whose clock is ahead by some seconds."""
    return ObjectStore(
        kind(memory, KEY),
        PLACE,
        Form(OWNER),
        clock=lambda: now.now + ahead,
        stopwatch=now.clock,
        sleep=now.sleep,
        **given,
    )


def test_the_lease_outlasts_a_token_request_and_is_waited_out() -> None:
    """The connection stands before the announcement; an answer of the storage may be 45 s late on either side."""
    assert WITHIN + 2 * 45 < LEASE < LOCK_TIMEOUT
    assert LONGEST < LOCK_TIMEOUT


def test_only_an_object_with_a_connection_is_left_behind(memory: MemoryStore) -> None:
    store = machine(memory, Time())
    with store.lock():
        assert b'"connection":null' in bytes(obstore.get(memory, KEY).bytes())
    with pytest.raises(FileNotFoundError):
        obstore.get(memory, KEY)
    store.write(TOKENS)
    store.forget()
    with pytest.raises(FileNotFoundError):
        obstore.get(memory, KEY)


@pytest.mark.parametrize("ahead", [-590, 0, 590, -3600 * 24])
def test_a_holder_that_is_gone_is_waited_out_whatever_its_clock_says(
    ahead: float, memory: MemoryStore
) -> None:
    now = Time()
    gone = machine(memory, now).lock()
    gone.__enter__()
    start = now.now
    with machine(memory, now, ahead=ahead).lock():
        assert LEASE <= now.now - start <= LEASE + 1
    assert max(now.slept) <= 1


def test_what_lapsed_long_ago_is_taken_at_once(memory: MemoryStore) -> None:
    now = Time()
    gone = machine(memory, now).lock()
    gone.__enter__()
    now.now += LEASE + 601
    with machine(memory, now).lock():
        assert now.slept == []


def test_a_holder_that_was_taken_over_overwrites_nothing(
    memory: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    now = Time()
    slow, quick = machine(memory, now), machine(memory, now)
    slow.write(TOKENS)
    with slow.lock():
        now.now += 3600
        quick.write(after("quick"))
        for _ in range(2):
            with pytest.raises(OSError, match="another process has taken it over") as caught:
                slow.write(after("slow"))
            assert caught.value.errno == errno.ESTALE
        with quick.lock(), pytest.raises(OSError, match="another process has taken it over"):
            slow.forget()
        assert slow.read() == after("quick")
    assert quick.read() == after("quick")
    assert [r.levelname for r in caplog.records if "was taken over" in r.getMessage()] == ["WARNING"]


def test_a_holder_that_was_taken_over_does_not_take_the_lease_of_the_next(memory: MemoryStore) -> None:
    now = Time()
    slow, quick = machine(memory, now), machine(memory, now)
    with slow.lock():
        now.now += 3600
        taken = quick.lock()
        taken.__enter__()
    with pytest.raises(LimitReached), machine(memory, now, lock_timeout=5).lock():
        pytest.fail("the lease of the second holder is gone")
    quick.write(TOKENS)


def test_a_lease_that_lapsed_and_nobody_took_is_still_good(memory: MemoryStore) -> None:
    now = Time()
    store = machine(memory, now)
    with store.lock():
        now.now += 10 * LEASE
        store.write(TOKENS)
    assert store.read() == TOKENS


def test_each_write_begins_the_lease_anew(memory: MemoryStore) -> None:
    now = Time()
    holder = machine(memory, now)
    held = holder.lock()
    held.__enter__()
    start = now.now
    now.plans.append((start + LEASE - 10, lambda: holder.write(TOKENS)))
    with machine(memory, now, lock_timeout=1000).lock():
        assert 2 * LEASE - 10 <= now.now - start <= 2 * LEASE - 8


def test_whoever_waits_too_long_is_told_who_holds_it(memory: MemoryStore) -> None:
    now = Time()
    with (
        machine(memory, now).lock(),
        pytest.raises(LimitReached, match=r"Another process \(.+:\d+\) has held .* for 30 s"),
        machine(memory, now, lock_timeout=30).lock(),
    ):
        pytest.fail("both hold it")
    assert sum(now.slept) == pytest.approx(30)
    assert len({*now.slept}) > 10  # not in step with others


def test_of_two_that_see_it_free_one_gets_it(memory: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second looks before the first writes, and writes after it."""
    now = Time()
    first, second = machine(memory, now), machine(memory, now, lock_timeout=3)
    first.write(TOKENS)
    held = first.lock()
    get = Bucket.get

    def late(bucket: Bucket) -> Found | None:
        found = get(bucket)
        monkeypatch.setattr(Bucket, "get", get)
        held.__enter__()
        return found

    monkeypatch.setattr(Bucket, "get", late)
    with pytest.raises(LimitReached), second.lock():
        pytest.fail("both hold it")
    held.__exit__(None, None, None)


# --- A bad network -------------------------------------------------------------------------------------------


def test_a_write_without_an_answer_that_took_effect_is_a_write(memory: MemoryStore) -> None:
    store = machine(memory, Time(), Trouble)
    TROUBLES[:] = ["answer lost"] * 4  # the lease, two writes, and giving back
    with store.lock():
        store.write(TOKENS)
        store.write(after("next"))
    assert TROUBLES == []
    assert machine(memory, Time()).read() == after("next")
    with machine(memory, Time(), lock_timeout=0).lock():
        pass


def test_a_write_that_did_not_arrive_fails_and_the_next_is_as_good(memory: MemoryStore) -> None:
    store = machine(memory, Time(), Trouble)
    with store.lock():
        TROUBLES[:] = ["lost"]
        with pytest.raises(OSError, match="no answer"):
            store.write(TOKENS)
        store.write(after("next"))
    assert store.read() == after("next")


def test_a_write_that_arrived_late_is_known_as_ones_own(memory: MemoryStore) -> None:
    store = machine(memory, Time(), Trouble)
    store.write(TOKENS)
    with store.lock():
        TROUBLES[:] = ["late"]
        with pytest.raises(OSError, match="no answer"):
            store.write(after("late"))
        LATE.pop()()
        store.write(after("next"))
    assert store.read() == after("next")


def test_a_lock_that_got_no_answer_is_no_lock(memory: MemoryStore) -> None:
    TROUBLES[:] = ["lost"]
    store = machine(memory, Time(), Trouble)
    with (
        pytest.raises(ConfigurationError, match=r"s3://bucket/tokens.json cannot be locked: no answer"),
        store.lock(),
    ):
        pytest.fail("locked")


def test_a_lease_that_cannot_be_given_back_is_spoken_of(
    memory: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    store = machine(memory, Time(), Trouble)
    with store.lock():
        store.write(TOKENS)
        TROUBLES[:] = ["lost"]
    (said,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert (
        said
        == f"The lease on the token store {PLACE} could not be given back (no answer); it lapses in 180 s"
    )
    assert store.read() == TOKENS


# --- What is in the object -----------------------------------------------------------------------------------


def test_a_server_that_reads_over_conditions_is_refused(memory: MemoryStore) -> None:
    store = machine(memory, Time(), Careless)
    with pytest.raises(ConfigurationError, match="does not know conditional writes"), store.lock():
        pytest.fail("locked")
    assert store.read() is None


def test_an_object_of_another_owner_gets_no_lease(memory: MemoryStore) -> None:
    machine(memory, Time()).write(TOKENS)
    before = bytes(obstore.get(memory, KEY).bytes())
    other = replace(machine(memory, Time()), form=Form("someone else"))
    with pytest.raises(ConfigurationError, match="left untouched"), other.lock():
        pytest.fail("locked")
    assert bytes(obstore.get(memory, KEY).bytes()) == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "does not hold a connection", id="empty"),
        pytest.param(b"[" * 10**5, "does not hold a connection", id="deep"),
        pytest.param(b'{"hunter2": 1}', "does not hold a connection", id="something-else"),
        pytest.param(b'{"version": 1, "lease": "hunter2"}', "does not hold a connection", id="half"),
        pytest.param(b'{"version": 2, "of": "the future"}', "newer version", id="newer"),
    ],
)
def test_what_is_not_ours_is_refused_and_left_alone(content: bytes, words: str, memory: MemoryStore) -> None:
    obstore.put(memory, KEY, content)
    store = machine(memory, Time())
    with pytest.raises(ConfigurationError, match=words) as caught:
        store.read()
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ConfigurationError, match=words), store.lock():
        pytest.fail("locked")
    assert bytes(obstore.get(memory, KEY).bytes()) == content


def test_no_two_contents_are_alike(memory: MemoryStore) -> None:
    """At S3 an etag is a hash of the content: with equal contents, what was replaced could pass for unchanged."""
    store = machine(memory, Time())
    contents = set()
    with store.lock():
        for _ in range(3):
            store.write(TOKENS)
            contents.add(bytes(obstore.get(memory, KEY).bytes()))
    assert len(contents) == 3


def test_the_modules_constants_count_when_the_lock_is_taken(
    memory: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = Time()
    store = machine(memory, now)
    gone = store.lock()
    gone.__enter__()
    monkeypatch.setattr(objects, "LOCK_TIMEOUT", 7.0)
    with pytest.raises(LimitReached, match="for 7 s"), machine(memory, now).lock():
        pytest.fail("both hold it")
