"""Exact Online to PostgreSQL, by several workers: prepare, read, mirror the deletes, build the ledger.

For Airflow 3. The folder PROJECT is a Meltano project, and `meltano` and `exact-online` are on the PATH of the tasks.
Connections and secrets come from the environment, see README.md.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = os.environ.get("EXACT_ONLINE_PROJECT", "/srv/books")
WORKERS = int(os.environ.get("EXACT_ONLINE_WORKERS", "4"))
GROUPS = int(os.environ.get("EXACT_ONLINE_GROUPS", "16"))
RETRIES = 2
PIPELINE = "meltano run --force tap-exact-online target-postgres"

with DAG(
    "exact_online",
    schedule=os.environ.get("EXACT_ONLINE_SCHEDULE", "30 4 * * *") or None,
    start_date=datetime(2026, 1, 1),  # noqa: DTZ001  in the time zone that Airflow is set to
    catchup=False,
    max_active_runs=1,
    # What was killed joins the round again, and does what is left of it.
    default_args={
        "cwd": PROJECT,
        "append_env": True,
        "retries": RETRIES,
        "retry_delay": timedelta(seconds=10),
    },
):
    prepare = BashOperator(task_id="prepare", bash_command=f"exec exact-online prepare -- {PIPELINE}")
    work = BashOperator.partial(
        task_id="work",
        # A person who clears a task that failed for good wants more than to be told the same again.
        bash_command=(
            f"exec exact-online work --groups {GROUPS} --round '{{{{ run_id }}}}'"
            f" {{{{ '--again' if ti.try_number > {RETRIES + 1} else '' }}}} -- {PIPELINE}"
        ),
    ).expand(env=[{"WORKER": str(number)} for number in range(1, WORKERS + 1)])
    deletes = BashOperator(task_id="deletes", bash_command="exec meltano run --force exact-online:deletes")
    # It ends with an error where the ledger is not whole, and the log names the accounts. To try again would change nothing.
    ledger = BashOperator(task_id="ledger", bash_command="exec meltano run --force ledger:build", retries=0)
    prepare >> work >> deletes >> ledger
