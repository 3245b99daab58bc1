"""The examination: every check in order, going on after a failure where that makes sense."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tap_exact_online.catalog import BY_NAME, Resource
from tap_exact_online.connection import Kept, kept
from tap_exact_online.doctor import conclusions
from tap_exact_online.doctor.findings import Check, Finding, Level, exit_code, of_failure
from tap_exact_online.doctor.grants import Division, Row, look
from tap_exact_online.doctor.ledger import Ledger
from tap_exact_online.doctor.probes import Line, reach
from tap_exact_online.doctor.state import LastRead, deleted_log, last_run
from tap_exact_online.errors import ConfigurationError, LoginNeeded, TapError, Unreachable
from tap_exact_online.reading import Allowance, Client
from tap_exact_online.settings import HOSTS, Settings
from tap_exact_online.state import read_before
from tap_exact_online.telling import told_selection

_REFUSED = "not accepted by Exact"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be examined.

    Attributes:
        settings: The checked settings; None where they cannot be used.
        mistakes: What is wrong with the settings or the command line.
        streams: The streams to look at.
        state: The state that the last run left, if given.
        source: What says which streams, in words.
    """

    settings: Settings | None
    mistakes: Sequence[Finding]
    streams: Sequence[str]
    state: Mapping[str, Any] | None = None
    source: str = ""


@dataclass(slots=True)
class Examination:
    """What came of it.

    Attributes:
        at: When it was made.
        server: The server.
        checks: The checks, in order.
        divisions: The divisions to read.
        ledger: Every stream in every division.
        left: The calls that each division has left.
        reads: How far each stream was read; None without a state.
        log_ages: How long ago the log of deleted rows was read to its end.
    """

    at: datetime
    server: str = ""
    checks: list[Check] = field(default_factory=list)
    divisions: list[Division] = field(default_factory=list)
    ledger: Ledger = field(default_factory=lambda: Ledger((), ()))
    left: Mapping[int, Allowance] = field(default_factory=dict)
    reads: list[LastRead] | None = None
    log_ages: Mapping[int, timedelta] = field(default_factory=dict)

    @property
    def findings(self) -> list[Finding]:
        """Everything that was found, in the order of the checks; a warning that a problem repeats is left out."""
        found = [finding for check in self.checks for finding in check.findings]
        worse: dict[str, set[int]] = {}
        for finding in found:
            if finding.level is Level.PROBLEM:
                worse.setdefault(finding.kind, set()).update(finding.divisions)
        return [
            finding
            for finding in found
            if finding.level is Level.PROBLEM
            or not finding.divisions
            or not worse.get(finding.kind, set()).issuperset(finding.divisions)
        ]

    @property
    def exit_code(self) -> int:
        """What the command exits with."""
        return exit_code(self.findings)


@dataclass(frozen=True, slots=True)
class Tools:
    """What an examination works with.

    Attributes:
        progress: Is told how many questions there are, and which stream and division comes.
        clock: Returns the time in epoch seconds.
        sleep: Waits for a number of seconds.
    """

    progress: Callable[[int, str, int], None]
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def examine(request: Request, tools: Tools) -> Examination:
    """Go through all checks.

    Args:
        request: What is to be examined.
        tools: What to work with.
    """
    result = Examination(datetime.fromtimestamp(tools.clock(), UTC))
    result.checks.append(_configuration(request))
    if request.source:
        result.checks.append(Check("selection", told_selection(request.streams, request.source)))
    rows: Sequence[Row] = ()
    if request.settings is None:
        result.checks += [_skipped(name) for name in ("server", "connection")]
        _cut_short(result)
    else:
        rows = _ask(request, request.settings, result, tools)
    _look_back(request, rows, result)
    return result


