"""Run the demonstration: a first run, changes in the books, a second run, what each of them did, and a ledger of it all."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import filelock
import psycopg

from demo import books, changes, kept, outcome, samples
from demo.postgres import Postgres, PostgresNotStarted
from demo.processes import ProgramFailed
from demo.project import ROOT, PluginsMissing, Project, copy_project
from demo.sandbox import Sandbox
from tap_exact_online.errors import TapError
from tap_exact_online.sandbox.control import Control

_FAILURES = (
    *(ProgramFailed, PostgresNotStarted, PluginsMissing, psycopg.Error),
    *(TapError, books.NotAsPromised),
)
_FEW = 3  # accounts and periods that are named for each year
_RUN = "run"
_DELETES = "exact-online:deletes"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@click.option("--divisions", default=2, show_default=True, help="Divisions in the sandbox.")
@click.option("--rows", default=2500, show_default=True, help="Transaction lines in each division.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / ".demo",
    help="Where everything happens.  [default: .demo]",
)
@click.option("--keep", is_flag=True, help="Leave PostgreSQL and the sandbox running.")
@click.option("--stop", is_flag=True, help="Instead: stop what an earlier demo has left running.")
def main(*, divisions: int, rows: int, folder: Path, keep: bool, stop: bool) -> None:
    """Sandbox -> tap -> PostgreSQL, for real, twice, with changes in between; then a ledger, whole and after a loss."""
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    home = folder.resolve()
    if stop:
        click.echo("Stopped." if kept.stop(home / _RUN) else f"Nothing is kept running in {home}.")
        return
    try:
        with _alone_in(home) as empty:
            _tell(empty, divisions, rows, keep=keep)
    except KeyboardInterrupt as interrupt:
        click.echo("\nInterrupted; everything that was started is stopped.", err=True)
        sys.exit(128 + interrupt.args[0])  # what a shell says of a program that a signal ended
    except _FAILURES as error:
        click.echo(f"\nThe demo stopped: {error}", err=True)
        sys.exit(1)


def _interrupt(received: int, _: object) -> None:
    # Once is enough: a second one must not cut the taking down short.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt(received)


@contextmanager
def _alone_in(home: Path) -> Iterator[Path]:
    """Provide an empty folder that no other demonstration uses."""
    home.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(home / "lock")
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        click.echo(
            f"Another demo is running in {home}. Wait for it, or end it with Ctrl-C where it runs.", err=True
        )
        sys.exit(1)
    with lock:
        folder = home / _RUN
        if kept.running(folder):
            click.echo(
                f"What an earlier demo has kept still runs in {home}. Stop it first: make demo ARGS=--stop",
                err=True,
            )
            sys.exit(1)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield folder


def _tell(folder: Path, divisions: int, rows: int, *, keep: bool) -> None:
    start = time.monotonic()
    _say(f"Starting PostgreSQL and the sandbox ({divisions} divisions, {rows:,} transaction lines each)")
    # Exact allows 60 calls a minute for each division; the demo's minutes are shorter, so that nobody has to wait.
    options = ("--divisions", str(divisions), "--rows", str(rows), "--minute-seconds", "1")
    with kept.servers(folder, *options, keep=keep) as (server, stand_in):
        click.echo(f"    sandbox {stand_in.base_url}   PostgreSQL {_version(server)}, {server.conninfo}")
        project = _project(folder, stand_in, server)
        control = Control(stand_in.base_url)

        first, first_calls = _run(project, control, folder / "run-1.log", "First run: everything")
        outcome.remember(server)
        landed = outcome.counts(server)

        division = control.divisions()[0]["Code"]
        _say(f"Meanwhile in division {division}")
        click.echo(changes.describe(changes.apply(control, division)))

        second, second_calls = _run(
            project, control, folder / "run-2.log", "Second run: only what is new", _DELETES
        )
        found = outcome.differences(server)

        _say("What landed in PostgreSQL")
        _show(landed, found, (first_calls, second_calls), (first, second))
        click.echo(f"\n{samples.shown(server)}")
        _keep_books(folder, project, server, control.divisions()[-1]["Code"], give_back=keep)
        click.echo(f"\n    Done in {time.monotonic() - start:.0f} s. Logs: {folder}")
        if keep:
            project.keep_variables()
            click.echo(kept.goodbye(server, stand_in, project, folder.parent))


def _keep_books(folder: Path, project: Project, server: Postgres, division: int, *, give_back: bool) -> None:
    """Make a ledger of what landed, and show that it is whole; then lose lines of a division, and show that it is not."""
    _say("A ledger of it, and its certificate\n    meltano --environment=demo run ledger:build")
    start = time.monotonic()
    books.build(project, "ledger:build", log=folder / "ledger-1.log")
    click.echo(f"    {time.monotonic() - start:.1f} s\n\n{books.totals(server)}\n")
    books.show(server, whole=True, most=_FEW)

    with books.lost_page(server, division, give_back=give_back) as lost:
        _say(
            f"A page is lost: {lost:,} lines of division {division} go from the database, as if they had never come\n"
            "    meltano --environment=demo run ledger:reconcile"
        )
        books.build(project, "ledger:reconcile", log=folder / "ledger-2.log")
        click.echo()
        books.show(server, whole=False, most=_FEW, division=division)
        click.echo("\n    As it has to be: what is lost is found, by account and period.")
    if give_back:
        click.echo("\n    The lines are put back, and the ledger is made anew.")
        books.build(project, "ledger:build", log=folder / "ledger-3.log")


def _project(folder: Path, stand_in: Sandbox, server: Postgres) -> Project:
    return copy_project(
        folder / "project",
        {
            "DEMO_BASE_URL": stand_in.base_url,
            "DEMO_CLIENT_ID": stand_in.client_id,
            "DEMO_CLIENT_SECRET": stand_in.client_secret,
            "DEMO_REFRESH_TOKEN": stand_in.refresh_token,
            "DEMO_POSTGRES": server.url,
            "TAP_EXACT_ONLINE__SELECT": books.selection(),
            "DBT_TARGET_PATH": str(folder / "dbt"),
            "DBT_LOG_PATH": str(folder / "dbt"),
            "TAP_EXACT_ONLINE_STORE": str(folder / "tokens.json"),
        },
    )


def _run(
    project: Project, control: Control, log: Path, title: str, *more: str
) -> tuple[float, dict[str, int]]:
    """Run the pipeline once, and what is to follow it; return how long it took and the calls it made for each stream."""
    tasks = ("tap-exact-online", "target-postgres", *more)
    _say(f"{title}\n    meltano --environment=demo run {' '.join(tasks)}")
    control.reset_stats()
    start = time.monotonic()
    project.meltano("--environment=demo", "run", *tasks, log=log)
    seconds = time.monotonic() - start
    stats = control.stats()
    click.echo(
        f"    {seconds:.1f} s, {stats['calls']} calls, {stats['tokens']['redemptions']} token refresh(es),"
        f" {sum(sum(paths.values()) for paths in stats['client_errors'].values())} refused"
    )
    return seconds, outcome.calls_by_stream(stats["by_endpoint"])


def _show(
    landed: dict[str, int],
    found: dict[str, outcome.Difference],
    calls: tuple[dict[str, int], dict[str, int]],
    seconds: tuple[float, float],
) -> None:
    head = ("table", "rows after run 1", "calls", "added by run 2", "changed", "deleted", "calls", "rows now")
    rows = [
        (
            f"{outcome.SCHEMA}.{name}",
            f"{landed.get(name, 0):,}",
            f"{calls[0].get(name, 0)}",
            f"{each.added or ''}",
            f"{each.changed or ''}",
            f"{landed.get(name, 0) + each.added - each.rows or ''}",
            f"{calls[1].get(name, 0)}",
            f"{each.rows:,}",
        )
        for name, each in found.items()
    ]
    foot = (
        f"{len(found)} tables; {seconds[0]:.1f} s and {seconds[1]:.1f} s",
        f"{sum(landed.values()):,}",
        f"{sum(calls[0].values())}",
        f"{sum(each.added for each in found.values())}",
        f"{sum(each.changed for each in found.values())}",
        f"{sum(landed.values()) + sum(each.added - each.rows for each in found.values())}",
        f"{sum(calls[1].values())}",
        f"{sum(each.rows for each in found.values()):,}",
    )
    click.echo("\n" + outcome.layout(head, rows, foot))


def _version(server: Postgres) -> str:
    with psycopg.connect(server.conninfo) as connection:
        return str(connection.info.server_version // 10000)


def _say(text: str) -> None:
    click.echo(f"\n==> {text}")


if __name__ == "__main__":
    main()
