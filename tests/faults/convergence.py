"""Random schedules of everything that can happen between and during many runs, each made again by its seed."""

from __future__ import annotations

import copy
import random
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tap_exact_online.catalog.resources import BY_NAME, RESOURCES, Kind
from tests.conftest import Sandbox, running
from tests.expected import expected_rows
from tests.faults.loader import Loader
from tests.faults.quick import Quick, narrow
from tests.singer import Tap, tap_for

FIELDS: Mapping[str, set[str]] = {
    "divisions": {"Status", "BlockingStatus", "DivisionMoveDate", "DivisionHRLinkUnlinkDate"},
    "deleted": {"EntityKey", "EntityType"},
    "transaction_lines": {"Description", "Modified"},
    "accounts": {"Name", "Code"},
    "gl_accounts": {"Description"},
    "sales_item_prices": {"ItemDescription", "Price"},
    "purchase_item_prices": {"ItemDescription"},
    "goods_deliveries": {"Description", "Remarks"},
    "leave_absence_hours_by_day": {"Hours"},
    "journals": {"Description"},
    "units": {"Description"},
}
_SYNC = [name for name in FIELDS if BY_NAME[name].kind is Kind.SYNC and name != "deleted"]
_KINDS = [name for name in FIELDS if name not in {"divisions", "deleted"}]
_FINE = {"minute_limit": 10**6, "day_limit": 10**6, "contract_limit": 10**6, "error_limit": 10**6}
_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
_ENDS = {0, 1, 2, 3, 4, 130, 143, -signal.SIGKILL}
"""Complete, some data missing, no division granted, connection lost in a kill, limit, and the signals."""
_DEAD = 3


@dataclass
class Outcome:
    """How a schedule ended.

    Attributes:
        unequal: What differs from the truth, by stream; nothing where all went well.
        plain_rule: What would differ had the deletes been applied by row versions alone.
        ends: How often each exit code came.
        log: What happened, in order.
    """

    unequal: dict[str, str]
    plain_rule: dict[str, str]
    ends: Counter[int]
    log: list[str]


