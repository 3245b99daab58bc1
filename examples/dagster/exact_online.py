"""Exact Online to PostgreSQL, by several workers: prepare, read, mirror the deletes, build the ledger.

Plain ops that run commands. The folder PROJECT is a Meltano project, and `meltano` and `exact-online` are on the PATH.
Connections and secrets come from the environment, see README.md.
"""

import os
import subprocess
from collections.abc import Iterator

from dagster import (
    Definitions,
    DynamicOut,
    DynamicOutput,
    OpExecutionContext,
    RetryPolicy,
    ScheduleDefinition,
    job,
    multiprocess_executor,
    op,
)

PROJECT = os.environ.get("EXACT_ONLINE_PROJECT", "/srv/books")
WORKERS = int(os.environ.get("EXACT_ONLINE_WORKERS", "4"))
GROUPS = int(os.environ.get("EXACT_ONLINE_GROUPS", "16"))
PIPELINE = ("meltano", "run", "--force", "tap-exact-online", "target-postgres")

# What was killed joins the round again, and does what is left of it.
AGAIN = RetryPolicy(max_retries=2, delay=10)


def run(*command: str) -> None:
    """Run a command in the project."""
    subprocess.run(command, cwd=PROJECT, check=True)  # noqa: S603  written here


@op(retry_policy=AGAIN, out=DynamicOut(int))
def prepare() -> Iterator[DynamicOutput[int]]:
    """Make what has to be there before workers start; then there are so many of them."""
    run("exact-online", "prepare", "--", *PIPELINE)
    for number in range(1, WORKERS + 1):
        yield DynamicOutput(number, mapping_key=str(number))


@op(retry_policy=AGAIN)
def work(context: OpExecutionContext, number: int) -> int:
    """Read groups of companies until none is left. The run names the round."""
    run("exact-online", "work", "--groups", str(GROUPS), "--round", context.run_id, "--", *PIPELINE)
    return number


@op(retry_policy=AGAIN)
def deletes(workers: list[int]) -> int:
    """Mirror the deletes, once all workers have ended."""
    run("meltano", "run", "--force", "exact-online:deletes")
    return len(workers)


@op
def ledger(workers: int) -> None:  # noqa: ARG001  what has to be over
    """Build the ledger. It fails where that is not whole, and the log names the accounts; to try again would change nothing."""
    run("meltano", "run", "--force", "ledger:build")


@job(executor_def=multiprocess_executor.configured({"max_concurrent": WORKERS}))
def exact_online() -> None:
    """One pass over all companies."""
    ledger(deletes(prepare().map(work).collect()))


defs = Definitions(
    jobs=[exact_online],
    schedules=[
        ScheduleDefinition(
            job=exact_online, cron_schedule="30 4 * * *", execution_timezone="Europe/Amsterdam"
        )
    ],
)
