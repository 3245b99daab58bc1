"""What the commands that talk to Exact Online share: where their settings come from, and their log."""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from tap_exact_online.cli.failing import LogFormatter
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.settings import SETTINGS, Settings, config_jsonschema, of_config, of_environment, parse
from tap_exact_online.spoken import unstopped

_TYPES: Mapping[str, type] = {"integer": int, "array": list, "object": dict, "boolean": bool}
_OR_OBJECT = frozenset(setting.name for setting in SETTINGS if setting.or_object)
_KINDS = {setting.name: setting.kind for setting in SETTINGS}
_LEVELS = ("debug", "info", "warning", "error")


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name the connection, and the checked settings as its argument `settings`."""

    @functools.wraps(command)
    def wrapped(load_settings: Callable[[], Settings], **given: Any) -> None:
        command(settings=load_settings(), **given)

    return with_connection(wrapped)


def with_connection(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name the connection, and `load_settings`, which checks and returns what they say.

    The environment wins over the files of --config, as for the tap, and the command line over both.
    """

    @click.option(
        "--config",
        "files",
        multiple=True,
        metavar="FILE",
        help="The tap's configuration, as JSON. Can be given more than once, later ones win.",
    )
    @click.option("--region", help="Instead of the setting `region`.")
    @click.option("--base-url", help="Instead of the setting `base_url`.")
    @click.option("--store", help="Instead of the setting `store`.")
    @click.option(
        "--log-level",
        type=click.Choice(_LEVELS, case_sensitive=False),
        default="warning",
        show_default=True,
        help="What to tell on standard error.",
    )
    @functools.wraps(command)
    def wrapped(files: tuple[str, ...], log_level: str, **given: Any) -> None:
        handler = logging.StreamHandler()
        handler.setFormatter(LogFormatter())
        logging.basicConfig(handlers=[handler], level=log_level.upper(), force=True)
        named = {name: given.pop(name) for name in ("region", "base_url", "store")}
        command(load_settings=functools.partial(load, files, os.environ, named), **given)

    return wrapped


def has_terminal() -> bool:
    """Tell whether a person can be asked."""
    return os.isatty(0)


def load(files: tuple[str, ...], environment: Mapping[str, str], named: Mapping[str, str | None]) -> Settings:
    """Put the settings together and check them.

    Args:
        files: Paths of JSON files. `ENV`, as the tap takes it, means the environment, which is read anyway.
        environment: The environment.
        named: Settings from the command line; None is unset.

    Raises:
        ConfigurationError: A file or a setting cannot be used. No message shows a secret.
    """
    config: dict[str, Any] = {}
    for file in files:
        if file != "ENV":
            config |= json_object(file, "--config")
    config |= of_environment(environment)
    config |= {name: value for name, value in named.items() if value is not None}
    config = of_config(config)
    for name, schema in config_jsonschema()["properties"].items():
        value = config.get(name)
        free = name in _OR_OBJECT and isinstance(value, Mapping)
        if value is not None and not free and not _has_kind(value, _KINDS[name]):
            msg = f"`{name}`: the value has the wrong type."
            raise ConfigurationError(msg)
        if value is not None and "minimum" in schema and value < schema["minimum"]:
            msg = f"`{name}`: {value} is less than {schema['minimum']}."
            raise ConfigurationError(msg)
    return parse(config)


def json_object(file: str, option: str) -> dict[str, Any]:
    """Read a JSON object from a file, or from standard input where that is `-`.

    Args:
        file: Its path, or `-`.
        option: The option that names it, for messages.

    Raises:
        ConfigurationError: It cannot be read, or holds something else.
    """
    place = "standard input" if file == "-" else file
    try:
        found = json.loads(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except OSError as error:
        msg = f"{option}: {place} cannot be read: {unstopped(error.strerror)}."
        raise ConfigurationError(msg) from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        msg = f"{option}: {place} does not hold a JSON object."
        raise ConfigurationError(msg)
    return found


def _has_kind(value: Any, kind: str) -> bool:
    if isinstance(value, list) and kind == "array":
        return all(_has_kind(each, "integer") for each in value)
    return isinstance(value, _TYPES.get(kind, str)) and isinstance(value, bool) is (kind == "boolean")
