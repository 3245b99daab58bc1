"""What the site shows. That every page, link and menu of it is sound is seen by `make lint`, which builds all of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import write_samples

from tap_exact_online.catalog import BY_NAME, GROUPS, STREAMS, schema_of, special
from tests.cli.chromium import CHROMIUM, DRIVER, browser
from tests.docs.pages import DOCS, PAGES, ROOT, page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a few pages as the whole site is built, which takes a minute: the table of all streams, a group, and a stream."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "docs" / "groups").mkdir(parents=True)
    (folder / "docs" / "streams").mkdir()
    for name in (
        "streams.md",
        "groups/ledger.md",
        "groups/people.md",
        "streams/accounts.md",
        "streams/reads.md",
    ):
        shutil.copy(DOCS / name, folder / "docs" / name)
    (folder / "docs" / "index.md").write_text(
        "# Site\n\n```{toctree}\nstreams\nstreams/accounts\nstreams/reads\n```\n"
    )
    command = ["-m", "sphinx", "--quiet", "-c", DOCS, folder / "docs", folder / "built"]
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "built"


@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and its driver are not installed")
def test_tables_fit_their_page(site: Path, tmp_path: Path) -> None:
    with browser(tmp_path) as window:
        for width in (1280, 1920):
            window.resize(width, 900)
            for name in ("streams.html", "groups/ledger.html"):
                window.go((site / name).as_uri())
                wide = window.run(
                    "return [...document.querySelectorAll('.table-wrapper')]"
                    ".filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.innerText.slice(0, 200))"
                )
                assert wide == [], f"{name} at {width}"
                assert window.run("return document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and its driver are not installed")
def test_the_menu_leads_over_what_streams_are_about(site: Path, tmp_path: Path) -> None:
    with browser(tmp_path) as window:
        window.go((site / "streams.html").as_uri())
        menu = window.run(
            "return [...document.querySelectorAll('.sidebar-tree a')].map(each => each.textContent.trim())"
        )
        assert menu.index(GROUPS["ledger"]) < menu.index(GROUPS["people"])
        shown = window.run("return document.querySelectorAll('article h3').length")
        assert shown >= len(GROUPS)


def test_every_stream_is_in_the_menu_of_its_group() -> None:
    for name in GROUPS:
        text = page(f"groups/{name}.md").text
        listed = re.findall(r"^\.\./streams/(\w+)$", text, re.MULTILINE)
        assert listed == [each.name for each in STREAMS if each.group == name]
    menu = re.findall(r"^groups/(\w+)$", page("streams.md").text, re.MULTILINE)
    assert menu == [*GROUPS]


def test_no_table_has_an_empty_head() -> None:
    for each in PAGES:
        for head in re.findall(r"^(\|.*\|)\n *\|(?:-+\|)+$", each.prose, re.MULTILINE):
            assert all(cell.strip() for cell in head.strip("|").split("|")), f"{each.file.name}: {head}"


def test_a_page_shows_a_row_that_its_stream_can_have() -> None:
    rows = json.loads((ROOT / "scripts" / "samples.json").read_text(encoding="utf-8"))
    assert {each.name for each in STREAMS} - rows.keys() == {"document_attachment_files", "item_pictures"}
    for name, row in rows.items():
        properties = schema_of(BY_NAME[name])["properties"]
        assert row.keys() <= properties.keys(), name
        assert {*BY_NAME[name].primary_keys} <= row.keys(), name
        assert not [field for field in row if special(BY_NAME[name].path, field)], name
        for field, value in row.items():
            jsonschema.validate(value, {key: properties[field][key] for key in ("type",)})
        assert json.dumps(row, indent=1, ensure_ascii=False) in page(f"streams/{name}.md").text


def test_the_rows_are_those_of_the_sandbox() -> None:
    some = [BY_NAME[name] for name in ("accounts", "journals", "transaction_lines", "reporting_balance")]
    rows = json.loads((ROOT / "scripts" / "samples.json").read_text(encoding="utf-8"))
    assert write_samples.samples(some) == {each.name: rows[each.name] for each in some}, (
        "run python scripts/write_samples.py"
    )


@pytest.mark.parametrize("target", ["docs", "lint"])
def test_what_builds_the_site_is_strict(target: str) -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split(f"\n{target}:")[1].split("\n\n")[0]
    assert "--fail-on-warning" in recipe
    assert "--nitpicky" in recipe
