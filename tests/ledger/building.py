"""dbt, run for real on a database of the tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.project import ROOT
from tests.ledger.warehouses import SCHEMA, Warehouse

PACKAGE = ROOT / "dbt"
PYTHON = ROOT / ".ledger" / "bin" / "python"
MARTS = "exact_online_ledger"
"""The schema that the package builds into."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one model or test: `pass`, `success`, `warn`, `fail`, `error` or `skipped`."""

    status: str
    failures: int
    message: str


@dataclass(frozen=True)
class Built:
    """One command of dbt, at its end."""

    code: int
    log: str
    outcomes: Mapping[str, Outcome]

    def of(self, *statuses: str) -> set[str]:
        """Return the names of what ended so."""
        return {name for name, outcome in self.outcomes.items() if outcome.status in statuses}


@dataclass
class Dbt:
    """dbt in its own environment: one process that has it loaded, and a fork of that for each command.

    Attributes:
        folder: For logs, profiles and what dbt makes.
        package: The folder of the dbt project.
    """

    folder: Path
    package: Path = PACKAGE
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def build(
        self,
        warehouse: Warehouse,
        *select: str,
        exclude: Sequence[str] = (),
        variables: Mapping[str, Any] | None = None,
        command: str = "build",
    ) -> Built:
        """Build what is selected, everything where nothing is named, and return what became of it, whatever that is."""
        target = self.folder / warehouse.kind
        target.mkdir(exist_ok=True)
        (target / "run_results.json").unlink(missing_ok=True)
        profile = {
            "exact_online": {"target": warehouse.kind, "outputs": {warehouse.kind: warehouse.output(MARTS)}}
        }
        (target / "profiles.yml").write_text(json.dumps(profile))
        arguments = [command, "--project-dir", str(self.package), "--profiles-dir", str(target)]
        arguments += ["--profile", "exact_online", "--target-path", str(target), "--log-path", str(target)]
        arguments += ["--vars", json.dumps({"exact_online_schema": SCHEMA, **(variables or {})})]
        arguments += ["--no-use-colors", "--no-send-anonymous-usage-stats"]
        if select:
            arguments += ["--indirect-selection", "buildable", "--select", *select]
        if exclude:
            arguments += ["--exclude", *exclude]
        return self._run(arguments, target)

    def _run(self, arguments: Sequence[str], target: Path) -> Built:
        log = target / "said.log"
        request = {"arguments": arguments, "env": {}, "log": str(log)}
        process = self._loaded()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, (self.folder / "dbt.log").read_text()
        return Built(int(answer), log.read_text(), _outcomes(target / "run_results.json"))

    def _loaded(self) -> subprocess.Popen[str]:
        if self._process is None:
            env = {
                name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "PYTHON"))
            }
            self._process = subprocess.Popen(
                [PYTHON, "-P", Path(__file__).with_name("dbt_zygote.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=(self.folder / "dbt.log").open("w"),
                text=True,
                cwd=self.folder,
                env=env,
            )
        return self._process

    def end(self) -> None:
        """Let the process end."""
        if self._process is not None and self._process.stdin:
            self._process.stdin.close()
            self._process.wait(30)
            self._process = None


def _outcomes(file: Path) -> dict[str, Outcome]:
    """Read dbt's own account: the name of a model or test, without project and checksum, and what became of it."""
    if not file.exists():
        return {}
    results = json.loads(file.read_bytes())["results"]
    return {
        _name(each["unique_id"]): Outcome(each["status"], each["failures"] or 0, each["message"] or "")
        for each in results
    }


def _name(unique_id: str) -> str:
    """Return the name of a model or test: a unit test stands behind its model, a data test before its checksum."""
    kind, _, name, *more = unique_id.split(".")
    return more[-1] if kind == "unit_test" else name


def copied(folder: Path) -> Path:
    """Return a copy of the package to change."""
    return Path(shutil.copytree(PACKAGE, folder / "dbt", ignore=shutil.ignore_patterns("target", "logs")))
