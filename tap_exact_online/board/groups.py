"""One pass over all divisions in groups: which group a worker takes next, and what becomes of it. Nothing here waits or asks.

A document of the board holds a round. Clocks of machines differ, so no machine compares its own with a time that another
wrote: whoever holds a group writes a new beat into it again and again, and whoever looks on measures with a stopwatch of
its own for how long the beat stayed as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

import msgspec

TRIES = 3
"""How often a group's command may fail: it is tried again twice."""
LAPSES = 5
"""How often a group's worker may vanish: more is no accident, but a group that takes its worker with it."""
SKEW = 600.0
"""Seconds: what lapsed longer ago than this is taken at once, which holds while clocks differ by less."""
KEPT = 7 * 86400.0
"""Seconds for which a round is remembered."""

_VERSION = 1
_HOPELESS = frozenset({2, 3, 4, 130, 143})  # 4: a limit, and the day is not over when it is tried again
# What a person has to do first, then what may be over by itself: of several failures the first one here is told.
_WORST = (3, 2, 5)
_LEAST = (4, 0)

Seen: TypeAlias = Mapping[int, "Look"]
"""What somebody who looks on has seen of the groups that are held, by their numbers."""


class Look(NamedTuple):
    """A beat, and since when it stayed as it is, by the looker's own stopwatch."""

    holder: str
    beat: int
    since: float


class Group(msgspec.Struct, frozen=True, omit_defaults=True):
    """One group of a round.

    Attributes:
        status: `failed` is final; what may be tried again is `free`.
        holder: Names one hold on it, which nobody else has.
        worker: Host and process that ran it last.
        beat: Grows with every sign of life of the holder.
        lease: Seconds without one after which others may take it.
        until: When that is, in epoch seconds by the holder's clock.
        failures: How often its command failed.
        lapses: How often its holder vanished.
        code: What its command ended with last.
        seconds: How long that took.
        lasted: How long it took in earlier rounds; None where nobody knows.
    """

    status: Literal["free", "held", "done", "failed"] = "free"
    holder: str = ""
    worker: str = ""
    beat: int = 0
    lease: float = 0.0
    until: float = 0.0
    failures: int = 0
    lapses: int = 0
    code: int | None = None
    seconds: float | None = None
    lasted: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody is to run it any more."""
        return self.status in {"done", "failed"}


class Round(msgspec.Struct, frozen=True):
    """A pass over all divisions.

    Attributes:
        name: What it was called on the command line.
        groups: Its groups; the first is number 1.
        version: The form of the document.
    """

    name: str
    groups: tuple[Group, ...]
    version: int = _VERSION

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to run."""
        return all(group.is_over for group in self.groups)

    @property
    def exit_code(self) -> int:
        """What a worker ends with when nothing is left: 0, or the code of the worst failure."""
        codes = {group.code or 1 for group in self.groups if group.status == "failed"}
        for worst in _WORST:
            if worst in codes:
                return worst
        return min(codes - {*_LEAST}, default=min(codes, default=0))

    def group(self, number: int) -> Group:
        """Return a group by its number, from 1."""
        return self.groups[number - 1]

    def having(self, number: int, group: Group) -> Round:
        """Return the round with another group in the place of one."""
        groups = (*self.groups[: number - 1], group, *self.groups[number:])
        return msgspec.structs.replace(self, groups=groups)


class Memory(msgspec.Struct, frozen=True):
    """What one round tells the next ones.

    Attributes:
        rounds: When somebody was last at work on each round, in epoch seconds, by the name of its document.
        lasted: How long each group took last, by how many groups there were.
    """

    rounds: Mapping[str, float] = {}
    lasted: Mapping[str, Sequence[float | None]] = {}

    def touched(self, document: str, now: float) -> tuple[Memory, list[str]]:
        """Remember that a round is worked on, and forget those of a week ago; return their documents, which can go."""
        rounds = {**self.rounds, document: now}
        old = [name for name, when in rounds.items() if now - when > KEPT]
        left = {name: when for name, when in rounds.items() if name not in old}
        return msgspec.structs.replace(self, rounds=left), old

    def done(self, number: int, of: int, seconds: float) -> Memory:
        """Remember how long a group took."""
        lasted = [*self.last(of)]
        lasted[number - 1] = round(seconds, 1)
        return msgspec.structs.replace(self, lasted={**self.lasted, str(of): lasted})

    def last(self, of: int) -> Sequence[float | None]:
        """Return how long each of so many groups took last; None where nobody knows."""
        known = self.lasted.get(str(of), ())
        return known if len(known) == of else (None,) * of


def remembered(document: bytes | None) -> Memory:
    """Read what earlier rounds told; what is damaged tells nothing."""
    try:
        return msgspec.json.decode(document or b"{}", type=Memory)
    except (msgspec.DecodeError, RecursionError):
        return Memory()


def opened(document: bytes | None, name: str, lasted: Sequence[float | None]) -> Round:
    """Read a round. Where there is none yet, or a damaged one, it begins.

    Args:
        document: What the board holds.
        name: How the round is called.
        lasted: How long each of its groups took in an earlier round.

    Returns:
        The round; one of another number of groups than `lasted` has stays as it is.
    """
    try:
        found = msgspec.json.decode(document or b"", type=Round)
    except (msgspec.DecodeError, RecursionError):
        found = None
    if found is None or found.version != _VERSION or not found.groups:
        return Round(name, tuple(Group(lasted=seconds) for seconds in lasted))
    return found


