"""Write the staging of the dbt package: a view for each stream that the ledger uses, their sources and their descriptions.

Usage: python scripts/write_ledger.py [--check]

What a stream's columns are, its key and its number in the log of deleted rows come from the tap's own tables; which of the
columns are taken stands in `ledger_columns.toml`. `--check` changes nothing and fails where a file is not what it should be.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from ledger_staging import Column, named, staged

from tap_exact_online.catalog import BY_NAME, sentences

FOLDER = Path(__file__).parents[1] / "dbt" / "models" / "staging"
_WIDE = 10_000  # a description stays on its line
_NOTE = "Written by scripts/write_ledger.py"
# Macros are not known where sources are read, so that the letter case is chosen in place.
_SPELLED = (
    "{{%- set name = {name} -%}}"
    "{{{{ {{'lower': name | lower, 'upper': name | upper}}.get(var('exact_online_case', 'as_is'), name) }}}}"
)


def model(stream: str, columns: Sequence[Column]) -> str:
    """Return the SQL of one staging model."""
    resource = BY_NAME[stream]
    # Whatever is a stream's own key: its company is called `division` everywhere.
    keys = ["division" if name == "Division" else named(name) for name in resource.primary_keys]
    if stream == "divisions":
        keys = ["division"]
    rules = [f"    key={keys!r},"]
    if resource.deleted_type is not None:
        rules.append(f"    deleted_type={resource.deleted_type},")
    if resource.divided and stream != "deleted":
        rules.append("    vanishing=true,")
    lines = [f"        ({each.field!r}, {each.name!r}, {each.kind!r})," for each in columns]
    call = [f"    '{stream}',", *rules, "    columns=[", *lines, "    ],"]
    return "\n".join([f"-- {_NOTE}", "{{ exact_online.staged(", *call, ") }}", ""])


def sources(streams: Sequence[str]) -> str:
    """Return where the tables of the loader are, which the user says in variables."""
    tables = [
        {
            "name": stream,
            "description": sentences()[stream],
            "identifier": _SPELLED.format(name=f"var('exact_online_prefix', '') ~ '{stream}'"),
        }
        for stream in streams
    ]
    source = {
        "name": "exact_online",
        "description": "What tap-exact-online read, as the loader wrote it.",
        "database": "{{ var('exact_online_database', none) or target.database }}",
        "schema": _SPELLED.format(name="var('exact_online_schema', 'exact_online')"),
        "quoting": {"database": True, "schema": True, "identifier": True},
        "tables": tables,
    }
    return _yaml({"version": 2, "sources": [source]})


def descriptions(streams: Mapping[str, Sequence[Column]]) -> str:
    """Return what is said of each staging model and its columns."""
    models = [
        {
            "name": f"stg_exact_online__{stream}",
            "description": sentences()[stream],
            "columns": [
                {"name": name, "description": words}
                for name, words in [
                    *((each.name, each.words) for each in columns),
                    (
                        "loaded_at",
                        "When the tap read the row, in UTC; null where the loader does not keep it.",
                    ),
                ]
            ],
        }
        for stream, columns in streams.items()
    ]
    return _yaml({"version": 2, "models": models})


def _yaml(document: object) -> str:
    return f"# {_NOTE}\n" + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=_WIDE)


def files() -> Mapping[str, str]:
    """Return the text of each file by its name."""
    streams = staged()
    return {
        **{f"stg_exact_online__{stream}.sql": model(stream, columns) for stream, columns in streams.items()},
        "sources.yml": sources([*streams]),
        "staging.yml": descriptions(streams),
    }


def main() -> int:
    """Write the files, or check them."""
    wanted = files()
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.*")}
    if "--check" in sys.argv[1:]:
        stale = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
        if stale:
            print(f"{', '.join(stale)}: not up to date: run python scripts/write_ledger.py")
        return int(bool(stale))
    for name in there.keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