def _ask(request: Request, settings: Settings, result: Examination, tools: Tools) -> Sequence[Row]:
    """Make the checks that need the server, and return the rows of the divisions that are granted."""
    result.server = settings.base_url
    result.checks.append(server := _server(settings))
    try:
        line, places = Line.of(settings, tools.clock, tools.sleep), kept(settings)
        result.checks.append(
            connection := _connection(places, None if server.findings else line.client, tools.clock)
        )
    except ConfigurationError as error:
        result.checks.append(Check("connection", "the store cannot be used", (Finding("store", str(error)),)))
        return _cut_short(result)
    # With a token that could not be stored the present run can go on.
    dead = line.client.tokens.unsaved is None and any(each.exit_code for each in connection.findings)
    if server.findings or dead:
        return _cut_short(result)
    grants = look(line.client, settings.choice, request.state or {})
    if any(map(_is_refusal, grants.check.findings)):
        # The token looked good in the store, and was tried only now.
        findings = (*connection.findings, *grants.check.findings)
        result.checks[-1] = Check("connection", f"{_REFUSED}; kept in {places.store.place}", findings)
        line.settle()
        return _cut_short(result)
    result.checks.append(grants.check)
    result.divisions = list(grants.chosen)
    if result.divisions:
        resources = [BY_NAME[name] for name in request.streams if BY_NAME[name].divided]
        codes = [each.code for each in result.divisions]
        result.ledger = Ledger([each.name for each in resources], codes, line.at_once)
        result.checks.append(_rights(line, resources, result.ledger, tools))
    else:
        result.checks.append(_skipped("rights"))
    result.left = {each.code: line.client.limits.told(each.code) for each in result.divisions}
    result.checks.append(conclusions.calls([*result.left.values()]))
    result.checks.append(conclusions.cost(result.ledger, settings.contract_calls, settings.concurrency))
    line.settle()
    return grants.rows


def _cut_short(result: Examination) -> Sequence[Row]:
    """Go without what needs a connection."""
    result.checks += [_skipped(name) for name in ("divisions", "rights", "calls", "cost")]
    return ()


def _rights(line: Line, resources: Sequence[Resource], ledger: Ledger, tools: Tools) -> Check:
    """Ask for each stream in each division."""
    tokens = line.client.tokens
    before = tokens.unsaved
    total = len(resources) * len(ledger.divisions)
    broken: list[Finding] = []
    try:
        line.ask_all(resources, ledger, lambda *step: tools.progress(total, *step))
    except TapError as error:
        broken.append(of_failure(error))
    if tokens.unsaved is not None and tokens.unsaved is not before:
        broken.append(Finding("unsaved", str(tokens.unsaved)))
    check = conclusions.rights(ledger)
    return replace(check, findings=(*broken, *check.findings))


def _skipped(name: str) -> Check:
    return Check(name, "not looked at: see above", skipped=True)


def _configuration(request: Request) -> Check:
    if request.mistakes:
        return Check("configuration", "something cannot be used", tuple(request.mistakes))
    return Check("configuration", "the settings can be used")


def _server(settings: Settings) -> Check:
    try:
        took = reach(settings.base_url)
    except Unreachable as error:
        return Check("server", "no answer", (Finding("server", str(error)),))
    region = f" (region {settings.server})" if settings.server in HOSTS else ""
    return Check("server", f"{settings.base_url}{region} answers in {took * 1000:.0f} ms")


def _is_refusal(finding: Finding) -> bool:
    return finding.exit_code == LoginNeeded.exit_code


def _connection(places: Kept, client: Client | None, clock: Callable[[], float]) -> Check:
    """Look at the store, and get an access token as the tap does: under the same lock, from the same chain.

    Raises:
        ConfigurationError: The store cannot be read.
    """
    health = places.health(clock())
    if health.exit_code:
        found = Finding("login", " ".join(health.warnings))
        return Check("connection", f"{health.word}; kept in {health.place}", (found,))
    findings: list[Finding] = []
    if client is not None:
        try:
            client.tokens.access_token()
        except TapError as error:
            findings.append(of_failure(error))
        health = places.health(clock())  # what came of it
        if client.tokens.unsaved is not None:
            findings.append(Finding("unsaved", str(client.tokens.unsaved)))
    if not findings:
        findings = [Finding("connection", text, level=Level.WARNING) for text in health.warnings]
    left = "" if health.days_left is None else f", lapses in {health.days_left:.0f} days if unused"
    text = _REFUSED if any(map(_is_refusal, findings)) else f"{health.word}{left}"
    return Check("connection", f"{text}; kept in {health.place}", tuple(findings))


def _look_back(request: Request, rows: Sequence[Row], result: Examination) -> None:
    """Compare with what the last run left. Needs no connection: without one, the state names the divisions."""
    state = request.state
    if state is None:
        why = "give the state of the last run with --state"
        result.checks += [Check(name, why, skipped=True) for name in ("last_run", "deleted_log")]
        return
    divisions = [division.code for division in result.divisions] or sorted(read_before(state))
    resources = [BY_NAME[name] for name in request.streams]
    check, result.reads = last_run(state, resources, rows, divisions)
    result.checks.append(check)
    if "deleted" in request.streams:
        check, result.log_ages = deleted_log(state, divisions, result.at)
        result.checks.append(check)
    else:
        result.checks.append(Check("deleted_log", "the stream `deleted` is not selected", skipped=True))