def looked(found: Round, seen: Seen, now: float) -> Seen:
    """Note the beats of all groups that are held.

    Args:
        found: The round as it is.
        seen: What was noted before.
        now: The looker's stopwatch.
    """
    held = {number: group for number, group in enumerate(found.groups, 1) if group.status == "held"}
    notes = {number: Look(group.holder, group.beat, now) for number, group in held.items()}
    for number, note in notes.items():
        before = seen.get(number)
        if before is not None and before[:2] == note[:2]:
            notes[number] = before
    return notes


def has_lapsed(group: Group, look: Look | None, now: float, clock: float) -> bool:
    """Tell whether a hold is over though nobody gave it back.

    Args:
        group: The group as it is.
        look: What was seen of it.
        now: The looker's stopwatch.
        clock: The time in epoch seconds.
    """
    if group.status != "held":
        return False
    if clock > group.until + SKEW:
        return True
    is_same = look is not None and (look.holder, look.beat) == (group.holder, group.beat)
    return look is not None and is_same and now - look.since >= group.lease


def taken(found: Round, hold: Group, seen: Seen, now: float, clock: float) -> tuple[Round, int | None]:
    """Take the next group: what failed after what did not, and before that what takes longest first.

    Args:
        found: The round as it is.
        hold: Holder, worker and lease of who takes it.
        seen: What was noted of the groups that are held.
        now: The looker's stopwatch.
        clock: The time in epoch seconds.

    Returns:
        The round, and the number of the group; None where there is none to take now.
    """
    for number, group in enumerate(found.groups, 1):
        if group.status == "held" and group.holder == hold.holder:
            return found, number  # taken already, only the answer to that was lost
    round_ = found
    waiting: list[tuple[int, float, int]] = []
    for number, group in enumerate(found.groups, 1):
        lapses = group.lapses + has_lapsed(group, seen.get(number), now, clock)
        if lapses > group.lapses and lapses >= LAPSES:
            lost = msgspec.structs.replace(group, status="failed", holder="", lapses=lapses, code=1)
            round_ = round_.having(number, lost)
        elif group.status == "free" or lapses > group.lapses:
            # Nobody knows how long a new one takes: it may be the longest.
            longest = float("inf") if group.lasted is None else group.lasted
            waiting.append((group.failures, -longest, number))
    if not waiting:
        return round_, None
    number = min(waiting)[-1]
    group = found.group(number)
    mine = msgspec.structs.replace(
        group,
        status="held",
        holder=hold.holder,
        worker=hold.worker,
        lease=hold.lease,
        until=clock + hold.lease,
        beat=group.beat + 1,
        lapses=group.lapses + (group.status == "held"),
    )
    return round_.having(number, mine), number


def renewed(found: Round, number: int, holder: str, clock: float) -> Round | None:
    """Give a sign of life; None where the hold was lost."""
    group = _held(found, number, holder)
    if group is None:
        return None
    return found.having(
        number, msgspec.structs.replace(group, beat=group.beat + 1, until=clock + group.lease)
    )


def ended(found: Round, number: int, holder: str, code: int, seconds: float) -> Round | None:
    """Note how the command of a group ended; None where the hold was lost.

    Args:
        found: The round as it is.
        number: The group.
        holder: The hold.
        code: The command's exit code.
        seconds: How long it took.
    """
    group = _held(found, number, holder)
    if group is None:
        return None
    failures = group.failures + (code != 0)
    status: Literal["free", "done", "failed"] = "done"
    if code != 0:
        status = "failed" if code in _HOPELESS or failures >= TRIES else "free"
    after = msgspec.structs.replace(
        group, status=status, holder="", failures=failures, code=code, seconds=round(seconds, 1)
    )
    return found.having(number, after)


def given_back(found: Round, number: int, holder: str) -> Round | None:
    """Let go of a group that was not run to its end; None where the hold was lost."""
    group = _held(found, number, holder)
    return (
        None
        if group is None
        else found.having(number, msgspec.structs.replace(group, status="free", holder=""))
    )


def again(found: Round) -> Round:
    """Give what failed in a round that is over as many tries as at first; one that others are at work on stays."""
    if not found.is_over:
        return found
    groups = (
        msgspec.structs.replace(group, status="free", failures=0, lapses=0)
        if group.status == "failed"
        else group
        for group in found.groups
    )
    return msgspec.structs.replace(found, groups=tuple(groups))


def _held(found: Round, number: int, holder: str) -> Group | None:
    if number > len(found.groups):
        return None
    group = found.group(number)
    return group if group.status == "held" and group.holder == holder else None


def summary(found: Round) -> list[str]:
    """Say how a round ended: how many groups are done, and which failed, why."""
    done = sum(group.status == "done" for group in found.groups)
    lines = [f"Round {found.name}: {done} of {len(found.groups)} groups are done."]
    for number, group in enumerate(found.groups, 1):
        if group.status == "failed":
            lines.append(f"Group {number}/{len(found.groups)} failed: {_why(group)}; last on {group.worker}.")
    return lines


def _why(group: Group) -> str:
    if group.lapses >= LAPSES:
        return f"its worker vanished {group.lapses} times"
    tries = "at the first try" if group.failures == 1 else f"after {group.failures} tries"
    return f"exit code {group.code} {tries}"
