"""The settings of the SDK itself that the environment gives. It reads ours, too, but takes less than can be meant."""

from __future__ import annotations

import os
from typing import Any

from singer_sdk import Tap
from singer_sdk.configuration._dict_config import parse_environment_config


def settings_of_sdk(tap: type[Tap], prefix: str) -> dict[str, Any]:
    """Return the settings that every tap has, as the environment gives them.

    Args:
        tap: The tap.
        prefix: What the names of the variables begin with.

    Raises:
        ValueError: One of them cannot be read.
    """
    schema: dict[str, Any] = {"properties": {}}
    tap.append_builtin_config(schema)
    # Else the SDK looks for a `.env` above the folder that it is installed in.
    return parse_environment_config(schema, prefix, os.devnull)
