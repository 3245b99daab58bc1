"""Which field a refusal is about, where it does not say so: found with few calls, inside the budget of refusals."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from tap_exact_online.edm import Property
from tap_exact_online.wire import Need, halves

_MOST_CALLS = 12

Ask = Callable[[Sequence[Property]], Generator[Need, None, bool]]
"""Asks for these fields, and those that are always needed, and tells whether that was answered rather than refused."""


def culprits(
    suspects: Sequence[Property], ask: Ask, left: Callable[[], int]
) -> Generator[Need, None, frozenset[str]]:
    """Find the fields without which a call is not refused: a conversation.

    Fields that the newest reference lacks are looked at first, all of them at once.

    Args:
        suspects: The fields that were asked for and can be done without.
        ask: Asks for some of them.
        left: Returns how many more refusals may be met.

    Returns:
        The names, or nothing: it is not about the fields, or the refusals that may be met do not suffice.
    """
    if left() < 1 or not suspects:
        return frozenset()
    without_any = yield from ask(())
    if not without_any:
        return frozenset()
    known = [fact for fact in suspects if not fact.absent]
    doubtful = [fact for fact in suspects if fact.absent]
    refused = False
    if doubtful and left() >= 1:
        answered = yield from ask(known)
        if answered:
            return (yield from _proven(doubtful, ask, left))
        refused, suspects = True, known
    calls = 0
    while len(suspects) > 1:
        if left() < 1 or calls >= _MOST_CALLS:
            return frozenset()
        calls += 1
        part = suspects[: halves(len(suspects), left())]
        answered = yield from ask(part)
        refused = refused or not answered
        suspects = suspects[len(part) :] if answered else part
    return _names(suspects) if refused else (yield from _proven(suspects, ask, left))


def _proven(
    suspects: Sequence[Property], ask: Ask, left: Callable[[], int]
) -> Generator[Need, None, frozenset[str]]:
    """Return suspects that nothing but the answers to all others speaks against, if they are refused by themselves.

    The first refusal may have been one that passes: then every question was answered, and shows nothing of the last.
    """
    if left() < 1:
        return frozenset()
    answered = yield from ask(suspects)
    return frozenset() if answered else _names(suspects)


def _names(facts: Sequence[Property]) -> frozenset[str]:
    return frozenset(fact.name for fact in facts)
