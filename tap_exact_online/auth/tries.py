"""What is written down of a token that goes out, and what follows from it: pure functions of the stored record.

A record holds one chain, and a note about the token of it that was sent last. A token may go out twice: if the first try
took effect it is dead whatever is done, and if it did not the second one saves the connection. Who holds what came of a
token owes it to the others to keep it; so the token that is stored may be overwritten by what it became, whatever notes
others wrote about it in the meantime, and by nothing else.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from tap_exact_online.auth.exchange import WITHIN
from tap_exact_online.auth.responses import TokenAnswer, Verdict
from tap_exact_online.auth.tokens import Tokens, fingerprint

MOST = 2
"""How often a token goes out without a next one coming back."""

GREW = MOST + 1
"""In `Tokens.sent`: a chain grew from this seed here, or a login took its place. It never replaces anything again."""

AGAIN: Mapping[Verdict, float] = {
    Verdict.LOST: 300.0,  # a network comes back within minutes
    Verdict.GATEWAY: 2700.0,  # Exact's own night takes half an hour, seldom more
}
"""Seconds after a try without an answer before the last one: never in the same outage."""

OVER = WITHIN + 60.0
"""Seconds after its announcement by when a try of another process is over and kept, one way or the other."""

_FREE = frozenset({Verdict.EARLY, Verdict.OUT_OF_ORDER, Verdict.WRONG_CLIENT})


@dataclass(frozen=True, slots=True)
class Start:
    """What a redemption starts from.

    Attributes:
        base: The record that the answer replaces.
        refresh_token: The token to spend: that of `base`, or a seed that replaces its chain.
        seed: Fingerprint of the seed that the new chain grows from, if any.
    """

    base: Tokens
    refresh_token: str = field(repr=False)
    seed: str | None

    @property
    def spent(self) -> str:
        """The fingerprint of the token to spend."""
        return fingerprint(self.refresh_token)

    @property
    def is_seed(self) -> bool:
        """Whether a seed replaces the chain of `base`."""
        return self.refresh_token != self.base.refresh_token


class Next(enum.Enum):
    """What may be done with a token now."""

    SEND = "it may go out"
    REST = "it may go out once more, but not yet"
    WAIT = "another process may still be keeping what came of it"
    DEAD = "it never goes out again"


def next_try(start: Start, now: float, me: str, is_gone: Callable[[str | None], bool]) -> Next:
    """Say what may be done with a token now.

    Args:
        start: The token, and the record with the note about it.
        now: Epoch seconds.
        me: How this process is named in records.
        is_gone: Tells whether a process is known to have ended.
    """
    base = start.base
    if tries(start) >= MOST:
        return Next.WAIT if is_under_way(base, start.spent, now, me, is_gone) else Next.DEAD
    return Next.REST if rest(start, now) > 0 else Next.SEND


def tries(start: Start) -> int:
    """Return how often a token went out without an answer, also where the note about it was overwritten since."""
    base = start.base
    noted = base.tries if base.tried == start.spent else 0
    return max(noted, base.sent.get(start.spent, 0))


def rest(start: Start, now: float) -> float:
    """Return the seconds before a token may go out once more. However clocks are set, no more than the longest rest."""
    base = start.base
    if base.tried != start.spent or base.again is None:
        return 0.0
    return min(max(0.0, base.again - now), max(AGAIN.values()))


def is_under_way(
    record: Tokens, spent: str, now: float, me: str, is_gone: Callable[[str | None], bool]
) -> bool:
    """Tell whether another process may still be spending a token, or keeping what came of it."""
    if record.tried != spent:
        return False
    open_tries = [(record.other_by, record.other_at)]
    if record.again is None:
        open_tries.append((record.tried_by, record.tried_at))
    return any(
        by is not None and at is not None and by != me and abs(now - at) < OVER and not is_gone(by)
        for by, at in open_tries
    )


def announced(start: Start, now: float, me: str) -> Tokens:
    """Return the record that says that a token is about to go out: it explains a crash afterwards."""
    base = start.base
    again = base.tried == start.spent and base.tries > 0
    is_open = again and base.again is None and base.tried_by != me
    count = tries(start) + 1
    return replace(
        base,
        sent=_counted(base, start, count),
        tried=start.spent,
        tries=count,
        tried_by=me,
        tried_at=now,
        again=None,
        other_by=base.tried_by if is_open else None,
        other_at=base.tried_at if is_open else None,
        refused=None,
    )


def _counted(base: Tokens, start: Start, count: int) -> Mapping[str, int]:
    """Keep the count of a seed, and of the token whose note is overwritten now."""
    sent = dict(base.sent)
    if base.tried is not None and base.tried != start.spent and base.tries:
        sent[base.tried] = max(base.tries, sent.get(base.tried, 0))
    if start.seed == start.spent:
        sent[start.spent] = count
    return sent


def noted(record: Tokens, announcement: Tokens, start: Start, answer: TokenAnswer, now: float) -> Tokens:
    """Return a record after an answer that brought no token.

    Args:
        record: As it is stored now: our announcement, or that of another who tries the same token.
        announcement: Ours.
        start: What was sent.
        answer: What came back.
        now: Epoch seconds.
    """
    is_ours = record == announcement
    if answer.verdict in _FREE:
        return start.base if is_ours else record
    if answer.verdict in AGAIN:
        return replace(record, again=now + AGAIN[answer.verdict]) if is_ours else record
    return replace(record, refused=answer.said)


def successor(start: Start, answer: TokenAnswer, now: float, me: str, *, is_kept: bool) -> Tokens:
    """Return the record that follows from an answer with a refresh token.

    Args:
        start: What was sent.
        answer: What came back: both tokens, or only the next refresh token.
        now: Epoch seconds.
        me: How this process is named in records.
        is_kept: Whether the token that was sent is the one in the store.
    """
    base = start.base
    has_access = answer.access_token is not None
    stays = not has_access and not start.is_seed
    sent = {**base.sent, start.seed: GREW} if start.seed else base.sent
    return Tokens(
        owner=base.owner,
        refresh_token=answer.refresh_token or start.refresh_token,
        refresh_issued=now,
        access_token=base.access_token if stays else answer.access_token,
        access_issued=base.access_issued if stays else (now if has_access else 0.0),
        expires_in=base.expires_in if stays else answer.expires_in,
        seed=start.seed,
        rotated_by=me,
        previous=start.spent,
        before=() if is_kept else base.spent,
        sent=sent,
    )


def may_replace(stored: Tokens | None, new: Tokens) -> bool:
    """Tell whether a record may take the place of the stored one.

    Its own ancestor it may replace, whatever was noted about that one since; another chain it may not. A seed replaces
    the chain that was there before it, unless another one grew from it since.
    """
    if stored is None or not stored.refresh_token or stored.refresh_token == new.refresh_token:
        return True
    if fingerprint(stored.refresh_token) in new.spent:
        return True
    return new.seed in new.spent and stored.sent.get(new.seed or "", 0) < GREW and stored.seed != new.seed


def newest(found: Iterable[Tokens], spent: Collection[str]) -> Tokens | None:
    """Return the record that came of one of some tokens, the latest one of several; None where none did."""
    came = [tokens for tokens in found if {*tokens.spent} & {*spent}]
    return max(came, key=lambda tokens: (len(tokens.spent), tokens.refresh_issued or 0.0), default=None)


def replaced_by_seed(stored: Tokens, seed: str | None) -> bool:
    """Tell whether a seed is to replace a stored chain: one that never grew here, and never failed here."""
    if seed is None:
        return False
    print_of = fingerprint(seed)
    return print_of != stored.seed and stored.sent.get(print_of, 0) < MOST


def is_given_up(stored: Tokens, seed: str | None) -> bool:
    """Tell whether a seed was sent as often as it may be, and no chain grew from it."""
    return (
        seed is not None
        and stored.seed != fingerprint(seed)
        and stored.sent.get(fingerprint(seed), 0) == MOST
    )


def awaited(stored: Tokens | None, seed: str | None) -> frozenset[str]:
    """Return the fingerprints of the tokens whose successor is looked for: what is stored, what was sent, the seed."""
    spent: set[str | None] = set()
    if stored is not None and stored.refresh_token:
        spent = {fingerprint(stored.refresh_token), stored.tried}
    if seed is not None and (stored is None or replaced_by_seed(stored, seed)):
        spent.add(fingerprint(seed))
    return frozenset(each for each in spent if each)
