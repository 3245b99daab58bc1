# ruff: noqa: S603 - it runs the programs of this project
"""Make the pictures of the docs anew, from what the programs really show.

Usage: python scripts/write_pictures.py [NAME…]

Needs Chromium, and the Meltano plugins for the picture of the demo. What differs from machine to machine, as folders do, is
written as a reader would see it; all else is as it came. Pictures are looked at before they are committed, not compared.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import requests
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
REDIRECT_URI = "http://localhost:8400/callback"

_MAIN = (sys.executable, "-c", "from tap_exact_online.cli import main; main()")
_SANDBOX = ("--port=8765", "--seed=1", "--rows=2500", f"--redirect-uri={REDIRECT_URI}")
_CHROMIUM = ("--headless", "--disable-gpu", "--hide-scrollbars", "--no-proxy-server", "--window-size=720,360")
_WIDTH, _WIDE = 110, 132
_FOREIGN = ("TAP_", "TARGET_", "EXACT_ONLINE_", "MELTANO_", "DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


@contextmanager
def _reader(home: Path) -> Iterator[dict[str, str]]:
    """Run a sandbox, and provide the environment of a reader who connects to it; nothing of the caller's own gets in."""
    ready = home / "ready.json"
    own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    command = [*_MAIN, "sandbox", *_SANDBOX, f"--ready-file={ready}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or "Sandbox ready" not in process.stdout.readline():
            sys.exit("The sandbox did not start.")
        facts = json.loads(ready.read_bytes())
        yield {
            **own,
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / ".local" / "state"),
            "TAP_EXACT_ONLINE_BASE_URL": facts["base_url"],
            "TAP_EXACT_ONLINE_CLIENT_ID": facts["client_id"],
            "TAP_EXACT_ONLINE_CLIENT_SECRET": facts["client_secret"],
        }
    finally:
        process.terminate()
        process.wait()


def _login(environment: Mapping[str, str], home: Path) -> None:
    """Connect as a person does, and picture what is seen on the way."""
    command = [*_MAIN, "login", "--redirect-uri", REDIRECT_URI]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=home)
    said = []
    for line in process.stdout or ():
        said.append(line)
        if "/api/oauth2/auth?" in line:
            url = line.strip()
            _screenshot("consent.png", url)
            # What the button "Allow" does, so that the browser need not be driven.
            form = {**dict(parse_qsl(urlsplit(url).query)), "user": "sandbox", "answer": "allow"}
            answer = requests.post(url.partition("?")[0], data=form, allow_redirects=False, timeout=10)
            _screenshot("connected.png", answer.headers["Location"])
    if process.wait():
        sys.exit("The login failed.")
    _terminal("login.svg", f"exact-online login --redirect-uri {REDIRECT_URI}", "".join(said), home)


def _screenshot(name: str, url: str) -> None:
    """Picture a page in a real browser."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is not installed.")
    with tempfile.TemporaryDirectory() as profile:
        flags = [*_CHROMIUM, f"--user-data-dir={profile}", f"--screenshot={PICTURES / name}"]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")  # it refuses to start as root otherwise
        subprocess.run([chromium, *flags, url], check=True, stderr=subprocess.DEVNULL, timeout=60)


def _shown(command: Sequence[str], environment: Mapping[str, str], folder: Path, width: int = _WIDTH) -> str:
    """Run a command on a terminal and return what stays on it, colours included; a bar of progress goes by.

    In a folder of its own, where neither a project nor a `.env` file makes a difference, but for the demo.
    """
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (50, width))
    with subprocess.Popen(
        command,
        stdout=its,
        stderr=subprocess.DEVNULL,
        env={**environment, "TERM": "xterm-256color"},
        cwd=folder,
    ) as process:
        os.close(its)
        parts = []
        with contextlib.suppress(OSError):  # what a terminal says when the other side has gone
            while part := os.read(ours, 65536):
                parts.append(part)
        os.close(ours)
    if process.returncode:
        sys.exit(f"{command} ended with {process.returncode}.")
    return b"".join(parts).decode().replace("\r\n", "\n")


def _terminal(name: str, command: str, output: str, home: Path) -> None:
    """Draw what a terminal shows."""
    # Folders of this machine, and where the demo keeps its database for a while.
    output = output.replace(str(home), "/home/you").replace(f"{ROOT}/", "")
    output = re.sub(r"\?host=\S+", "?host=…", output)
    lines = [f"$ {command}", *output.strip("\n").splitlines()]
    width = min(_WIDE, max(Text.from_ansi(line).cell_len for line in lines) + 1)
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    for number, line in enumerate(lines):
        console.print(Text.from_ansi(line, style="" if number else "bold"), overflow="fold")
    drawn = console.export_svg(title="", unique_id=name.partition(".")[0])
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)  # it would be fetched from elsewhere
    (PICTURES / name).write_text(re.sub(r"[ \t]+$", "", drawn, flags=re.MULTILINE) + "\n", encoding="utf-8")


def _status(environment: Mapping[str, str], home: Path) -> None:
    _terminal("status.svg", "exact-online status", _shown([*_MAIN, "status"], environment, home), home)


def _doctor(environment: Mapping[str, str], home: Path) -> None:
    _terminal("doctor.svg", "exact-online doctor", _shown([*_MAIN, "doctor"], environment, home), home)


def _demo(environment: Mapping[str, str], home: Path) -> None:
    command = [sys.executable, "-m", "demo", f"--folder={home / 'demo'}"]
    own = {name: value for name, value in environment.items() if not name.startswith(_FOREIGN)}
    shown = _shown(command, {**own, "HOME": os.environ["HOME"]}, ROOT, _WIDE)
    _terminal("demo.svg", "make demo", _shortened(shown), home)


def _shortened(told: str) -> str:
    """Leave out what a picture has no room for, and show where: most tables, rows as they landed, most of what is off."""
    told = re.sub(
        r"((?:^exact_online\.\w+ +[\d,]+ .*\n){6})(?:^exact_online\.\w+ .*\n)+",
        r"\1…\n",
        told,
        flags=re.MULTILINE,
    )
    told = re.sub(
        r"^exact_online\.accounts: .*?(?=^==> A ledger)", "…\n\n", told, flags=re.MULTILINE | re.DOTALL
    )
    whole, mark, broken = told.partition("==> A page is lost")
    # The first company and year that is off, with its accounts; then the end.
    years = re.split(r"(?=^.+, \d{4}: )", broken, flags=re.MULTILINE)
    end = re.search(r"^(?:\x1b\S*m)?different\S*: .*", broken, flags=re.MULTILINE | re.DOTALL)
    return "".join((whole, mark, *years[:2], "…\n\n", end.group() if end else ""))


_STEPS: Mapping[str, Callable[[Mapping[str, str], Path], None]] = {
    "login": _login,
    "status": _status,
    "doctor": _doctor,
    "demo": _demo,
}


def main() -> None:
    """Make the named pictures, or all. Those after the login need it."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _reader(Path(folder)) as environment:
        for name in sys.argv[1:] or _STEPS:
            _STEPS[name](environment, Path(folder))


if __name__ == "__main__":
    main()
