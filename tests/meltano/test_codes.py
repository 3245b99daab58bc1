"""What codes mean can be joined in the database; the statement of the docs does."""

from __future__ import annotations

import psycopg

from demo.postgres import Postgres
from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import StartSandbox
from tests.docs.pages import page
from tests.meltano.conftest import MakeProject

TERM = "00000000-0000-4000-8000-00000000ce12"
NEW = "00000000-0000-4000-8000-00000000ce13"


def test_the_statement_of_the_docs_says_what_codes_mean(
    start_sandbox: StartSandbox, database: Postgres, make_project: MakeProject
) -> None:
    sandbox = start_sandbox(divisions=1, rows=20)
    (division,) = [row["Code"] for row in sandbox.control.divisions()]
    path = BY_NAME["payment_terms"].path
    sandbox.control.set_row(division, path, {"ID": TERM, "Status": 20, "AmountDC": 4711.5})
    sandbox.control.set_row(division, path, {"ID": NEW, "Status": 77, "AmountDC": 4712.5})
    project = make_project(sandbox, database, TAP_EXACT_ONLINE__SELECT='["payment_terms.*", "code_lists.*"]')
    project.meltano("--environment=demo", "run", "tap-exact-online", "target-postgres")

    (statement,) = (block.body for block in page("data.md").blocks if block.mark == "codes")
    with psycopg.connect(database.conninfo) as connection:
        meanings = {float(amount): meaning for _, amount, meaning in connection.execute(statement.encode())}
    assert meanings[4711.5] == "open"
    assert meanings[4712.5] is None  # a code that Exact has added since loses no row
