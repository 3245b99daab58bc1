from __future__ import annotations

import json

from demo.postgres import Postgres
from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import StartSandbox
from tests.meltano.conftest import MakeProject

JOURNALS = {"TAP_EXACT_ONLINE__SELECT": '["journals.Code", "journals.Description", "journals.IsBlocked"]'}


def test_without_a_database(
    start_sandbox: StartSandbox, database: Postgres, make_project: MakeProject
) -> None:
    sandbox = start_sandbox()
    project = make_project(sandbox, database, **JOURNALS)
    path, file = BY_NAME["journals"].path, project.folder / "output" / "journals.jsonl"
    codes = [division["Code"] for division in sandbox.control.divisions()]

    project.meltano("--environment=demo", "run", "exact-online-to-jsonl")
    first = [json.loads(line) for line in file.read_text().splitlines()]
    rows = [
        (code, row["ID"], row["Description"]) for code in codes for row in sandbox.control.rows(code, path)
    ]
    assert sorted((row["Division"], row["ID"], row["Description"]) for row in first) == sorted(rows)

    changed = sandbox.control.change(codes[0], path, count=2)
    project.meltano("--environment=demo", "run", "exact-online-to-jsonl")
    later = [json.loads(line) for line in file.read_text().splitlines()]
    assert later[: len(first)] == first
    # `Modified` counts whole seconds and more than one row may have the last one, so that one is read again.
    assert {row["ID"] for row in later[len(first) :]} >= set(changed)
