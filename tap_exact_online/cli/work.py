"""`exact-online work`: a worker that takes groups of divisions from the board, until none is left."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from tap_exact_online.auth.tokens import this_process
from tap_exact_online.board import Hold, Rounds, summary
from tap_exact_online.cli import project as meltano
from tap_exact_online.cli import running
from tap_exact_online.cli.options import with_settings
from tap_exact_online.connection import kept
from tap_exact_online.errors import TapError
from tap_exact_online.reading import Shard
from tap_exact_online.settings import Settings
from tap_exact_online.spoken import unstopped
from tap_exact_online.surroundings import project_folder

_SHARD = "TAP_EXACT_ONLINE_SHARD"

_RENEWALS = 4  # in the time of a lease
_SAFE = (
    2 / 3
)  # of a lease: without a sign of life for so long, a command is ended before another worker begins
_PAUSE = (1.0, 5.0)  # seconds between two looks at what others hold

_T = TypeVar("_T")


def variables(shard: Shard, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a command needs in its environment to read one group, with a state of its own under Meltano.

    Args:
        shard: The group.
        environment: The environment of the worker. A suffix that is set there stays in front.
    """
    own = meltano.own_state(f"shard-{shard.part}-of-{shard.of}", environment)
    return {_SHARD: f"{shard.part}/{shard.of}", **own}


class BoardUnusable(TapError):  # noqa: N818  names a state of the far side
    """The board could not be read or written for the time of a lease."""


@dataclass(slots=True)
class _Worker:
    rounds: Rounds
    command: Sequence[str]
    environment: Mapping[str, str]
    signals: running.Signals
    leash: running.Leash
    again: bool

    def work(self) -> int:
        """Run groups until none is left; return the exit code."""
        self._insist(self.rounds.begin)
        if self.again:
            self._insist(self.rounds.try_again)
        if self.rounds.found.is_over:
            _tell(f"Nothing is left to do in the round {self.rounds.name}: it is over already.")
        while self.signals.came is None:
            hold = self._insist(self.rounds.take)
            if hold is not None:
                self._run(hold)
            elif self.rounds.found.is_over:
                _tell(*summary(self.rounds.found))
                return self.rounds.found.exit_code
            else:
                self._rest()
        return self.signals.exit_code

    def _run(self, hold: Hold) -> None:
        shard = Shard(hold.number, self.rounds.of)
        name = f"Group {shard.part}/{shard.of}"
        _tell(f"{name} begins.")
        began = time.monotonic()
        environment = {**self.environment, **variables(shard, self.environment)}
        with _renewed(self.rounds, hold) as is_lost:
            code = running.run(
                self.command, environment, self.leash, lambda: self.signals.came is not None or is_lost()
            )
            was_lost = is_lost()
        seconds = time.monotonic() - began
        if self.signals.came is not None:
            with suppress(OSError):  # then it lapses
                self.rounds.give_back(hold)
            _tell(f"{name} is given back.")
        elif was_lost or not self._insist(lambda: self.rounds.end(hold, code, seconds)):
            _tell(f"{name} was lost: no sign of life reached the board in time. Another worker runs it.")
        else:
            _tell(
                f"{name} {'is done' if code == 0 else f'failed with exit code {code}'} after {seconds:.0f} s."
            )

    def _rest(self) -> None:
        end = time.monotonic() + random.uniform(*_PAUSE) * min(1.0, self.rounds.lease / 60)  # noqa: S311  no secret
        while self.signals.came is None and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))

    def _insist(self, act: Callable[[], _T]) -> _T:
        """Use the board; where it cannot be used, try again for the time of a lease."""
        end = time.monotonic() + self.rounds.lease
        while True:
            try:
                return act()
            except OSError as error:
                if time.monotonic() > end or self.signals.came is not None:
                    msg = (
                        f"The board beside the token store {self.rounds.board.place} cannot be used: {unstopped(error.strerror)}."
                        " Check `store` and its rights."
                    )
                    raise BoardUnusable(msg) from None
            time.sleep(min(1.0, self.rounds.lease / 10))


