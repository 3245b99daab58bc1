"""Whether another run of this tap has begun in the same Meltano project folder at the same time.

Meltano keeps catalog and state of a tap in `.meltano/run/<tap>/`, in one file each for all runs of the project: it removes the
state, writes that of its own job, and starts the tap a few seconds later. Where two runs do so at once, one tap reads the other's
state, or none. Only the configuration has a file for each run, which is made first and is there until the run ends: so another
one that is about as young as ours tells of a run that may have changed the state in between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tap_exact_online.errors import ConfigurationError

_CONFIGURATION = re.compile(r"tap\.[0-9a-f-]{36}\.config\.json")
_AT_ONCE = 60.0
"""Seconds from the configuration of a run to its state, at most. What is older has read its own, or was left by a run that was killed."""


def check_alone(configurations: Iterable[str]) -> None:
    """Refuse to go on where another run may have changed the state that was read. Call it once the state was read.

    Args:
        configurations: The files of --config.

    Raises:
        ConfigurationError: That may be so.
    """
    for path in map(Path, configurations):
        if _CONFIGURATION.fullmatch(path.name) and _others(path):
            msg = (
                f"Another run of this tap has begun in the same Meltano project folder, less than a minute before or after this one"
                f" ({path.parent}). Meltano keeps one state file for both, so this run may have been given the other's. Nothing was"
                " read. Start it again in a minute, or give each run a folder of its own: `exact-online work` does."
            )
            raise ConfigurationError(msg)


def _others(mine: Path) -> list[Path]:
    """Return the configurations of other runs that are about as young, or younger."""
    try:
        began = mine.stat().st_mtime
        found = [path for path in mine.parent.iterdir() if _CONFIGURATION.fullmatch(path.name)]
    except OSError:
        return []
    return [path for path in found if path != mine and _younger(path, began - _AT_ONCE)]


def _younger(path: Path, than: float) -> bool:
    try:
        return path.stat().st_mtime >= than
    except OSError:  # that run has just ended
        return False
