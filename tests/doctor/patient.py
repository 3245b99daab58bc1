"""Runs `exact-online doctor` as a process of its own and reads what it says."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.cli.program import Ended, Program
from tests.processes import fork, run

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass
class Diagnosis:
    """What the doctor said in JSON."""

    exit_code: int
    document: dict[str, Any]
    err: str

    @property
    def findings(self) -> dict[str, dict[str, Any]]:
        """The findings by their kind; where there are several of a kind, the last."""
        return {each["finding"]: each for each in self.document["findings"]}

    @property
    def checks(self) -> dict[str, str]:
        return {each["check"]: each["status"] for each in self.document["checks"]}

    @property
    def summaries(self) -> dict[str, str]:
        return {each["check"]: each["summary"] for each in self.document["checks"]}

    def results(self, stream: str) -> list[str]:
        """Return what a stream comes to, division by division."""
        found = next(each for each in self.document["rights"] if each["stream"] == stream)
        return [*found["results"].values()]


class Patient(Program):
    """The command, with what it says in JSON."""

    def doctor(self, *options: str) -> Diagnosis:
        """Run the doctor to its end."""
        ended = self.run("doctor", "--json", *options)
        document = json.loads(ended.out)
        assert document["exit_code"] == ended.exit_code
        return Diagnosis(ended.exit_code, document, ended.err)

    def given(self, text: bytes, *options: str) -> Ended:
        """Run a command that reads something from standard input."""
        done = run("exact-online", options, given=text, env=self.env())
        self.check(done.stdout + done.stderr)
        return Ended(done.returncode, done.stdout, done.stderr)

    def on_terminal(self, columns: int, *options: str, env: Mapping[str, str] | None = None) -> Ended:
        """Run a command whose output goes to a terminal of that width."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        environment = self.env(TERM="xterm-256color", **(env or {}))
        del environment["COLUMNS"]
        process = fork("exact-online", options, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        written = b""
        while chunk := _read(ours):
            written += chunk
        os.close(ours)
        code = process.wait(60)
        text = written.decode().replace("\r\n", "\n")
        self.check(text)
        return Ended(code, text, "")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""
