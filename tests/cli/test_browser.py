"""Login as a person does it: a real browser, the sandbox's own page, and the page on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.chromium import CHROMIUM, DRIVER, Browser, browser
from tests.cli.program import Program, free_port

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="Chromium and its driver are not installed: apt install chromium chromium-driver",
)


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as window:
        yield window


@pytest.fixture
def door(program: Program) -> str:
    uri = f"http://localhost:{free_port()}/callback"
    program.sandbox.control.options(redirect_uri=uri)
    return uri


def colour_of_the_mark(window: Browser) -> str:
    return str(window.run("return getComputedStyle(document.querySelector('.mark')).color"))


def test_allow(program: Program, door: str, window: Browser, tmp_path: Path) -> None:
    with program.start("login", "--redirect-uri", door) as login:
        window.go(login.url())
        assert "The app asks to read your companies" in window.text()
        window.save_screenshot(tmp_path / "question.png")
        window.click("button[value=allow]")
        ended = program.checked(login)
    assert ended.exit_code == 0, ended.err
    assert "Connected." in ended.out
    assert "2 divisions are granted" in ended.out
    assert window.get("title") == "Connected to Exact Online"
    assert window.get("url").startswith(f"{door}?code=")
    text = window.text()
    assert "Connected to Exact Online" in text
    assert "You can close this window" in text
    program.check(text)
    assert (
        colour_of_the_mark(window) == "rgb(24, 121, 78)"
    )  # the style is not kept away by the page's own policy
    window.save_screenshot(tmp_path / "connected.png")
    assert program.stored["refresh_token"] == program.sandbox.control.tokens()["refresh_token"]


def test_deny(program: Program, door: str, window: Browser, tmp_path: Path) -> None:
    with program.start("login", "--redirect-uri", door) as login:
        window.go(login.url())
        window.click("button[value=deny]")
        ended = program.checked(login)
    assert ended.exit_code == 3
    text = window.text()
    assert "Not connected" in text
    assert (
        "Access was denied on Exact's page, so there is no connection. Run exact-online login again." in text
    )
    assert colour_of_the_mark(window) == "rgb(198, 42, 47)"
    window.save_screenshot(tmp_path / "denied.png")
    assert not program.store.exists()


def test_the_wrong_tab_does_not_end_the_login(program: Program, door: str, window: Browser) -> None:
    with program.start("login", "--redirect-uri", door) as login:
        address = login.url()
        window.go(address)
        window.run("document.querySelector('[name=state]').value = 'of-another-login'")
        window.click("button[value=allow]")
        window.wait_for(".mark")
        assert "Not the answer to this login" in window.text()
        assert not program.store.exists()
        window.go(address)
        window.click("button[value=allow]")
        ended = program.checked(login)
    assert ended.exit_code == 0, ended.err
    window.wait_for(".mark")
    assert "Connected to Exact Online" in window.text()
