"""The sandbox as a process of its own, with limits out of the way and its pages kept once they are made."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from rig.measuring import environment
from tap_exact_online.sandbox.control import Control

LINES = "sync/Financial/TransactionLines"
_PATIENCE = 60.0
_GENEROUS = {
    "minute_limit": 10**7,
    "day_limit": 10**7,
    "contract_limit": 10**7,
    "token_limit": 10**6,
    "refresh_after": 0,
    "access_lifetime": 86_400,
    "page_cache_mib": 6_000,
}


@dataclass(frozen=True, slots=True)
class Served:
    """A running sandbox.

    Attributes:
        base_url: Where it listens.
        client_id: The app registration.
        client_secret: Its secret, as made up as everything else in it.
        control: Its commands.
        pid: Its process.
        access_tokens: The one for programs that know nothing of tokens, once it was asked for.
    """

    base_url: str
    client_id: str
    client_secret: str
    control: Control
    pid: int
    access_tokens: list[str] = field(default_factory=list)

    def connection(self, user: str = "sandbox") -> dict[str, str]:
        """Sign in anew and return the settings of a connection of its own."""
        return {
            "base_url": self.base_url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.control.new_login(user),
        }

    def access_token(self) -> str:
        """Return an access token that outlives the benchmark, for programs that know nothing of tokens."""
        if self.access_tokens:
            return self.access_tokens[0]
        given = self.connection("of its own")
        form = {
            "grant_type": "refresh_token",
            **{name: given[name] for name in ("client_id", "client_secret", "refresh_token")},
        }
        answer = requests.post(f"{self.base_url}/api/oauth2/token", data=form, timeout=30)
        answer.raise_for_status()
        self.access_tokens.append(str(answer.json()["access_token"]))
        return self.access_tokens[0]


@contextmanager
def serve(**options: Any) -> Iterator[Served]:
    """Run `exact-online sandbox` with these options until the block is left.

    `minute_limit=60` stands for `--minute-limit 60`, `table={path: 5}` for `--table path=5`.

    Raises:
        RuntimeError: It does not start.
    """
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # takes the sandbox along
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-c", "from tap_exact_online.cli import main; main()", "sandbox"]
        command += ["--quiet", "--port", "0", "--ready-file", str(ready)]
        for name, value in {**_GENEROUS, **options}.items():
            flag = "--" + name.replace("_", "-")
            if isinstance(value, dict):
                command += [part for key, each in value.items() for part in (flag, f"{key}={each}")]
            elif value is not False:
                command += [flag] if value is True else [flag, str(value)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment())
        try:
            deadline = time.monotonic() + _PATIENCE
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    msg = "The sandbox does not start: is the extra installed? `make install` does it."
                    raise RuntimeError(msg)
                time.sleep(0.01)
            facts = json.loads(ready.read_bytes())
            yield Served(
                facts["base_url"],
                facts["client_id"],
                facts["client_secret"],
                Control(facts["base_url"]),
                process.pid,
            )
        finally:
            process.terminate()
            process.wait(10)


def cpu_of(pid: int) -> float:
    """Return the seconds of the processor that a running process and its ended children used; 0 where only Linux tells."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    ticks = 100  # of the kernel's interface, whatever its own clock does
    return sum(map(int, fields[11:15])) / ticks
