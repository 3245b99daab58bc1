"""The front door: `tap-exact-online`, and `python -m tap_exact_online` where no console script is installed."""

from __future__ import annotations

import contextlib
import gc

from tap_exact_online.auth.signals import leave_no_core

_M_ARENA_MAX = -8


def main() -> None:
    """Run the tap."""
    leave_no_core()
    _share_memory()
    # What is imported stays: searching it for garbage, then and in the run, takes a fifth of the start.
    gc.disable()
    from tap_exact_online import output  # noqa: PLC0415
    from tap_exact_online.errors import OutputLost  # noqa: PLC0415
    from tap_exact_online.tap import TapExactOnline  # noqa: PLC0415
    from tap_exact_online.telling import tell_failure  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    output.watch()
    try:
        try:
            TapExactOnline.cli()
        finally:
            output.flush()
    except OutputLost as error:  # of the help or the version: what a run says is seen to where it ends
        output.give_up()
        tell_failure(error)
        raise SystemExit(error.exit_code) from None


def _share_memory() -> None:
    """Let all threads take their memory from one place.

    The C library of most Linux systems (glibc) gives each thread a place of its own, and what was once taken there stays
    there: 12 MB for each division that is read at once. Others have no such function, and no such places.
    """
    with contextlib.suppress(ImportError, OSError, AttributeError, TypeError):
        import ctypes  # noqa: PLC0415 - a Python may have been built without it

        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


if __name__ == "__main__":
    main()
