"""The sandbox as a program of its own, the way a user starts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from demo.processes import BIN, started, when_ready


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox, and what the tap needs to reach it."""

    base_url: str
    client_id: str
    client_secret: str
    refresh_token: str
    redirect_uri: str


@contextmanager
def sandbox(folder: Path, *options: str) -> Iterator[Sandbox]:
    """Run `exact-online sandbox` on a free port and stop it at the end.

    Args:
        folder: Where its ready file and its log go.
        options: More of its command line options.

    Raises:
        ProgramFailed: It did not get ready.
    """
    ready, log = folder / "sandbox.json", folder / "sandbox.log"
    ready.unlink(missing_ok=True)
    command = [str(BIN / "exact-online"), "sandbox", "--port", "0", "--ready-file", str(ready), *options]
    with started(command, log) as process:
        facts = when_ready(process, ready, log)
        yield Sandbox(*(facts[each.name] for each in fields(Sandbox)))
