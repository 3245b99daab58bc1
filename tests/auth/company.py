"""Processes, machines, a store and a token endpoint, all in memory, whose steps can be taken in any order."""

from __future__ import annotations

import errno
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from tap_exact_online.auth import steps, tries
from tap_exact_online.auth.redemption import Redemption
from tap_exact_online.auth.responses import TokenAnswer, Verdict
from tap_exact_online.auth.tokens import Tokens, fingerprint
from tap_exact_online.errors import TapError, Unreachable

OWNER = "someone"
LIFE = 601.0


@dataclass
class Server:
    """Gives tokens as Exact does: each works once, and a new login ends the chain before it."""

    live: str = "refresh-0"
    posts: Counter[str] = field(default_factory=Counter)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def login(self) -> str:
        self.live = f"seed-{next(self.numbers)}"
        return self.live

    def redeem(self, token: str) -> TokenAnswer:
        if token != self.live:
            return TokenAnswer(Verdict.SPENT, "401 unauthorized_client: Old refresh token used")
        number = next(self.numbers)
        self.live = f"refresh-{number}"
        return TokenAnswer(Verdict.NEW, "", f"access-{number}", self.live)


@dataclass
class Shelf:
    """A store with a lock that can be lost. It compares before it sets; some take the lock again first, if it is free."""

    relocks: bool
    record: Tokens | None = None
    revision: int = 0
    holder: Process | None = None
    refuses: bool = False

    def write(self, who: Process, tokens: Tokens) -> OSError | None:
        if self.refuses:
            return OSError(errno.ENOSPC, "No space left on device")
        if self.relocks and self.holder not in {None, who}:
            return OSError(errno.EIO, "lock timeout")
        if who.seen != self.revision:
            return OSError(errno.ESTALE, "another process has written in the meantime")
        if self.relocks:
            self.holder = who
        self.record = tokens
        self.revision += 1
        who.seen = self.revision
        return None


@dataclass(eq=False, repr=False)
class Process:
    """One process in the middle of a conversation.

    Attributes:
        machine: What is saved beside the store is found by processes of the same machine.
        name: Its name in records.
        step: What it needs next; None where it has a token, and needs nothing for now.
        wakes: When it has waited enough.
        sent: What it sent, and has no answer to yet.
    """

    company: Company
    machine: int
    name: str
    redemption: Redemption
    talk: steps.Steps | None = None
    step: steps.Step | None = None
    wakes: float = 0.0
    sent: str | None = None
    answer: TokenAnswer | None = None
    seen: int = -1
    ended: TapError | None = None
    got: str | None = None

    @override
    def __repr__(self) -> str:
        return f"{self.name} ({type(self.step).__name__})"

    def begin(self, talk: steps.Steps) -> None:
        self.talk = talk
        self._go_on(lambda: talk.send(None))

    def _go_on(self, how: Callable[[], steps.Step]) -> None:
        try:
            self.step = how()
        except StopIteration as end:
            self.step, self.talk, self.got = None, None, end.value
        except TapError as error:
            self.step, self.talk, self.ended = None, None, error
            self.company.let_go(self)
        if isinstance(self.step, steps.Rest):
            self.wakes = self.company.now + self.step.seconds

    def answered(self, value: Any = None) -> None:
        assert self.talk is not None
        talk = self.talk
        self._go_on(lambda: talk.send(value))

    def failed(self, error: TapError) -> None:
        assert self.talk is not None
        talk = self.talk
        self._go_on(lambda: talk.throw(error))

    @property
    def is_idle(self) -> bool:
        return self.step is None and self.ended is None

    @property
    def can_go(self) -> bool:
        """Whether it can take a step by itself now."""
        if isinstance(self.step, steps.Lock):
            return self.company.shelf.holder in {None, self}
        if isinstance(self.step, steps.Rest):
            return self.company.now >= self.wakes
        return self.step is not None


