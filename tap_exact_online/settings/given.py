"""What was given for the settings, in the environment or in a file, however it is spelled where only one thing can be meant."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.settings.table import SETTINGS, Setting
from tap_exact_online.spoken import spoken, unstopped
from tap_exact_online.surroundings import env_file, read_env_file

PREFIX = "TAP_EXACT_ONLINE_"
_BOOLEANS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_WANTED: Mapping[str, str] = {
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a number of a division, or several as 123456,123457",
    "object": "a JSON object",
}
_TYPES: Mapping[str, type] = {"integer": int, "boolean": bool, "array": list, "object": dict}


def of_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that the environment gives.

    Raises:
        ConfigurationError: One of them is not what it should be; the message names the variable, and never shows a secret.
    """
    given = {}
    for setting in SETTINGS:
        variable = f"{PREFIX}{setting.name.upper()}"
        if (text := environment.get(variable)) is None:
            continue
        # A blank one switches off under Meltano, too.
        value = meant(setting, text) if text.strip() or setting.kind != "boolean" else False
        if setting.kind == "array" and not text.strip():
            msg = f"{variable}: '' names no division: leave it out for {'all' if setting.name == 'divisions' else 'none'}."
            raise ConfigurationError(msg)
        if setting.kind in _TYPES and not _is_one(setting.kind, value):
            msg = f"{variable}: '{spoken(text)}' is not {_WANTED[setting.kind]}."
            raise ConfigurationError(msg)
        given[setting.name] = value
    return given


def of_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with each setting as it is meant. What cannot be meant stays as it is, for the schema to refuse."""
    known = {setting.name: setting for setting in SETTINGS}
    return {name: meant(known[name], value) if name in known else value for name, value in config.items()}


def meant(setting: Setting, value: Any) -> Any:
    """Return what a value can only mean: one number where a list is wanted, a region in capitals, blanks around it.

    Args:
        setting: The setting.
        value: What was given for it.
    """
    if isinstance(value, str):
        value = value.strip()
    if setting.options and isinstance(value, str):
        return value.lower() if value.lower() in setting.options else value
    if setting.kind == "array":
        return _numbers(value)
    if not isinstance(value, str):
        return value
    if setting.kind == "boolean":
        return _BOOLEANS.get(value.lower(), value)
    if setting.kind == "integer":
        return int(value) if _WHOLE.fullmatch(value) else value
    return _loaded(value) if setting.kind == "object" else value


def _numbers(value: Any) -> Any:
    """Return numbers for `123`, `123, 456`, `[123]` and the same as a number or in a list; else the value as it is."""
    parts = value
    if isinstance(value, str):
        text = value[1:-1] if value.startswith("[") and value.endswith("]") else value
        parts = text.strip().removesuffix(",").split(",") if text.strip() else []
    elif not isinstance(value, list):
        parts = [value]
    numbers = [_number(part) for part in parts]
    return numbers if value != "" and all(number is not None for number in numbers) else value


def _number(part: Any) -> int | None:
    if isinstance(part, str) and _WHOLE.fullmatch(text := part.strip(" \t\"'")):
        return int(text)
    return part if isinstance(part, int) and not isinstance(part, bool) else None


def _loaded(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict) else text


def _is_one(kind: str, value: Any) -> bool:
    return isinstance(value, _TYPES[kind]) and isinstance(value, bool) is (kind == "boolean")


def read_env() -> None:
    """Put what the `.env` file of the working folder says behind the environment: for the tap and for all commands.

    Raises:
        ConfigurationError: It cannot be read.
    """
    file = env_file(Path.cwd())
    try:
        read_env_file(Path.cwd(), os.environ)
    except OSError as error:
        msg = f"The file {file} cannot be read: {unstopped(spoken(error.strerror))}."
        raise ConfigurationError(msg) from None
    except ValueError:  # of its bytes, which may hold a secret, nothing is shown
        msg = f"The file {file} cannot be read as text: save it as UTF-8."
        raise ConfigurationError(msg) from None
