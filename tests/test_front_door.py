"""What is set up before anything else."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys

import pytest

# The C library's own account of itself names every place that memory is taken from.
_FOUR_THREADS = """
import contextlib, ctypes, sys, threading
from tap_exact_online.__main__ import main

if sys.argv.pop() == "shared":
    sys.argv += ["--version"]
    with contextlib.suppress(SystemExit):
        main()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
together = threading.Barrier(4)

def take():
    together.wait(30)
    library.malloc(1000)
    together.wait(30)

threads = [threading.Thread(target=take) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
library.malloc_stats()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has a place for each thread")
@pytest.mark.parametrize(("how", "one"), [("shared", True), ("as it comes", False)])
def test_threads_take_their_memory_from_one_place(how: str, one: bool) -> None:  # noqa: FBT001  a table
    done = subprocess.run(
        [sys.executable, "-c", _FOUR_THREADS, how], capture_output=True, text=True, check=True, timeout=60
    )
    assert (done.stderr.count("Arena ") == 1) is one, done.stderr


def test_a_system_without_time_zones_is_good_enough() -> None:
    """As in slim images: zoneinfo finds nothing but what is installed with the tap."""
    assert "tzdata" in (importlib.metadata.requires("tap-exact-online") or ()), (
        "it comes with the tap, everywhere"
    )
    bare = subprocess.run(
        [sys.executable, "-m", "tap_exact_online", "--discover"],
        env={**os.environ, "PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert bare.returncode == 0, bare.stderr
