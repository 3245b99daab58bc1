"""The page of the certificate, in a real browser: what a person sees, in the light and in the dark, and on paper."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tap_exact_online.cli import main
from tests.certificate import tables
from tests.cli.chromium import CHROMIUM, DRIVER, Browser, browser

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="Chromium and its driver are not installed: apt install chromium chromium-driver",
)

# How far each text stands out from what is behind it, as WCAG counts it; 4.5 is enough for all, 3 for large ones.
_CONTRASTS = """
const light = colour => {
  const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(each => {
    const part = each / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = light(getComputedStyle(document.body).backgroundColor);
return [...document.querySelectorAll('body *')]
  .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
  .map(each => {
    const [low, high] = [light(getComputedStyle(each).color), behind].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  });
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    tables.in_duckdb(folder / "books.duckdb", tables.RED_YEARS, tables.RED_GROUPS)
    options = ["--duckdb", str(folder / "books.duckdb"), "--html", str(folder / "page.html")]
    assert CliRunner().invoke(main, ["certificate", *options]).exit_code == 1
    return folder / "page.html"


@pytest.fixture(scope="module")
def window(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as window:
        window.go(file.as_uri())
        yield window


def media(window: Browser, scheme: str, medium: str = "screen") -> None:
    """Look at the page as somebody does who likes it dark, or has it on paper."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    window.devtools("Emulation.setEmulatedMedia", media=medium, features=features)


def test_what_a_person_reads(window: Browser, tmp_path: Path) -> None:
    assert window.get("title") == "Certificate of completeness: different"
    text = " ".join(window.text().split())
    for said in (
        "3 companies, 5 years: 1 complete, 1 moving, 2 not compared, 1 different.",
        "Bakker & Zoon BV 1 in 2025: different",
        "1300 Debiteuren 4 0.00 1,000.00 1,000.00 1 missing here",
        "result of the year: differs",
        "Holding <b>BV</b> 2 in 2026: not compared",  # a name is no markup
        "tested against a simulated Exact Online",
    ):
        assert said in text
    window.save_screenshot(tmp_path / "page.png")


def test_it_needs_nothing_from_elsewhere(window: Browser) -> None:
    assert window.run("return performance.getEntriesByType('resource').length") == 0
    assert window.run("return document.querySelectorAll('script, link, img, iframe').length") == 0
    # The page's own policy keeps everything away but its style, and the style is there.
    assert window.run("return getComputedStyle(document.querySelector('.stamp')).color") == "rgb(198, 42, 47)"


@pytest.mark.parametrize(
    ("scheme", "medium", "paper"),
    [
        ("light", "screen", "rgb(255, 255, 255)"),
        ("dark", "screen", "rgb(20, 23, 26)"),
        ("dark", "print", "rgb(255, 255, 255)"),  # paper is white
    ],
)
def test_every_text_can_be_read(window: Browser, scheme: str, medium: str, paper: str) -> None:
    media(window, scheme, medium)
    assert window.run("return getComputedStyle(document.body).backgroundColor") == paper
    contrasts: list[float] = window.run(_CONTRASTS)
    assert len(contrasts) > 100
    assert min(contrasts) >= 4.5


def test_it_can_be_read_without_eyes(window: Browser) -> None:
    """What a screen reader goes by: headings in order, tables with heads, and no verdict by colour alone."""
    levels: list[int] = window.run(
        "return [...document.querySelectorAll('h1,h2,h3')].map(each => Number(each.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    tables_on_it: list[dict[str, Any]] = window.run(
        "return [...document.querySelectorAll('table')].map(each => ({caption: each.caption.innerText,"
        " columns: each.querySelectorAll('th[scope=col]').length,"
        " rows: each.tBodies[0].rows.length, heads: each.querySelectorAll('th[scope=row]').length}))"
    )
    assert [each["rows"] for each in tables_on_it] == [5, 3, 1]
    assert all(each["caption"] and each["columns"] and each["heads"] == each["rows"] for each in tables_on_it)
    badges = window.run("return [...document.querySelectorAll('.badge')].map(each => each.innerText)")
    assert [badge.split(" ", 1)[1] for badge in badges] == [
        *("complete", "different", "moving", "not compared", "not compared")
    ]
    anchors = window.run("return [...document.querySelectorAll('a')].map(each => each.getAttribute('href'))")
    assert all(window.run(f"return document.querySelectorAll('{anchor}').length") == 1 for anchor in anchors)
    assert window.run("return document.documentElement.lang") == "en"


def test_it_fits_a_narrow_window(window: Browser) -> None:
    media(window, "light")
    window.devtools(
        "Emulation.setDeviceMetricsOverride", width=380, height=700, deviceScaleFactor=1, mobile=True
    )
    try:
        assert window.run("return document.documentElement.scrollWidth <= 380")
    finally:
        window.devtools("Emulation.clearDeviceMetricsOverride")


def test_it_can_be_printed(window: Browser, tmp_path: Path) -> None:
    printed = base64.b64decode(window.devtools("Page.printToPDF", printBackground=False)["data"])
    (tmp_path / "page.pdf").write_bytes(printed)
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") in range(1, 5)