@dataclass
class Schedule:
    """One schedule over one sandbox.

    Attributes:
        runs: How many runs before the last; 0 lets chance decide.
    """

    seed: int
    sandbox: Sandbox
    tap: Tap
    quick: Quick
    catalog: dict[str, Any]
    loader: Loader = field(default_factory=Loader)
    ends: Counter[int] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    runs: int = 0
    _random: random.Random = field(init=False)
    _in_front: random.Random = field(init=False)
    """Decides who refuses, Exact or something in front of it; apart, so that a seed stands for the same schedule."""
    _open: list[tuple[int, int]] = field(default_factory=list)
    _gone: set[tuple[str, Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311  nothing secret
        self._in_front = random.Random(f"in front {self.seed}")  # noqa: S311  nothing secret

    def play(self) -> Outcome:
        """Let things happen and runs break, until everything is allowed and well again; then compare."""
        for _ in range(self.runs or self._random.randint(4, 8)):
            self._happen(self._random.randint(1, 8))
            self._break_things()
            self._run()
            self.sandbox.control.clear_faults()
            self._commit()
        self._make_well()
        last = self._run_undisturbed()
        plain = copy.deepcopy(self.loader)
        plain.apply_deletes(mind_moves=False)
        self.loader.apply_deletes()
        unequal = self._unequal(self.loader)
        if last:
            unequal["the last run"] = f"ended with {last}"
        return Outcome(unequal, self._unequal(plain), self.ends, self.log)

    # --- What happens in the books ---

    def _happen(self, times: int) -> None:
        for _ in range(times):
            names, weights = zip(*_HAPPENINGS, strict=True)
            getattr(self, f"_{self._random.choices(names, weights)[0]}")()

    def _division(self) -> int:
        return int(self._random.choice(self.sandbox.control.divisions())["Code"])

    def _say(self, *words: Any) -> None:
        self.log.append(" ".join(map(str, words)))

    def _add(self) -> None:
        division, stream = self._division(), self._random.choice(_KINDS)
        count = self._random.choice([1, 1, 2, 5, 30, 30, 600 if stream == "transaction_lines" else 40])
        self._say("add", count, stream, division)
        self.sandbox.control.add(division, BY_NAME[stream].path, count)

    def _change(self) -> None:
        division, stream = self._division(), self._random.choice(_KINDS)
        if ids := self._some(division, stream):
            self._say("change", len(ids), stream, division)
            self.sandbox.control.change(division, BY_NAME[stream].path, ids=ids)

    def _delete(self) -> None:
        division, stream = self._division(), self._random.choice(_SYNC)
        if ids := self._some(division, stream):
            self._say("delete", len(ids), stream, division, ids[0])
            self._gone |= {(stream, each) for each in ids}
            self.sandbox.control.delete(division, BY_NAME[stream].path, ids=ids)

    def _some(self, division: int, stream: str) -> list[Any]:
        """Choose a few rows."""
        key = BY_NAME[stream].key
        if (
            stream == "transaction_lines"
        ):  # too many to ask for: of those that were read, the ones still there
            known = sorted(k[1] for k in self.loader.tables.get(stream, {}) if k[0] == division)
            known = [each for each in known if (stream, each) not in self._gone]
        else:
            known = [row[key] for row in self.sandbox.control.rows(division, BY_NAME[stream].path)]
        return self._random.sample(known, min(len(known), self._random.choice([1, 2, 7, 20])))

    def _begin(self) -> None:
        # Only where what is new fits in one page: further back nothing is promised.
        division = self._division()
        stream = self._random.choice([name for name in _SYNC if name != "transaction_lines"])
        self._say("begin", stream, division)
        self._open.append((division, self.sandbox.control.begin(division, BY_NAME[stream].path)))

    def _commit(self) -> None:
        """Commit what is still open: what stays open over two runs is not promised."""
        for division, handle in self._open:
            self._say("commit", division, handle)
            self.sandbox.control.commit(division, handle)
        self._open.clear()

    def _move(self) -> None:
        self._renumber(self.sandbox.control.move_division, "move")

    def _hr_link(self) -> None:
        self._renumber(self.sandbox.control.hr_link_division, "HR link")

    def _renumber(self, act: Callable[[int], None], name: str) -> None:
        division = self._division()
        self._say(name, division)
        for each, handle in self._open:
            if each == division:
                self.sandbox.control.commit(each, handle)
        self._open = [(each, handle) for each, handle in self._open if each != division]
        act(division)

    def _new_division(self) -> None:
        if len(self.sandbox.control.divisions()) < 4:
            self._say("new division", self.sandbox.control.add_division())

    def _withdraw(self) -> None:
        division = self._division()
        act = self._random.choice(["withdraw_division", "block_division", "archive_division"])
        self._say(act, division)
        getattr(self.sandbox.control, act)(division)

    def _grant(self) -> None:
        division = self._division()
        self._say("grant", division)
        self.sandbox.control.grant_division(division)
        self.sandbox.control.unblock_division(division)

    def _forbid(self) -> None:
        path = BY_NAME[self._random.choice([*FIELDS])].path
        division = self._random.choice([None, self._division()])
        reason = self._random.choice(["", "", "LicenseExpired", "BlockedUser"])
        self._say("forbid", path, division, reason)
        self.sandbox.control.forbid(path, division, reason)

    def _allow(self) -> None:
        self._say("allow")
        self.sandbox.control.allow()

    def _open_another(self) -> None:
        self.sandbox.control.open_division(self._division())

    def _hours_pass(self) -> None:
        self.sandbox.control.advance_clock(self._random.choice([60, 700, 90_000]))

    # --- What goes wrong in a run ---

    def _break_things(self) -> None:
        for _ in range(self._random.choice([0, 1, 1, 2, 3])):
            rule = {
                "action": self._random.choice(_ACTIONS),
                "path": self._random.choice(["*", *(BY_NAME[name].path for name in FIELDS)]),
                "division": self._random.choice([None, None, self._division()]),
                "skip": self._random.choice([0, 0, 1, 2, 5]),
                "times": self._random.choice([1, 1, 2, 5, None]),
                "status": self._random.choice([400, 403, 404, 408, 429, 500, 502, 503]),
            }
            rule.update(self._in_front.choice(_REFUSALS))
            if self._in_front.random() < 0.4:
                rule["action"] = self._in_front.choice(_SPOILT)
            self._say("fault", rule)
            self.sandbox.control.fault(**rule)

    def _run(self) -> None:
        """Run, perhaps with things that happen meanwhile, perhaps to an early end."""
        concurrency = self._random.choice([1, 1, 2, 8])
        command = self.tap.command(state=self.loader.state, catalog=self.catalog, concurrency=concurrency)
        started = self.quick.start(command)
        meanwhile = self._random.choice([None, None, 1, 3, 40, 900])
        number = self._random.choice([None, *_SIGNALS])
        at = self._random.choice([1, 2, 3, 5, 15, 60, 200, 700, 1500, 3000]) if number else None
        loader_dies = self._random.random() < 0.3
        begins = self.loader.messages
        for line in started.output:
            self.loader.take(line)
            seen = self.loader.messages - begins
            if seen == meanwhile:
                self._say("meanwhile:")
                self._happen(2)
            if seen == at and number:
                started.send_signal(number)
                if loader_dies:
                    break
        self.loader.end(well=not loader_dies)
        self._ended(started.end(), at, number)

    def _ended(self, end: tuple[int, str], at: int | None = None, number: Any = None) -> int:
        code, log = end
        self._say("run ended with", code, f"after {number!r} at {at}" if number else "")
        assert "Traceback" not in log, log
        assert code in _ENDS, (code, log)
        self.tap.check_no_secret(log)
        self.ends[code] += 1
        if code == _DEAD:  # killed while it exchanged the token: a person logs in again
            self.tap.config["refresh_token"] = self.sandbox.control.new_login()
        return code

    # --- The end ---

    def _make_well(self) -> None:
        control = self.sandbox.control
        control.clear_faults()
        control.allow()
        control.advance_clock(3700)  # what was refused too often within an hour is asked again after it
        for row in control.divisions():
            control.grant_division(row["Code"])
            control.unblock_division(row["Code"])
        self._commit()

    def _run_undisturbed(self) -> int:
        code = _DEAD
        for _ in range(2):  # a second time only after a new login
            if code == _DEAD:
                started = self.quick.start(self.tap.command(state=self.loader.state, catalog=self.catalog))
                for line in started.output:
                    self.loader.take(line)
                self.loader.end(well=True)
                code = self._ended(started.end())
        return code

    def _unequal(self, loader: Loader) -> dict[str, str]:
        """Return what differs from the truth, by stream."""
        divisions = [row["Code"] for row in self.sandbox.control.divisions()]
        found = {}
        for stream, fields in FIELDS.items():
            resource, table = BY_NAME[stream], loader.tables.get(stream, {})
            asked = {*fields, *resource.primary_keys, *filter(None, [resource.replication_key])}
            within = divisions[:1] if stream == "divisions" else divisions
            truth = expected_rows(self.sandbox.control, resource, within, asked)
            held = {key: {name: row[name] for name in asked} for key, row in table.items()}
            if stream == "divisions":  # `Division` is added to each, and is its own code
                truth = {key: {name: row[name] for name in asked} for key, row in truth.items()}
            if held != truth:
                wrong = [key for key in truth.keys() & held.keys() if truth[key] != held[key]]
                missing, extra = truth.keys() - held.keys(), held.keys() - truth.keys()
                sample = [*missing, *extra, *wrong][:2]
                found[stream] = (
                    f"{len(missing)} missing, {len(extra)} too many, {len(wrong)} differ, such as"
                    f" {[(key, held.get(key), truth.get(key)) for key in sample]}"
                )
        return found


_HAPPENINGS = (
    ("add", 10),
    ("change", 10),
    ("delete", 6),
    ("begin", 5),
    ("move", 1.5),
    ("hr_link", 1),
    ("new_division", 0.5),
    ("withdraw", 1.5),
    ("grant", 2),
    ("forbid", 1.5),
    ("allow", 1.5),
    ("open_another", 1),
    ("hours_pass", 1),
)
_ACTIONS = (
    *("status", "status", "status", "reset_before", "reset_after", "cut", "garbled", "html"),
    *("empty", "error_object", "empty_page", "next_elsewhere", "next_self"),
)


_SPOILT = (
    *(
        "other_division",
        "mixed_division",
        "error_beside",
        "error_among",
        "second_document",
        "not_rows",
        "no_key",
    ),
    *("no_timestamp", "nulls", "odd_number", "edge_403", "gateway_fault", "endpoint_401"),
)
"""Answers that prove nothing, by what the sandbox does to them; those that Exact might hold itself are not among them."""
_REFUSALS: tuple[dict[str, Any], ...] = (
    {},
    {"headers": {"Reason": "Forbidden"}},
    {"headers": {"Reason": "DivisionBlocked"}},
    {"body": '{"error":{"code":"","message":{"lang":"","value":"An error has occurred."}}}'},
    {"body": "<!DOCTYPE html><title>Access Denied</title>"},
    {"body": '{"fault":{"faultstring":"Access denied"}}'},
    {"status": 401},
)
"""How a fault with a status differs from one with nothing but a status."""


def world_of(seed: int) -> tuple[dict[str, object], dict[str, object]]:
    """Return how the sandbox of a schedule starts, and what is changed then: one reading of what is unknown about Exact."""
    chosen = random.Random(f"world {seed}")  # noqa: S311  nothing secret
    sizes = {
        "divisions": chosen.choice([1, 2, 2, 3]),
        "rows": chosen.choice([40, 990, 1000, 1001, 2000, 2100]),
    }
    reading = {
        "row_order": chosen.choice(["timestamp", "timestamp", "shuffled"]),
        "int64": chosen.choice(["text", "number"]),
        "next_path": chosen.choice(["lower", "same"]),
        "envelope": chosen.choice(["mixed", "results", "list"]),
        "limit_headers": chosen.choice(["documented", "none", "both"]),
        "least_timestamp": chosen.choice([0, 1]),
        "token_limit": 10**6,
    }
    return {**_FINE, **sizes, "seed": seed}, reading


def narrow_catalog(tap: Tap) -> dict[str, Any]:
    """Return a catalog of the streams of a schedule, with few fields."""
    assert set(FIELDS) <= {resource.name for resource in RESOURCES}
    return narrow(tap.catalog([*FIELDS]), FIELDS)


def play(seed: int, folder: Path, quick: Quick, catalog: dict[str, Any] | None = None) -> Outcome:
    """Play the schedule of a seed in an empty folder."""
    start, reading = world_of(seed)
    with running(folder, start) as sandbox:
        sandbox.control.options(**reading)
        tap = tap_for(sandbox, folder)
        return Schedule(seed, sandbox, tap, quick, catalog or narrow_catalog(tap)).play()
