"""What an examination found: data, and what it means for the exit code."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tap_exact_online.doctor.cures import CURES, Cure
from tap_exact_online.errors import (
    ConfigurationError,
    LimitReached,
    LoginNeeded,
    ReadError,
    TapError,
    TokenNotStored,
)


class Level(enum.Enum):
    """How much a finding matters."""

    PROBLEM = "problem"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person should know.

    Attributes:
        kind: Its name, a key of `CURES`.
        text: What was found.
        streams: The streams it is about; empty where it is about no stream.
        divisions: The divisions it is about; empty where it is about none.
        values: What the words of its cure leave open.
        level: How much it matters.
    """

    kind: str
    text: str
    streams: tuple[str, ...] = ()
    divisions: tuple[int, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    level: Level = Level.PROBLEM

    @property
    def exit_code(self) -> int:
        """What the command exits with because of it; 0 for all but problems."""
        return CURES[self.kind].failure.exit_code if self.level is Level.PROBLEM else 0

    @property
    def cure(self) -> Cure:
        """What to do."""
        return CURES[self.kind].filled(self.values)


class Status(enum.Enum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One step of the examination.

    Attributes:
        name: Its name.
        summary: What came of it, in one line.
        findings: What it found.
        skipped: It could not be made, or was not asked for.
    """

    name: str
    summary: str
    findings: tuple[Finding, ...] = ()
    skipped: bool = False

    @property
    def status(self) -> Status:
        """The worst of what it found. A note is no reason to worry."""
        if self.skipped:
            return Status.SKIPPED
        levels = {finding.level for finding in self.findings}
        if Level.PROBLEM in levels:
            return Status.PROBLEM
        return Status.WARNING if Level.WARNING in levels else Status.OK


# What is most urgent decides: a token that is in danger, then what only a person can cure, then what waiting cures.
_URGENCY = (
    TokenNotStored.exit_code,
    LoginNeeded.exit_code,
    ConfigurationError.exit_code,
    ReadError.exit_code,
    LimitReached.exit_code,
)


def exit_code(findings: Iterable[Finding]) -> int:
    """Return what the command exits with."""
    codes = {finding.exit_code for finding in findings}
    return next((code for code in _URGENCY if code in codes), 0)


def of_failure(error: TapError) -> Finding:
    """Return the finding that a failure of the connection is, in the failure's own words."""
    if isinstance(error, ConfigurationError):
        kind = "app" if "`client_id`" in str(error) else "store"
    else:
        kind = next((kind for failure, kind in _KINDS if isinstance(error, failure)), "maintenance")
    return Finding(kind, str(error))


_KINDS = ((LimitReached, "busy"), (TokenNotStored, "unsaved"), (LoginNeeded, "login"))
