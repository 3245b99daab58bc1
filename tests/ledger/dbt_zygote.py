"""Has dbt loaded, in the environment that dbt lives in, and forks for each command: a build costs its work, not its start.

It is a program of that environment, so it imports nothing of this project. It reads one JSON document a line: `arguments`,
`env` and the file for the `log`; when the command has ended it writes its exit code, that of dbt itself: 1 where a model or a
test failed, 2 where dbt did.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any, NoReturn

_LOADED = ("dbt.cli.main", "dbt.adapters.duckdb", "dbt.adapters.postgres", "duckdb", "psycopg2")


def _become(request: dict[str, Any], runner: Any) -> NoReturn:
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for standard in (1, 2):
        os.dup2(log, standard)
    os.environ.update(request["env"])
    result = runner().invoke(request["arguments"])
    if result.exception is not None:
        print(result.exception, file=sys.stderr)  # noqa: T201  it goes into the log
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0 if result.success else 1 if result.exception is None else 2)


def _serve() -> None:
    modules = [importlib.import_module(name) for name in _LOADED]
    runner = modules[0].dbtRunner
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line), runner)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201  that is the answer


if __name__ == "__main__":
    _serve()
