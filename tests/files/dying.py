"""The tap, killed at a named point of keeping a file: `python -m tests.files.dying POINT -- OPTIONS OF THE TAP`.

A real SIGKILL to itself, so nothing is tidied up.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from tap_exact_online.files.places import Folder
from tap_exact_online.tap import TapExactOnline

_NTH = 4


def _die(*_: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _at(name: str, *, before: bool) -> Callable[[], None]:
    """Die before or behind a step that is done for the fourth file."""

    def set_up() -> None:
        act, done = getattr(Folder, name), []

        def step(*arguments: Any) -> None:
            done.append(name)
            if before and len(done) == _NTH:
                _die()
            act(*arguments)
            if len(done) == _NTH:
                _die()

        setattr(Folder, name, step)

    return set_up


POINTS: Mapping[str, Callable[[], None]] = {
    "before the rename": _at("keep", before=True),
    "behind the rename": _at("keep", before=False),
    "before the note": _at("write", before=True),
    "behind the note": _at("write", before=False),
}

if __name__ == "__main__":
    POINTS[sys.argv[1]]()
    TapExactOnline.cli(sys.argv[3:])
