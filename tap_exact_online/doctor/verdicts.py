"""What the answer to one question says about one stream in one division. Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tap_exact_online.catalog import Resource
from tap_exact_online.errors import ContractUsedUp, Denied, LimitReached, ReadError, Unreachable


class Result(enum.Enum):
    """What a stream in a division comes to."""

    READABLE = "readable"
    SCOPE = "missing_scope"
    RIGHT = "missing_right"
    MODULE = "missing_module"
    CLOSED = "division_closed"
    NO_CALLS = "no_calls"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    NOT_ASKED = "not_asked"


WORDS: Mapping[Result, tuple[str, str]] = {
    # in a table, and what it means
    Result.READABLE: ("ok", "readable"),
    Result.SCOPE: ("scope", "the app registration lacks the scope"),
    Result.RIGHT: ("right", "the user lacks a right, or the company a module"),
    Result.MODULE: ("module", "the company's subscription lacks the module"),
    Result.CLOSED: ("closed", "the whole division is closed to this connection"),
    Result.NO_CALLS: ("calls", "not asked: the calls that are left are for the runs"),
    Result.REFUSED: ("refused", "Exact does not accept the request"),
    Result.NO_ANSWER: ("none", "no usable answer came"),
    Result.NOT_ASKED: ("-", "not asked any more"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one stream in one division.

    Attributes:
        result: What it comes to.
        detail: The scope that is missing, or Exact's reason why a division is closed.
        said: What Exact said, where that is more than the result.
        until: When calls are left again, where that is what is missing.
        asked: A call was spent on it; else it follows from other answers.
        rows: Whether the answer held a row, where it was asked for one.
    """

    result: Result
    detail: str = ""
    said: str = ""
    until: datetime | None = None
    asked: bool = True
    rows: bool = False


READABLE = Verdict(Result.READABLE)
NOT_ASKED = Verdict(Result.NOT_ASKED, asked=False)

_LACKING = re.compile(r"lacks the scope '([^']+)'")
# No answer for a module that is not licensed is documented; these are the words in which one would say so.
_MODULE = re.compile(r"licen[cs]e|module|subscription|package|licentie|abonnement", re.IGNORECASE)


OF_ALL = "all"
"""The detail of calls that are used up in every division."""


def judge(error: ReadError | LimitReached, resource: Resource) -> Verdict:
    """Say what a failure means for one stream in one division.

    Args:
        error: Why it could not be read.
        resource: The stream.
    """
    said = str(error)
    if isinstance(error, LimitReached):
        everywhere = isinstance(error, ContractUsedUp)
        return Verdict(Result.NO_CALLS, OF_ALL * everywhere, said, None if everywhere else error.until)
    if not isinstance(error, Denied):
        result = Result.NO_ANSWER if isinstance(error, Unreachable) else Result.REFUSED
        return Verdict(result, said=said)
    if error.whole_division:
        return Verdict(Result.CLOSED, error.reason or "", said)
    if scope := _LACKING.search(said):
        return Verdict(Result.SCOPE, _scope_named(scope[1], resource), said)
    if error.reason and error.reason not in said:
        said = f"{said} ({error.reason})"
    if _MODULE.search(said):
        return Verdict(Result.MODULE, said=said)
    return Verdict(Result.RIGHT, said=said)


def _scope_named(said: str, resource: Resource) -> str:
    """Name a scope as the app registration does, where it is the one that the stream is known to need.

    Exact says `financial.accounting` where the registration shows `Financial accounting`.
    """
    known = resource.endpoint.scope or ""
    return known if known.lower().replace(" ", ".") == said.lower() else said