@dataclass
class Company:
    """All of it. A method for each thing that can happen; `invariants` after each."""

    relocks: bool
    machines: int = 2
    server: Server = field(default_factory=Server)
    now: float = 1_750_000_000.0
    processes: list[Process] = field(default_factory=list)
    dead: list[Process] = field(default_factory=list)
    drawers: dict[int, list[Tokens]] = field(default_factory=dict)
    drawers_refuse: bool = False
    announced: Counter[str] = field(default_factory=Counter)
    seed: str | None = None
    shelf: Shelf = field(init=False)

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.relocks, Tokens(OWNER, self.server.live, refresh_issued=self.now))
        self.drawers = {machine: [] for machine in range(self.machines)}

    # --- What can happen ---------------------------------------------------------------------------------------

    def start(self, machine: int) -> Process:
        name = f"machine-{machine}:{len(self.processes) + len(self.dead) + 1}"
        gone = lambda by: any(p.name == by and p.machine == machine for p in self.dead)  # noqa: E731
        redemption = Redemption(OWNER, self.seed, "the shelf", name, lambda: self.now, gone)
        process = Process(self, machine, name, redemption)
        self.processes.append(process)
        process.begin(redemption.access())
        return process

    def crash(self, process: Process) -> None:
        self.processes.remove(process)
        self.dead.append(process)
        self.let_go(process)

    def let_go(self, process: Process) -> None:
        if self.shelf.holder is process:
            self.shelf.holder = None

    def lose_lock(self) -> None:
        self.shelf.holder = None

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def go(self, process: Process, luck: str = "good") -> None:  # noqa: C901  one branch for each step
        """Let a process take its next step.

        Args:
            process: Which.
            luck: What becomes of a request: `good`, `unreachable`, or (once it was sent) `lost before` and `lost after`
                the server acted, `gateway` for an answer of a box on the way after it acted.
        """
        step, shelf = process.step, self.shelf
        match step:
            case None:
                process.got = None
                process.begin(process.redemption.access())
            case steps.Lock():
                shelf.holder = process
                process.seen = shelf.revision
                process.answered()
            case steps.Unlock():
                self.let_go(process)
                process.answered()
            case steps.Look():
                if shelf.holder is process:
                    process.seen = shelf.revision
                process.answered(shelf.record)
            case steps.Write(tokens):
                process.answered(shelf.write(process, tokens))
            case steps.Search(spent):
                drawer = self.drawers[process.machine]
                process.answered([tokens for tokens in drawer if {*tokens.spent} & spent])
            case steps.Save(tokens):
                process.answered(self._save(process, tokens))
            case steps.Drop(tokens):
                self._drop(process, tokens)
                process.answered()
            case steps.Rest():
                process.answered()
            case steps.Spend():
                self._spend(process, step, luck)

    def _save(self, process: Process, tokens: Tokens) -> OSError | None:
        if self.drawers_refuse:
            return OSError(errno.ENOSPC, "No space left on device")
        self._drop(process, tokens)
        self.drawers[process.machine].append(tokens)
        return None

    def _drop(self, process: Process, tokens: Tokens) -> None:
        drawer = self.drawers[process.machine]
        drawer[:] = [each for each in drawer if each.spent[-1:] != tokens.spent[-1:]]

    def _spend(self, process: Process, step: steps.Spend, luck: str) -> None:
        """Announce and send in one step, so that the server has it; the answer comes in another one."""
        token = step.start.refresh_token
        if process.sent is None:
            if luck == "unreachable":
                process.failed(Unreachable("nothing answers"))
                return
            save = self._save(process, step.announced) if step.elsewhere else None
            failed = save if step.elsewhere else self.shelf.write(process, step.announced)
            if failed is not None:
                process.answered(failed)
                return
            self.announced[token] += 1
            self.server.posts[token] += 1
            process.sent = token
            acted = None if luck == "lost before" else self.server.redeem(token)
            process.answer = acted
            if luck == "gateway":
                process.answer = TokenAnswer(Verdict.GATEWAY, "504 without JSON")
            elif luck in {"lost before", "lost after"}:
                process.answer = TokenAnswer(Verdict.LOST, "the connection broke")
            return
        answer, process.sent, process.answer = process.answer, None, None
        if answer is not None and answer.verdict is Verdict.SPENT:
            # An answer of Exact, that counts as one: what is bounded are tries without any.
            self.announced[token] += 0
        process.answered(answer)

    # --- What has to hold ----------------------------------------------------------------------------------------

    def check(self) -> None:
        for token, count in self.server.posts.items():
            assert count <= tries.MOST, f"{token} was sent {count} times"

    def holds_live(self) -> bool:
        """Tell whether anybody holds the token that the server takes, and may still send it."""
        live = self.server.live
        records = [self.shelf.record, *itertools.chain(*self.drawers.values())]
        records += [process.redemption.unkept for process in self.processes]
        held = {record.refresh_token for record in records if record is not None}
        held |= {process.answer.refresh_token for process in self.processes if process.answer is not None}
        held |= {self.seed} if self.seed is not None else set()
        return live in held and self.announced[live] < tries.MOST

    def heal(self) -> None:
        """Let all trouble end, all processes come to their ends, and one more run on each machine."""
        self.shelf.refuses = self.drawers_refuse = False
        for _ in range(2):
            for process in [*self.processes]:
                self._finish(process)
        for machine in self.drawers:
            self.wait(LIFE)
            self._finish(self.start(machine))

    def _finish(self, process: Process) -> None:
        self._run_on(process)
        if process.redemption.unkept is not None:
            process.ended = None
            process.begin(process.redemption.settle())
            self._run_on(process)

    def _run_on(self, process: Process) -> None:
        """Let a process go on to the end of its conversation, and the others while it waits for them."""
        for _ in range(2000):
            if process.step is None:
                return
            if process.can_go:
                self.go(process)
                continue
            others = [each for each in self.processes if each is not process and each.can_go]
            if others:
                self.go(others[0])
            else:
                self.wait(5.0)
            self.check()
        msg = f"{process.name} does not come to an end: {process.step}"
        raise AssertionError(msg)

    def is_connected(self) -> bool:
        """Tell whether the store ends with the token that the server takes, and a run gets access with it."""
        record = self.shelf.record
        return record is not None and fingerprint(record.refresh_token) == fingerprint(self.server.live)
