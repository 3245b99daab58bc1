"""A real Chromium without a window, driven through its own driver's plain protocol (W3C WebDriver)."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--window-size=900,700",
)
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the standard gives to a reference


@dataclass(frozen=True)
class Browser:
    """One window.

    Attributes:
        session: The address of the session at the driver.
        http: Speaks to the driver.
    """

    session: str
    http: requests.Session

    def go(self, url: str) -> None:
        """Open an address; returns when the page is there."""
        self._post("url", url=url)

    def wait_for(self, selector: str) -> str:
        """Wait, half a minute at most, until a CSS selector finds something; return what names it to the driver."""
        self._post("timeouts", implicit=30_000)
        return str(self._post("element", using="css selector", value=selector)[_ELEMENT])

    def click(self, selector: str) -> None:
        """Click what a CSS selector finds. The page that it leads to may not be there yet."""
        element = self.wait_for(selector)
        self._post(f"element/{element}/click")

    def run(self, script: str) -> Any:
        """Run JavaScript in the page and return what it returns."""
        return self._post("execute/sync", script=script, args=[])

    def text(self) -> str:
        """Return what a person reads."""
        return str(self.run("return document.body.innerText"))

    def devtools(self, command: str, **arguments: Any) -> Any:
        """Ask the browser's own tools for what no page can do, such as to look as on paper."""
        return self._post("goog/cdp/execute", cmd=command, params=arguments)

    def resize(self, width: int, height: int) -> None:
        """Make the window so wide and so high."""
        self._post("window/rect", width=width, height=height)

    def get(self, what: str) -> Any:
        """Return `url`, `title` or another property of the window."""
        return self._value(self.http.get(f"{self.session}/{what}", timeout=60))

    def save_screenshot(self, file: Path) -> None:
        """Write what a person sees."""
        file.write_bytes(base64.b64decode(self.get("screenshot")))

    def _post(self, command: str, **arguments: Any) -> Any:
        return self._value(self.http.post(f"{self.session}/{command}", json=arguments, timeout=60))

    @staticmethod
    def _value(answer: requests.Response) -> Any:
        value = answer.json()["value"]
        assert answer.ok, value
        return value


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Start a browser with a profile of its own, and end it."""
    assert CHROMIUM
    assert DRIVER
    flags = [*_FLAGS, f"--user-data-dir={folder / 'profile'}"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # it refuses to start as root otherwise
    wanted = {"browserName": "chrome", "goog:chromeOptions": {"binary": CHROMIUM, "args": flags}}
    driver = subprocess.Popen(
        [DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert driver.stdout
        port = next(
            found[1] for line in driver.stdout if (found := re.search(r"successfully on port (\d+)", line))
        )
        with requests.Session() as http:
            http.trust_env = False
            address = f"http://127.0.0.1:{port}/session"
            made = http.post(address, json={"capabilities": {"alwaysMatch": wanted}}, timeout=60)
            assert made.ok, made.text
            session = f"{address}/{made.json()['value']['sessionId']}"
            try:
                yield Browser(session, http)
            finally:
                http.delete(session, timeout=60)
    finally:
        driver.terminate()
        try:
            driver.wait(30)
        except (
            subprocess.TimeoutExpired
        ):  # its browser is gone already; what is left of the driver has no say
            driver.kill()
            driver.wait()
