"""Names that Exact looks up grow old in the rows that hold them; the statement of the docs finds those of today."""

from __future__ import annotations

import psycopg

from demo.postgres import Postgres
from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import StartSandbox
from tests.docs.pages import page
from tests.meltano.conftest import MakeProject

RUN = ("--environment=demo", "run", "tap-exact-online", "target-postgres")
ACCOUNT = "00000000-0000-4000-8000-00000000acc0"
LINE = "00000000-0000-4000-8000-00000000011e"


def test_a_new_name_is_found_by_the_statement_of_the_docs(
    start_sandbox: StartSandbox, database: Postgres, make_project: MakeProject
) -> None:
    sandbox = start_sandbox(divisions=1, rows=20)
    ((division,), accounts, lines) = (
        [row["Code"] for row in sandbox.control.divisions()],
        BY_NAME["accounts"].path,
        BY_NAME["transaction_lines"].path,
    )
    sandbox.control.set_row(division, accounts, {"ID": ACCOUNT, "Name": "Old and Sons"})
    line = {"ID": LINE, "Account": ACCOUNT, "AccountName": "Old and Sons", "EntryNumber": 4711}
    sandbox.control.set_row(division, lines, line)
    project = make_project(
        sandbox, database, TAP_EXACT_ONLINE__SELECT='["accounts.*", "transaction_lines.*"]'
    )
    project.meltano(*RUN)
    sandbox.control.set_row(division, accounts, {"ID": ACCOUNT, "Name": "New and Daughters"})
    project.meltano(*RUN)

    (statement,) = (block.body for block in page("data.md").blocks if block.mark == "names")
    with psycopg.connect(database.conninfo) as connection:
        named = {number: name for number, _, name in connection.execute(statement.encode())}
        (held,) = connection.execute(
            'SELECT "AccountName" FROM exact_online.transaction_lines WHERE "ID" = %s', (LINE,)
        ).fetchall()
    assert named[4711] == "New and Daughters"
    assert held == ("Old and Sons",)
    assert len(named) > 1
