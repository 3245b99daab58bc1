"""Which divisions are granted, and what is to be said of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tap_exact_online.catalog import BY_NAME, needed
from tap_exact_online.doctor import conclusions
from tap_exact_online.doctor.findings import Check, Finding, Level
from tap_exact_online.errors import ConfigurationError, Denied, TapError
from tap_exact_online.reading import Choice, Client, granted_divisions
from tap_exact_online.spoken import PARAGRAPH, spoken
from tap_exact_online.state import read_before
from tap_exact_online.telling import words

FIELDS = sorted(needed(BY_NAME["divisions"]))
"""What to ask of the list of divisions."""

_STATUS = {0: "inactive", 1: "active", 2: "archived"}
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Division:
    """One division.

    Attributes:
        code: Its number.
        name: Its name, in one line; empty where nobody told.
        status: `active`, `inactive`, `archived`, or the number that Exact gave.
        blocked: Exact has blocked it.
        moved: When Exact last moved it, by the Dutch clock.
        hr_linked: When its HR link last changed, by the Dutch clock.
    """

    code: int
    name: str = ""
    status: str = "unknown"
    blocked: bool = False
    moved: str | None = None
    hr_linked: str | None = None

    @classmethod
    def of(cls, row: Row) -> Division:
        """Return the division that a row of the stream `divisions` describes."""
        status = row.get("Status")
        return cls(
            row["Code"],
            spoken(row.get("Description") or "", PARAGRAPH),
            "unknown" if status is None else _STATUS.get(status, str(status)),
            bool(row.get("BlockingStatus")),
            row.get("DivisionMoveDate"),
            row.get("DivisionHRLinkUnlinkDate"),
        )

    @property
    def remarks(self) -> list[str]:
        """What is unusual about it."""
        found = [] if self.status in {"active", "unknown"} else [self.status]
        found += ["blocked"] if self.blocked else []
        found += [f"moved {self.moved[:10]}"] if self.moved else []
        return [*found, f"HR link {self.hr_linked[:10]}"] if self.hr_linked else found

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "division": self.code,
            "name": self.name or None,
            "status": self.status,
            "blocked": self.blocked,
            "moved": self.moved,
            "hr_linked": self.hr_linked,
        }


@dataclass(frozen=True, slots=True)
class Grants:
    """What the list of divisions came to.

    Attributes:
        check: What to say of it.
        rows: The rows of all that are granted; empty where the list could not be read.
        chosen: Those that the settings leave, or that they name where there is no list.
    """

    check: Check
    rows: Sequence[Row] = ()
    chosen: Sequence[Division] = ()


def look(client: Client, choice: Choice, state: Mapping[str, Any]) -> Grants:
    """Read the list of divisions and choose from it as a run does.

    Where the list may not be read, the divisions that the settings name can be asked all the same.

    Args:
        client: Makes the calls.
        choice: The settings that narrow the divisions.
        state: The state of the last run; may be empty.
    """
    try:
        page = granted_divisions(client, FIELDS, sorted(choice.only) or read_before(state))
    except ConfigurationError as error:
        return Grants(Check("divisions", "none can be read", (Finding("no_divisions", str(error)),)))
    except TapError as error:
        check = Check("divisions", "the list cannot be read", (conclusions.no_list(error),))
        named = choice.pick(choice.only) if isinstance(error, Denied) else []
        return Grants(check, (), [Division(code) for code in named])
    granted = {row["Code"]: Division.of(row) for row in page.rows}
    chosen = [granted[code] for code in choice.pick(granted)]
    findings = [*_of_choice(choice, granted, chosen), *_of_divisions(chosen)]
    for line in page.rejected:
        text = f"A row of the list of divisions cannot be understood: {spoken(line, PARAGRAPH)}"
        findings.append(Finding("refused", text, ("divisions",)))
    summary = f"{len(granted):,} granted, {len(chosen):,} to read"
    return Grants(Check("divisions", summary, tuple(findings)), page.rows, chosen)


def _of_choice(choice: Choice, granted: Collection[int], chosen: Sequence[Division]) -> list[Finding]:
    """Say where the settings and the list disagree."""
    found = []
    if missing := choice.missing(granted):
        text = f"Not granted to this app, though named to be read: {words.listed(missing)}."
        found.append(Finding("not_granted", text, divisions=tuple(missing)))
    if not chosen and choice.shard is None:
        text = f"The settings leave no division to read. Granted are: {words.listed(sorted(granted))}."
        found.append(Finding("nothing_chosen", text))
    return found


def _of_divisions(chosen: Sequence[Division]) -> list[Finding]:
    """Say which divisions are not as they usually are."""
    found = []
    for status in ("archived", "inactive"):
        if alike := tuple(division.code for division in chosen if division.status == status):
            text = f"{words.counted(len(alike), 'division is', 'divisions are')} {status}: {words.listed(alike)}."
            found.append(Finding("archived", text, divisions=alike, level=Level.NOTE))
    if blocked := tuple(division.code for division in chosen if division.blocked):
        text = (
            f"{words.counted(len(blocked), 'division is', 'divisions are')} blocked: {words.listed(blocked)}."
        )
        found.append(Finding("DivisionBlocked", text, divisions=blocked, level=Level.WARNING))
    return found
