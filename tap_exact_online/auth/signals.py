"""What the system may do to a process that holds a token: interrupt it, or write its memory to disk."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

# A fault of the program itself cannot wait; that a child ended or a window changed ends nothing.
_PASS = ("SIGKILL", "SIGSTOP", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGABRT", "SIGSYS")
_HARMLESS = ("SIGCHLD", "SIGCONT", "SIGWINCH", "SIGURG")
_LEFT = frozenset(getattr(signal, name) for name in (*_PASS, *_HARMLESS) if hasattr(signal, name))


@contextmanager
def held_back() -> Iterator[None]:
    """Let a signal that comes while the block runs take effect right behind it.

    Only the main thread may set handlers, and only there do they run: another thread is not interrupted anyway. Handlers,
    not a mask: a mask holds for one thread, and a signal that nobody handles ends all of them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    before: dict[int, Any] = {}
    try:
        for number in signal.valid_signals() - _LEFT:
            _hold(number, note, before)
        yield
    finally:
        for held, handler in before.items():
            signal.signal(held, handler)
        for first in came[:1]:
            signal.raise_signal(first)


def _hold(number: int, note: Any, before: dict[int, Any]) -> None:
    handler = signal.getsignal(number)
    # What is ignored stays so, and a handler that Python does not know could not be put back.
    if handler is not None and handler is not signal.SIG_IGN:
        with suppress(OSError, ValueError):  # the C library keeps some for itself
            signal.signal(number, note)
            before[number] = handler


def leave_no_core() -> None:
    """Let no crash write the memory to disk, with the secrets and tokens in it."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415  not on Windows, which writes none

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
