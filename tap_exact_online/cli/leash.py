"""Ends a command whose worker was killed: `python leash.py`, a process beside the worker that outlives it for a moment.

Whoever is killed outright can end nothing any more, and its command would go on while another worker runs the same group.
This process reads from a pipe that the worker holds. Each line names the process group that is to end with the worker, or
0 for none; when the pipe ends, the worker is gone. It needs nothing but the standard library, so it starts at once.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

GRACE = 60.0
"""Seconds from SIGTERM to SIGKILL: the tap writes its state, and finishes an exchange of tokens first."""
_REST = 5.0  # for what a command left behind


def end(group: int, is_gone: Callable[[], bool], grace: float = GRACE) -> None:
    """End a process group: its leader first, in good order, then what that left behind.

    Args:
        group: The number of the leader, and so of the group.
        is_gone: Tells whether the leader has ended.
        grace: Seconds that the leader has.
    """
    _send(lambda: os.kill(group, signal.SIGTERM))
    if not _wait(is_gone, grace):
        _send(lambda: os.killpg(group, signal.SIGKILL))
        return
    sweep(group)


def sweep(group: int) -> None:
    """End what is left of a process group whose leader has ended."""
    if _is_there(group):
        _send(lambda: os.killpg(group, signal.SIGTERM))
        if not _wait(lambda: not _is_there(group), _REST):
            _send(lambda: os.killpg(group, signal.SIGKILL))


def _send(act: Callable[[], None]) -> bool:
    try:
        act()
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _is_there(group: int) -> bool:
    return _send(lambda: os.killpg(group, 0))


def _wait(is_so: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def main() -> None:
    """Wait for the end of the worker."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    group = 0
    for line in sys.stdin:
        group = int(line)
    if group:
        end(group, lambda: not _send(lambda: os.kill(group, 0)))


if __name__ == "__main__":
    main()
