"""How a command says what went wrong: in words for a person, as a line of data where Meltano reads such lines.

Meltano takes what a plugin writes on standard error for its log. A plain line has no level there and counts as information, so
`meltano --log-level=warning invoke` would hide why a command of the tap failed. (Of a command in `meltano run`, as `exact-online:deletes`
is one, Meltano 4.4 reads no data: there a plain line is all that can be written.)
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path

import click
from typing_extensions import override

_LOG_CONFIG = "SINGER_SDK_LOG_CONFIG"


def is_read_as_data(environment: Mapping[str, str]) -> bool:
    """Tell whether Meltano takes lines of data, by what it tells the SDK of the log."""
    try:
        return "StructuredFormatter" in Path(environment.get(_LOG_CONFIG, "")).read_text(encoding="utf-8")
    except OSError:
        return False


def fail(message: str) -> None:
    """Say why a command ends."""
    as_data = is_read_as_data(os.environ)
    click.echo(_data("error", "exact-online", message) if as_data else f"Error: {message}", err=True)


class LogFormatter(logging.Formatter):
    """Formats the log of a command, for whoever reads it."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(message)s")
        self._as_data = is_read_as_data(os.environ)

    @override
    def format(self, record: logging.LogRecord) -> str:
        plain = super().format(record)
        if not self._as_data:
            return plain
        return _data(record.levelname, record.name, plain.removeprefix(f"{record.levelname} "))


def _data(level: str, logger: str, message: str) -> str:
    """Return a line in the form of the Singer SDK; without one of these names Meltano does not take it for one."""
    facts: dict[str, object] = {
        "app_name": "exact-online",
        "thread_name": "MainThread",
        "stream_name": None,
        "extra": {},
    }
    said = {"level": level.lower(), "logger_name": logger, "message": message}
    return json.dumps({**said, "ts": time.time(), "pid": os.getpid(), **facts})
