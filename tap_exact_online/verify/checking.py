"""The order of a verification: what is compared, what it costs, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tap_exact_online.catalog import BY_NAME, Kind, Resource, cost
from tap_exact_online.doctor import conclusions
from tap_exact_online.doctor.findings import Finding
from tap_exact_online.doctor.grants import FIELDS
from tap_exact_online.doctor.ledger import Ledger
from tap_exact_online.doctor.probes import Line
from tap_exact_online.doctor.verdicts import READABLE, judge
from tap_exact_online.errors import ConfigurationError, LimitReached, ReadError
from tap_exact_online.reading import granted_divisions
from tap_exact_online.settings import Settings
from tap_exact_online.verify.asking import Given, Questions
from tap_exact_online.verify.database import Database, estimated
from tap_exact_online.verify.keys import Key, Known, Outcome, differences, outcome
from tap_exact_online.wire import MANAGE_COMPANIES

_NOT_ONE_BY_ONE: Mapping[Kind, str] = {
    Kind.DIVISIONS: "one list for all divisions, read whole at every run",
    Kind.USER: "the user who connected: one row, read at every run",
    Kind.OWN: "made by the tap itself",
    Kind.FILES: "what came of files: compare the stream whose rows name them",
}
_LOG = "a log that Exact keeps for two months, and the database for good"
_BY_PARAMETERS = "Exact has to be told a scheme or a date, and each gives other rows"


def why_not(resource: Resource) -> str:
    """Return why a stream cannot be compared, or nothing. Pure."""
    if resource.name == "deleted":
        return _LOG
    if resource.axes and resource.endpoint.parameters:
        return _BY_PARAMETERS
    return _NOT_ONE_BY_ONE.get(resource.kind, "")


@dataclass(frozen=True, slots=True)
class Pair:
    """A stream of a division that is to be compared.

    Attributes:
        resource: The stream.
        division: The division.
        calls: The least number of calls that it takes.
    """

    resource: Resource
    division: int
    calls: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A stream of a division that was compared.

    Attributes:
        resource: The stream.
        division: The division.
        given: How many rows Exact has.
        held: How many the database has, without those that are marked as gone.
        outcome: What differs.
        rejected: How many rows of Exact could not be understood.
    """

    resource: Resource
    division: int
    given: int
    held: int
    outcome: Outcome
    rejected: int = 0


@dataclass(slots=True)
class Verification:
    """What is compared, and what came of it.

    Attributes:
        at: When it began.
        pairs: What is compared.
        passed_over: Streams that are not, and why.
        closed: Divisions of which the database has rows, and that are not read.
        checked: What came of each pair.
        findings: Why others could not be read.
        calls: How many calls it took, those for the list of divisions among them.
    """

    at: datetime
    pairs: Sequence[Pair]
    passed_over: Mapping[str, str]
    closed: Sequence[int]
    checked: list[Checked] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    calls: int = 0

    @property
    def least_calls(self) -> int:
        """The least number of calls that it takes from here on."""
        return sum(pair.calls for pair in self.pairs)

    @property
    def minutes(self) -> int:
        """How many minutes that is, at the 60 calls a minute that Exact allows: pairs are compared one after the other."""
        return self.least_calls // 60

    @property
    def equal(self) -> bool:
        """Whether both sides hold the same, but for what the next run does by itself."""
        return not self.findings and not any(each.outcome.differs for each in self.checked)


def planned(
    settings: Settings, line: Line, database: Database, streams: Collection[str], only: Collection[int]
) -> Verification:
    """Find out what there is to compare.

    Args:
        settings: The checked settings.
        line: The connection to Exact, for the list of divisions where none are named.
        database: What was loaded.
        streams: Names of streams; empty for all that have a table.
        only: Divisions; empty for all that are granted and that the settings leave.

    Raises:
        ConfigurationError: A stream has no table or cannot be compared, or there is nothing to compare.
        TapError: The connection is dead, or the list of divisions cannot be read.
    """
    resources = database.streams()
    loaded = {each.name for each in resources}
    if lacking := [name for name in streams if name not in loaded]:
        msg = (
            f"--streams: there is no table of {', '.join(lacking)} in the schema {database.plan.schema or 'that the session looks into'}."
            " Select it and run first; --schema, --prefix and --case say where tables are."
        )
        raise ConfigurationError(msg)
    if streams and (barred := [name for name in streams if why_not(BY_NAME[name])]):
        msg = f"--streams: {barred[0]} cannot be compared: {why_not(BY_NAME[barred[0]])}."
        raise ConfigurationError(msg)
    chosen = [each for each in resources if not streams or each.name in streams]
    compared = [each for each in chosen if not why_not(each)]
    if not compared:
        msg = (
            f"There is nothing to compare: the schema {database.plan.schema or 'that the session looks into'} holds no table of a"
            " stream. Run the tap first; --schema, --prefix and --case say where tables are."
        )
        raise ConfigurationError(msg)
    divisions = sorted(only) or _divisions(settings, line)
    pairs, closed = [], set[int]()
    for resource in compared:
        counts = database.counts(resource)
        page = cost(resource).page
        pairs += [Pair(resource, each, estimated(counts, each, page)) for each in divisions]
        closed |= {each for each in counts if each not in divisions}
    return Verification(
        datetime.fromtimestamp(line.client.clock(), UTC),
        pairs,
        {each.name: why for each in chosen if (why := why_not(each))},
        [] if only else sorted(closed),
        calls=line.client.calls,
    )


