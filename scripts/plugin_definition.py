"""What `meltano.yml` and the definition for MeltanoHub both say of the tap, made from the tap's own tables.

`write_meltano.py` and `write_hub.py` write it down, each in the order and the company that its reader wants.
"""

from __future__ import annotations

from typing import Any

from tap_exact_online import cli
from tap_exact_online.catalog import patterns
from tap_exact_online.catalog.resources import STREAMS
from tap_exact_online.settings import SETTINGS, Setting

CAPABILITIES = (
    "about",
    "activate-version",
    "batch",
    "catalog",
    "discover",
    "schema-flattening",
    "state",
    "stream-maps",
    "structured-logging",
    "test",
)

_PROGRAM = "exact-online"
# The sandbox is no part of a user's project.
COMMANDS: dict[str, dict[str, str]] = {
    **{
        name: {"executable": _PROGRAM, "args": name, "description": line}
        for name, (_, line) in cli.COMMANDS.items()
        if name != "sandbox"
    },
    # `meltano test` runs the commands whose names begin with `test`.
    "test": {
        "args": "--config=ENV --test",
        "description": "Read the list of divisions, which shows that settings, connection and rights are in order.",
    },
}

# What every tap of the SDK takes. Meltano reads only the variables of settings that it knows, so they are named, too.
SDK_SETTINGS: tuple[dict[str, Any], ...] = (
    {
        "name": "stream_maps",
        "kind": "object",
        "label": "Stream Maps",
        "description": "What to do to streams and fields on their way out: rename, hash, compute, filter or drop them.",
    },
    {
        "name": "stream_map_config",
        "kind": "object",
        # Whoever has the salt of a hash can try names until one fits.
        "sensitive": True,
        "label": "Stream Map Values",
        "description": "Values that the expressions of the stream maps can use, for example the salt of a hash.",
    },
    {
        "name": "faker_config.seed",
        "kind": "string",
        "label": "Faker Seed",
        "description": "Makes `fake` give the same made-up names in every run.",
    },
    {
        "name": "faker_config.locale",
        "kind": "array",
        "label": "Faker Locale",
        "description": "The countries whose made-up names `fake` gives in stream maps. Needs the package faker, which"
        " can be named behind the tap in `pip_url`.",
    },
    {
        "name": "flattening_enabled",
        "kind": "boolean",
        "label": "Flatten Nested Fields",
        "description": "Give every field of a nested one a column of its own. Nested fields are off by default here.",
    },
    {
        "name": "flattening_max_depth",
        "kind": "integer",
        "label": "Flattening Depth",
        "description": "How deep to flatten.",
    },
    {
        "name": "flattening_max_key_length",
        "kind": "integer",
        "label": "Flattened Name Length",
        "description": "The longest name of a flattened field; longer ones are shortened.",
    },
    {
        "name": "flattening_separator",
        "kind": "string",
        "label": "Flattening Separator",
        "description": "What stands between the parts of a flattened name; two underscores unless set.",
    },
    {
        "name": "batch_config.encoding.format",
        "kind": "options",
        "label": "Batch Format",
        "description": "The format of BATCH files, for a loader that reads them instead of records.",
        "options": [{"label": "JSONL", "value": "jsonl"}, {"label": "Parquet", "value": "parquet"}],
    },
    {
        "name": "batch_config.encoding.compression",
        "kind": "options",
        "label": "Batch Compression",
        "description": "The compression of BATCH files. JSONL files are made with GZIP, so none is for Parquet only.",
        "options": [{"label": "GZIP", "value": "gzip"}, {"label": "None", "value": "none"}],
    },
    {
        "name": "batch_config.storage.root",
        "kind": "string",
        "label": "Batch Storage Root",
        "description": "The folder or bucket of BATCH files, as a URL that the loader can reach, too.",
    },
    {
        "name": "batch_config.storage.prefix",
        "kind": "string",
        "label": "Batch File Prefix",
        "description": "What the names of BATCH files begin with.",
    },
)


def _own(setting: Setting) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": setting.name, "kind": setting.kind}
    if setting.secret:
        facts["sensitive"] = True
    facts |= {"label": setting.label, "description": setting.description}
    if setting.default not in (None, [], {}):
        facts["value"] = setting.default
    if setting.options:
        facts["options"] = [{"label": label, "value": value} for value, label in setting.options.items()]
    return facts


def settings() -> list[dict[str, Any]]:
    """Return all settings, in Meltano's words: the tap's own first."""
    return [*map(_own, SETTINGS), *SDK_SETTINGS]


def settings_group_validation() -> list[list[str]]:
    """Return the sets of settings without which nothing works: there is one."""
    return [[setting.name for setting in SETTINGS if setting.required]]


def select() -> list[str]:
    """Return the patterns that select what is on by default."""
    return patterns([resource for resource in STREAMS if resource.selected])
