"""What dbt is asked to do, and with which variables. Pure.

Models first, all of them, then the tests: `dbt build` leaves out what stands behind a test that fails, and the certificate
would be that of the last time. Unit tests are about the package, not about anybody's books, and are left to its developers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA_TESTS = "test_type:data"


@dataclass(frozen=True, slots=True)
class Job:
    """What all calls of dbt for one build have in common.

    Attributes:
        project: The folder of the package.
        profiles: The folder of `profiles.yml`.
        made: Where dbt puts what it makes; None: where dbt itself says, in the project unless it is told otherwise.
        logs: The same of its log.
        target: The database's name in the profile.
        variables: The variables of the package, where they are not as in `dbt_project.yml`.
    """

    project: Path
    profiles: Path
    made: Path | None
    logs: Path | None
    target: str
    variables: Mapping[str, Any]

    def models(self) -> list[str]:
        """Return the arguments of dbt that build the models, with the seeds that they need.

        All of them, always: PostgreSQL drops a view with the table that it rests on, so a part would take others away.
        """
        return ["build", *self._shared, "--resource-type", "model", "--resource-type", "seed"]

    def tests(self) -> list[str]:
        """Return the arguments of dbt that run all tests of what was built."""
        return ["test", *self._shared, "--select", DATA_TESTS]

    @property
    def _shared(self) -> list[str]:
        given = [
            "--project-dir",
            str(self.project),
            "--profiles-dir",
            str(self.profiles),
            "--target",
            self.target,
        ]
        if self.made is not None:
            given += ["--target-path", str(self.made)]
        if self.logs is not None:
            given += ["--log-path", str(self.logs)]
        return (
            [*given, "--vars", json.dumps(dict(sorted(self.variables.items())))] if self.variables else given
        )


def variables(
    schema: str | None, prefix: str | None, case: str | None, more: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the variables of the package that say where the loader puts what the tap reads.

    Args:
        schema: The schema of the loader's tables; a database may stand in front.
        prefix: What the loader puts in front of the names of tables.
        case: How it spells names, in the words of `exact-online deletes`.
        more: Variables by name, with their prefix or without. These win.
    """
    told: dict[str, Any] = {}
    if schema:
        database, _, name = schema.rpartition(".")
        told |= {"schema": name} | ({"database": database} if database else {})
    if prefix:
        told["prefix"] = prefix
    if case:
        told["case"] = case.replace("-", "_")
    told |= more
    return {name if name.startswith(_PREFIX) else f"{_PREFIX}{name}": value for name, value in told.items()}


_PREFIX = "exact_online_"


def reaching(
    parts: Mapping[str, str], names: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment that leads dbt to the database of an address, as it leads PostgreSQL's own programs.

    Args:
        parts: What libpq reads in the address.
        names: The variable of each part, as libpq names it; a part without one is left out.
        environment: The environment of this process. What the address leaves out, it tells, as PostgreSQL has it.
    """
    return {**environment, **{names[part]: value for part, value in parts.items() if names.get(part)}}
