"""The demonstration, as `make demo` runs it, with fewer rows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

from demo.project import ROOT

DEMO = (sys.executable, "-m", "demo", "--rows", "200")


def living(folder: Path) -> list[str]:
    """Return the programs that know of a folder."""
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline"])
        if process.pid != os.getpid() and str(folder) in " ".join(process.info["cmdline"] or [])
    ]


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DEMO, "--folder", folder, *options], cwd=ROOT, check=False, capture_output=True, text=True
    )
