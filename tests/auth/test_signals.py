"""What the system may do to a process that holds a token."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys

import pytest

from tap_exact_online.auth.signals import held_back

_ENDING = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGTERM", "SIGPROF", "SIGIO")


@pytest.mark.parametrize("name", [*_ENDING, "SIGRTMIN"])
def test_a_signal_takes_effect_behind_the_block(name: str) -> None:
    script = (
        "import os, signal, sys\n"
        "from tap_exact_online.auth.signals import held_back\n"
        "with held_back():\n"
        "    os.kill(os.getpid(), getattr(signal, sys.argv[1]))\n"
        "    print('kept', flush=True)\n"
        "print('behind')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, name], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "kept\n"
    assert done.returncode in {-getattr(signal, name), 1}  # SIGINT is an exception in Python


def test_handlers_are_as_before_and_what_is_ignored_stays_ignored() -> None:
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    with held_back():
        assert signal.getsignal(signal.SIGPIPE) is before[signal.SIGPIPE]
    assert {number: signal.getsignal(number) for number in signal.valid_signals()} == before


@pytest.mark.parametrize(
    "start", ["from tap_exact_online.__main__ import main", "from tap_exact_online.cli import main"]
)
def test_no_crash_writes_the_memory_to_disk(start: str) -> None:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    script = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_CORE, ({hard}, {hard})); {start}\n"
        "sys.argv = ['x', '--about'] if 'main__' in sys.argv[1] else ['x', 'status']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, start], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr.splitlines()[-1] == "(0, 0)"
