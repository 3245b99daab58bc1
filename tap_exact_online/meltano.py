"""Whether another run of this tap begins in the same Meltano project folder at the same time.

Meltano keeps catalog and state of a tap in `.meltano/run/<tap>/`, in one file each for all runs of the project: it writes the
configuration of a run, removes the state, writes that of its own job, makes the catalog, and starts the tap. Where two runs do so at
once, one tap reads what the other's Meltano has written, or nothing. Only the configuration has a file for each run, which is made
first and is there until the run ends. Two marks on it tell how far a run is, and go with it:

- a tap that starts marks the others that have not read theirs yet as disturbed: it may have ended before they look for it;
- a tap that has read its own marks that, and is in nobody's way from then on, however long it takes.

Of two runs one of which could have been given what is the other's, so at least that one is refused. (What remains: a Meltano that
fails by itself after it has written a state, and before its tap starts, leaves no trace.)
"""

from __future__ import annotations

import contextlib
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.surroundings import how_to

_CONFIGURATION = re.compile(r"tap\.[0-9a-f-]{36}\.config\.json")
# The rights to run a file mean nothing for one that is no program. Nothing else of it survives its being read and goes with it.
_DISTURBED = stat.S_IXUSR
_HAS_READ = stat.S_IXGRP
_AT_ONCE = 60.0
"""Seconds from the configuration of a run to its reading state and catalog, at most. What is older was left by one that was killed."""


def begin(configurations: Iterable[str]) -> None:
    """Mark the runs that begin in the same folder: Meltano has changed the state for this one. Call it before all else.

    Args:
        configurations: The files of --config.
    """
    for mine in _ours(configurations):
        for path in _beginning(mine):
            _mark(path, _DISTURBED)


def check_alone(configurations: Iterable[str]) -> None:
    """Refuse to go on where another run may have changed what was read. Call it once state and catalog were read.

    Args:
        configurations: The files of --config.

    Raises:
        ConfigurationError: That may be so.
    """
    for mine in _ours(configurations):
        began, mode = _seen(mine)
        if mode & _DISTURBED or any(_seen(path)[0] >= began - _AT_ONCE for path in _beginning(mine)):
            msg = (
                f"Another run of this tap has begun in the same Meltano project folder at the same time ({mine.parent}). Meltano keeps"
                " one state and one catalog there for both, so this run may have been given the other's. Nothing was read. Start it"
                f" again in a minute, or give each run a folder of its own: `{how_to('work')}` does."
            )
            raise ConfigurationError(msg)
        _mark(mine, _HAS_READ)


def _ours(configurations: Iterable[str]) -> Iterator[Path]:
    """Yield the configurations that Meltano has made."""
    return (path for path in map(Path, configurations) if _CONFIGURATION.fullmatch(path.name))


def _beginning(mine: Path) -> list[Path]:
    """Return the configurations of other runs that have not read their state yet."""
    try:
        found = [path for path in mine.parent.iterdir() if _CONFIGURATION.fullmatch(path.name)]
    except OSError:
        return []
    return [path for path in found if path != mine and not _seen(path)[1] & _HAS_READ]


def _seen(path: Path) -> tuple[float, int]:
    """Return when a file was written and its mode; the beginning of time for one that is not there any more."""
    try:
        seen = path.stat()
    except OSError:  # that run has just ended
        return 0.0, 0
    return seen.st_mtime, seen.st_mode


def _mark(path: Path, mark: int) -> None:
    with contextlib.suppress(OSError):  # it has just ended, or belongs to another user
        path.chmod(stat.S_IMODE(path.stat().st_mode) | mark)
