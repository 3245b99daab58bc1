"""What is forked has everything loaded: each of a thousand starts would take a tenth of a second otherwise."""

from __future__ import annotations

import subprocess
import sys

import pytest

START = """
import sys
from tests.zygote import PROGRAMS, load
name, *arguments = sys.argv[1:]
main = load(PROGRAMS[name])
before = {*sys.modules}
sys.argv[1:] = arguments
try:
    main()
except SystemExit:
    print(*sorted({*sys.modules} - before - {"click._textwrap"}), file=sys.stderr)  # which only a help needs
"""


@pytest.mark.parametrize("arguments", [("sandbox", "sandbox"), ("exact-online", "plan"), ("tap",)])
def test_a_start_imports_nothing_more(arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", START, *arguments, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    assert done.stderr == "\n"
