"""The tap, killed at a named point of a rotation: the program `dying tap`, with POINT and the options of the tap.

A real SIGKILL to itself, so nothing is tidied up: no handler runs, no buffer is flushed, no lock is let go by hand.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from tap_exact_online.auth.exchange import Exchange
from tap_exact_online.auth.stores.file import FileStore
from tap_exact_online.auth.tokens import Tokens
from tap_exact_online.tap import TapExactOnline


def _die(*_: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _then_die(act: Callable[..., Any]) -> Callable[..., NoReturn]:
    def acted(*arguments: Any) -> NoReturn:
        act(*arguments)
        _die()

    return acted


def _in_the_second_write(step: str) -> None:
    """Die in a step of the write that keeps the new tokens; the first write announces the exchange."""
    write, original = FileStore.write, {"fsync": os.fsync, "replace": Path.replace}

    def dying(store: FileStore, tokens: Tokens) -> None:
        if tokens.tries == 0:
            if step == "fsync":
                os.fsync = _die  # type: ignore[assignment]
            elif step == "before rename":
                Path.replace = _die  # type: ignore[method-assign, assignment]
            else:
                Path.replace = _then_die(original["replace"])  # type: ignore[method-assign, assignment]
        write(store, tokens)

    FileStore.write = dying  # type: ignore[method-assign]


POINTS: dict[str, Callable[[], None]] = {
    "before the POST": lambda: setattr(Exchange, "refresh", _die),
    "after the answer": lambda: setattr(Exchange, "refresh", _then_die(Exchange.refresh)),
    "during the write": lambda: _in_the_second_write("fsync"),
    "before the rename": lambda: _in_the_second_write("before rename"),
    "after the rename": lambda: _in_the_second_write("after rename"),
}


def main() -> None:
    """Run such a tap."""
    POINTS[sys.argv[1]]()
    TapExactOnline.cli(sys.argv[2:])
