"""What a program of the Singer SDK tells of itself with --about."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def about(program: Path) -> dict[str, Any]:
    """Return what the program tells."""
    done = subprocess.run([program, "--about", "--format=json"], check=True, capture_output=True)
    return dict(json.loads(done.stdout))


def settings(schema: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Name settings as Meltano and its Hub do: a dot leads into an object, unless its keys are the user's own."""
    for name, each in schema["properties"].items():
        if each.get("properties") and not isinstance(each.get("additionalProperties"), dict):
            yield from settings(each, f"{prefix}{name}.")
        else:
            yield prefix + name, each