def _divisions(settings: Settings, line: Line) -> list[int]:
    granted = granted_divisions(line.client, FIELDS, sorted(settings.choice.only))
    found = settings.choice.pick(row["Code"] for row in granted.rows)
    if not found:
        msg = f"The settings leave no division to compare. Companies are granted under {MANAGE_COMPANIES}."
        raise ConfigurationError(msg)
    return found


def verify(
    settings: Settings,
    line: Line,
    database: Database,
    plan: Verification,
    progress: Callable[[int, str, int], None],
) -> None:
    """Compare what was planned, and note in the plan what came of it.

    Args:
        settings: The checked settings.
        line: The connection to Exact.
        database: What was loaded.
        plan: What is to be compared.
        progress: Is told before each call how many there are at least, and which stream and division it is for.

    Raises:
        TapError: The connection is dead, or the database refuses.
    """
    streams = [*dict.fromkeys(pair.resource.name for pair in plan.pairs)]
    divisions = [*dict.fromkeys(pair.division for pair in plan.pairs)]
    ledger = Ledger(streams, divisions)
    questions = Questions(line.client, line.rested)
    start = settings.start and settings.start.replace(tzinfo=UTC)
    try:
        for pair in plan.pairs:
            name, division = pair.resource.name, pair.division
            questions.before_each = _before_calls(pair, plan.least_calls, line, progress)
            if known := ledger.foregone(name, division):
                ledger.note(name, division, known)
                continue
            try:
                plan.checked.append(_compared(database, questions, pair, start))
                ledger.note(name, division, READABLE)
            except (ReadError, LimitReached) as error:
                ledger.note(name, division, judge(error, pair.resource))
    finally:
        line.settle()
    plan.calls = line.client.calls
    plan.findings += conclusions.rights(ledger).findings


def _before_calls(
    pair: Pair, least_calls: int, line: Line, progress: Callable[[int, str, int], None]
) -> Callable[[], None]:
    """Return what is done before each call for a pair."""

    def before_each() -> None:
        progress(least_calls, pair.resource.name, pair.division)
        line.rested()

    return before_each


def _compared(database: Database, questions: Questions, pair: Pair, start: datetime | None) -> Checked:
    resource, division = pair.resource, pair.division
    began, whole_began = database.reads(resource, division)
    held = database.keys(resource, division)
    given = questions.keys(resource, division)
    found = differences(held, given.moments.keys())
    if not found.none:
        # Only what both looks agree on is a difference. Of a Sync stream what was changed meanwhile is behind the last row.
        sync = resource.kind is Kind.SYNC
        again = questions.keys(resource, division, given.highest if sync else None)
        both = {**given.moments, **again.moments}
        latest = both.keys() if sync else again.moments.keys()
        held_after = database.keys(resource, division)
        found = differences(held, given.moments.keys(), held_after, latest)
        held, given = held_after, Given(both, rejected=max(given.rejected, again.rejected))
    if given.rejected:  # one of them may be the row that seems to be gone
        found = replace(found, surplus=frozenset(), moving=found.moving | found.surplus)
    moments = {key: moment for key in found.missing if (moment := given.moments.get(key))}
    known = Known(began, start, resource.kind is Kind.FULL, moments)
    if found.surplus:
        logged, since, whole = _told(database, questions, pair, found.surplus, whole_began)
        known = Known(began, start, resource.kind is Kind.FULL, moments, logged, since, whole)
    result = outcome(found, known)
    return Checked(resource, division, len(given.moments), len(held), result, given.rejected)


def _told(
    database: Database,
    questions: Questions,
    pair: Pair,
    surplus: Collection[Key],
    whole_began: datetime | None,
) -> tuple[set[Key], set[Key], set[Key]]:
    """Return which surplus rows are known to be gone, which were deleted since the last run, and which the last whole read found."""
    resource, division = pair.resource, pair.division
    logged = database.logged(resource, division, surplus)
    found = database.found_by(resource, division, surplus, whole_began) if whole_began else {}
    logged |= {key for key, is_found in found.items() if not is_found}
    left = {*surplus} - logged
    since: set[Key] = set()
    if left and resource.deleted_type is not None:
        entries = questions.deleted_since(resource, division, database.log_read_to(division))
        versions = database.versions(resource, division, left)
        since = {key for key in left if versions.get(key[0], 0) <= entries.get(key[0], -1)}
    return logged, since, {key for key, is_found in found.items() if is_found}
