"""Runs `exact-online` as a process of its own, and plays the person in front of the browser."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import queue
import re
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.conftest import Sandbox
from tests.processes import Forked, fork

COMMAND = [sys.executable, "-c", "from tap_exact_online.cli import main; main()"]
_FOREIGN = ("TAP_", "EXACT_ONLINE_", "DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "SSH_")
_PATIENCE = 30.0
TOKEN = "stampNL001"
"""The beginning of every token and code that a sandbox gives: what must never be shown."""


@dataclass
class Ended:
    """A run that is over."""

    exit_code: int
    out: str
    err: str

    @property
    def url(self) -> str:
        """The address that it printed."""
        return next(line for line in self.out.splitlines() if "/api/oauth2/auth?" in line)


class Running:
    """A run that is under way: what it writes is read as it comes."""

    def __init__(
        self, process: subprocess.Popen[bytes] | Forked, stdin: int | None, out: IO[bytes], err: IO[bytes]
    ) -> None:
        self.process = process
        self._stdin = stdin
        self._lines: queue.Queue[str] = queue.Queue()
        self._err: list[str] = []
        self._seen: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(stream, put), daemon=True)
            for stream, put in ((out, self._lines.put), (err, self._err.append))
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream: IO[bytes], put: object) -> None:
        for line in stream:
            put(line.decode())  # type: ignore[operator]

    def wait_for(self, words: str) -> str:
        """Return the first line with these words; reads up to it."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError("".join([words, " not in:\n", *self._seen, *self._err])) from None
            self._seen.append(line)
            if words in line:
                return line.strip()

    def url(self) -> str:
        """Return the address to open, when all of the instructions are there."""
        url = self.wait_for("/api/oauth2/auth?")
        self.wait_for("The browser then goes to")
        return url

    def type(self, text: str) -> None:
        """Type a line, or write it to the pipe."""
        assert self._stdin is not None
        os.write(self._stdin, text.encode() + b"\n")

    def end_input(self) -> None:
        """Close the pipe, or press Ctrl-D."""
        assert self._stdin is not None
        if os.isatty(self._stdin):
            os.write(self._stdin, b"\x04")
        else:
            os.close(self._stdin)
            self._stdin = None

    def end(self) -> Ended:
        """Wait for the end, and look for secrets in all that was written."""
        code = self.process.wait(_PATIENCE)
        for reader in self._readers:
            reader.join(_PATIENCE)
        while not self._lines.empty():
            self._seen.append(self._lines.get())
        return Ended(code, "".join(self._seen), "".join(self._err))

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(_PATIENCE)
        if self._stdin is not None:
            os.close(self._stdin)


def start(
    arguments: Sequence[str], env: Mapping[str, str], folder: Path, *, files: tuple[int, int, int]
) -> subprocess.Popen[bytes] | Forked:
    """Start `exact-online` with its standard files: anew where a variable is for Python itself, else forked."""
    stdin, out, err = files
    if any(name.startswith("PYTHON") and os.environ.get(name) != value for name, value in env.items()):
        command = [*COMMAND, *arguments]
        return subprocess.Popen(command, stdin=stdin, stdout=out, stderr=err, env=env, cwd=folder)
    return fork("exact-online", arguments, stdin=stdin, stdout=out, stderr=err, env=env, folder=folder)


@dataclass
class Program:
    """`exact-online`, set up for one sandbox and one user, with a home of its own."""

    sandbox: Sandbox
    folder: Path
    user: str
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings = {
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "base_url": self.sandbox.base_url,
            "store": str(self.folder / "store.json"),
            **self.settings,
        }

    @property
    def store(self) -> Path:
        return Path(self.settings["store"])

    @property
    def stored(self) -> dict[str, object]:
        return dict(json.loads(self.store.read_bytes()))

    @property
    def redirect_uri(self) -> str:
        return str(self.sandbox.control.options()["redirect_uri"])

    def env(self, **more: str) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        given = {f"TAP_EXACT_ONLINE_{name.upper()}": value for name, value in self.settings.items()}
        return {**own, "XDG_STATE_HOME": str(self.folder / "state"), "COLUMNS": "80", **given, **more}

    @contextlib.contextmanager
    def start(
        self, *options: str, terminal: bool = False, env: Mapping[str, str] | None = None
    ) -> Iterator[Running]:
        """Start a command, at debug level, on a terminal or with a pipe to write to."""
        if terminal:
            ours, theirs = pty.openpty()
            quiet = termios.tcgetattr(theirs)
            quiet[3] &= ~termios.ECHO  # what the terminal itself shows is not the program's
            termios.tcsetattr(theirs, termios.TCSANOW, quiet)
        else:
            theirs, ours = os.pipe()
        (out, their_out), (err, their_err) = os.pipe(), os.pipe()
        arguments = [options[0], "--log-level=debug", *options[1:]]
        files = theirs, their_out, their_err
        process = start(arguments, {**self.env(), **(env or {})}, self.folder, files=files)
        for each in (theirs, their_out, their_err):
            os.close(each)
        running = Running(process, ours, os.fdopen(out, "rb"), os.fdopen(err, "rb"))
        try:
            yield running
        finally:
            running.close()

    def run(self, *options: str, env: Mapping[str, str] | None = None) -> Ended:
        """Run to the end without a terminal, and find no secret in what was written."""
        with self.start(*options, env=env) as running:
            running.end_input()
            return self.checked(running)

    def checked(self, running: Running) -> Ended:
        """Wait for the end, and find no secret in what was written."""
        ended = running.end()
        self.check(ended.out + ended.err)
        assert "Traceback" not in ended.err, ended.err
        return ended

    def check(self, text: str) -> None:
        for secret in (TOKEN, self.settings["client_secret"], self.settings.get("refresh_token", TOKEN)):
            assert secret not in text
        assert "Bearer" not in text

    def login(self, **options: bool) -> Ended:
        """Log in with the redirect pasted through a pipe."""
        flags = [f"--{name}" for name, wanted in options.items() if wanted]
        with self.start("login", "--code-url=-", "--redirect-uri", self.redirect_uri, *flags) as running:
            running.type(self.consent(running.url()))
            return self.checked(running)

    def consent(self, url: str, answer: str = "allow", **changed: str) -> str:
        """Answer the question as a person does, and return where the browser is sent."""
        asked = dict(parse_qsl(urlsplit(url).query)) | changed
        page = url.partition("?")[0]
        with requests.Session() as session:
            session.trust_env = False
            given = session.post(
                page,
                data=asked | {"answer": answer, "user": self.user},
                allow_redirects=False,
                timeout=10,
                verify=self.sandbox.ca_file or True,
            )
        assert given.status_code == 302, given.text
        return given.headers["Location"]


def free_port() -> int:
    """Return a port of this machine that nobody has right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def state_in(url: str) -> str:
    """Return the state in an address."""
    return dict(parse_qsl(urlsplit(url).query))["state"]


def words_of(page: str) -> str:
    """Return what a person reads on a page."""
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", page).split())
