"""How dbt finds the database: the `profiles.yml` of the package. Pure.

PostgreSQL is named by the variables that PostgreSQL's own programs take, as for `exact-online deletes`. A variable that is
empty counts as none: Meltano hands on a setting that has no value as an empty one.
"""

from __future__ import annotations

from collections.abc import Mapping

DATABASES = ("postgres", "duckdb")

_HEAD = """\
# How dbt finds the database. Written by `exact-online ledger init`; yours to change.
exact_online:
  target: {database}
  outputs:
    {database}:
      type: {database}
"""
_OUTPUTS: Mapping[str, str] = {
    "postgres": """\
      host: "{{ env_var('PGHOST', '') }}"
      port: "{{ (env_var('PGPORT', '') or '5432') | as_number }}"
      user: "{{ env_var('PGUSER', '') or env_var('USER', 'postgres') }}"
      password: "{{ env_var('PGPASSWORD', '') }}"
      dbname: "{{ env_var('PGDATABASE', '') or env_var('PGUSER', '') or env_var('USER', 'postgres') }}"
""",
    "duckdb": """\
      path: "{{ env_var('EXACT_ONLINE_LEDGER_DUCKDB') }}"
""",
}
_TAIL = """\
      schema: "{{ env_var('EXACT_ONLINE_LEDGER_SCHEMA', '') or 'exact_online_ledger' }}"
      threads: 4
"""


def profile(database: str) -> str:
    """Return the profile for one of `DATABASES`."""
    return _HEAD.format(database=database) + _OUTPUTS[database] + _TAIL
