"""SQL that mirrors deletes: it applies the log of deleted rows, the stream `deleted`, to the tables of a database. Pure.

    plan.py       what a script is to do, and how names are spelled
    postgres.py   PostgreSQL: one DO block
    merge.py      DuckDB, BigQuery, Snowflake: MERGE

One rule in all dialects: an entry of the log concerns the row of the same division with that key, in the tables of the
streams with that `EntityType`, as long as the row's `Timestamp` is not higher than the entry's. A row with a higher one
came back after it was deleted.

What a script does follows from the rows and the log alone, never from what an earlier run did. So it can be run as
often as one likes, also after rows were loaded again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tap_exact_online.mirror import merge, postgres
from tap_exact_online.mirror.plan import Case, Mode, Plan

_SCRIPTS: Mapping[str, Callable[[Plan], str]] = {
    "postgres": postgres.script,
    "duckdb": merge.duckdb,
    "bigquery": merge.bigquery,
    "snowflake": merge.snowflake,
}

DIALECTS: Sequence[str] = tuple(_SCRIPTS)

_HEAD = """\
-- Mirrors deletes in Exact Online: {doing} the rows that the log "{log}" names, where they are not newer than its entry.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
"""


def script(dialect: str, plan: Plan) -> str:
    """Return the script that does what is planned, in one of `DIALECTS`.

    Raises:
        ConfigurationError: A name of the plan cannot be used.
    """
    plan.check()
    doing = "removes" if plan.mode is Mode.REMOVE else "marks"
    return _HEAD.format(doing=doing, log=plan.table("deleted")) + _SCRIPTS[dialect](plan)


def usual_case(dialect: str) -> Case:
    """Return how the usual loaders of a dialect spell names.

    Snowflake spells names without quotes in capitals, and its loaders keep to that. DuckDB takes any spelling.
    """
    return Case.UPPER if dialect == "snowflake" else Case.AS_IS