@contextmanager
def _renewed(rounds: Rounds, hold: Hold) -> Iterator[Callable[[], bool]]:
    """Give signs of life while the block runs. Yields what tells whether the group was lost."""
    over, lost = threading.Event(), threading.Event()
    last = time.monotonic()

    def renew() -> None:
        nonlocal last
        while not over.wait(rounds.lease / _RENEWALS):
            now = time.monotonic()
            try:
                if not rounds.renew(hold):
                    lost.set()
                    return
                last = now
            except OSError:
                continue  # `is_lost` tells when it was too long

    def is_lost() -> bool:
        return lost.is_set() or time.monotonic() - last > rounds.lease * _SAFE

    thread = threading.Thread(target=renew, name="lease")
    thread.start()
    try:
        yield is_lost
    finally:
        over.set()
        thread.join()


def _tell(*lines: str) -> None:
    for line in lines:
        click.echo(line, err=True)


@click.command("work", context_settings={"allow_interspersed_args": False})
@click.option(
    "--groups",
    type=click.IntRange(1),
    required=True,
    metavar="N",
    help="How many groups the divisions are split in.",
)
@click.option(
    "--round",
    "name",
    required=True,
    metavar="NAME",
    help="Which pass this is; all workers of one pass give the same.",
)
@click.option("--again", is_flag=True, help="Where the round is over, try once more what failed in it.")
@click.option(
    "--lease",
    type=click.FloatRange(1),
    default=120.0,
    show_default=True,
    envvar="EXACT_ONLINE_LEASE",
    show_envvar=True,
    metavar="SECONDS",
    help="How long after the last sign of life of a worker others take over its group.",
)
@click.option(
    "--project",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The Meltano project. Default: MELTANO_PROJECT_ROOT, or the nearest folder upwards with a meltano.yml.",
)
@click.argument("command_line", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@with_settings
def command(  # noqa: PLR0913 - one for each option
    settings: Settings,
    *,
    groups: int,
    name: str,
    again: bool,
    lease: float,
    folder: Path | None,
    command_line: tuple[str, ...],
) -> None:
    """Run a command for one group of divisions after the other, together with any number of other workers.

    A round is one pass over all divisions, split in N groups. Each worker takes the next free group from the board, beside
    the token store, runs COMMAND with the setting `shard` and a state of its own for it, and goes on until no group is
    left. Start as many workers as you like, on as many machines:

    \b
      exact-online work --groups 16 --round 2026-11-26 -- \\
        meltano run --force tap-exact-online target-postgres

    Groups that took long last time go first. One whose worker was killed is taken over by another; one whose command
    failed is tried twice more, behind the others, but not after exit code 2, 3, 4, 130 or 143. `--force` is right here,
    since no two workers run one group: Meltano would else refuse the group of a killed worker for five minutes.

    Give every round a name of its own, such as the run id of your scheduler: a round that is over has nothing left to do.
    Rounds are forgotten after a week. Keep N: with another one every group begins with an empty state.

    COMMAND gets TAP_EXACT_ONLINE_SHARD and MELTANO_RUN_STATE_ID_SUFFIX in its environment, and in a Meltano project a
    system folder of its own (MELTANO_SYS_DIR_ROOT), since two runs in one would mix up their states.

    Exit codes: 0 all groups are done; else that of the worst failure, when nothing is left to try; 2 a setting or an
    option cannot be used; 143 terminated (130 after Ctrl-C): the command was ended, and its group given back.
    """  # noqa: D301  click wants the character itself
    running.check(command_line)
    rounds = Rounds(kept(settings).board, name, groups, this_process(), lease)
    environment = dict(os.environ)
    signals, leash = running.Signals(), running.Leash()
    try:
        with (
            signals.noted(),
            meltano.own_system_folder(folder or project_folder(Path.cwd(), environment), environment) as own,
        ):
            code = _Worker(rounds, command_line, {**environment, **own}, signals, leash, again).work()
    finally:
        leash.close()
    raise SystemExit(code)
