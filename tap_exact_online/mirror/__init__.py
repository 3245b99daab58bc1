"""SQL that mirrors deletes: it applies what the streams `deleted` and `reads` tell to the tables of a database. Pure.

    plan.py       what a script is to do, and how names are spelled
    postgres.py   PostgreSQL: one DO block
    merge.py      DuckDB, BigQuery, Snowflake: MERGE

Two rules in all dialects:

- An entry of the log, the stream `deleted`, concerns the row of the same division with that key, in the tables of the
  streams with that `EntityType`, as long as the row's `Timestamp` is not higher than the entry's. A row with a higher one
  came back after it was deleted.
- A row that the tap read before the last whole read of its stream and division began, which `reads` tells, and not
  since, is no longer there. Where a loader only adds rows, the newest one of a key tells. Where the log speaks of a row,
  the log decides whether it came back.

What a script does follows from the rows, the log and the reads alone, never from what an earlier run did. So it can be
run as often as one likes, also after rows were loaded again. A mark stays where nothing is told of its row any more.
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
-- Mirrors deletes in Exact Online: {doing} the rows that the log "{log}" names, where they are not newer than its entry{also}.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
"""

_ALSO = """,
-- and those that the last whole read, as "{reads}" tells, did not find any more"""


def script(dialect: str, plan: Plan) -> str:
    """Return the script that does what is planned, in one of `DIALECTS`.

    Raises:
        ConfigurationError: A name of the plan cannot be used.
    """
    plan.check()
    doing = "removes" if plan.mode is Mode.REMOVE else "marks"
    also = _ALSO.format(reads=plan.table("reads")) if plan.extracted else ""
    return _HEAD.format(doing=doing, log=plan.table("deleted"), also=also) + _SCRIPTS[dialect](plan)


def usual_case(dialect: str) -> Case:
    """Return how the usual loaders of a dialect spell names.

    Snowflake spells names without quotes in capitals, and its loaders keep to that. DuckDB takes any spelling.
    """
    return Case.UPPER if dialect == "snowflake" else Case.AS_IS
