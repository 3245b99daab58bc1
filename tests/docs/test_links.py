"""What the pages point at is there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, Page, page

_LARGEST_PICTURE = 60_000  # bytes


@pytest.mark.parametrize("each", PAGES, ids=lambda each: str(each.file.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_are_there(each: Page) -> None:
    for file, anchor in each.links:
        assert file.exists(), file
        assert file.is_relative_to(ROOT), file
        if anchor:
            assert anchor in Page(file).anchors, f"{file.name}#{anchor}"


def test_a_link_that_leads_nowhere_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(
        "# One `two`: three\n\n[a](other.md#there) [b](#one-two-three) [c](https://example.com)\n"
    )
    assert Page(file).links == [(tmp_path / "other.md", "there"), (file, "one-two-three")]
    assert Page(file).anchors == {"one-two-three"}


def test_every_picture_is_shown_described_and_small() -> None:
    shown = {file: words for each in PAGES for words, file in each.pictures}
    assert set(shown) == set((DOCS / "pictures").iterdir())
    for file, words in shown.items():
        assert len(words.split()) > 4, file
        assert file.stat().st_size < _LARGEST_PICTURE, file


def test_pictures_fetch_nothing_from_elsewhere() -> None:
    for file in (DOCS / "pictures").glob("*.svg"):
        assert set(re.findall(r"https?://[\w.]+", re.sub(r">[^<]*<", "><", file.read_text("utf-8")))) <= {
            "http://www.w3.org",
            "https://www.textualize.io",  # a remark on who drew it
        }


def test_the_rooms_of_the_contributors_guide_are_there() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Follow a row")[0]
    named = re.findall(r"`(\w+(?:\.py|/))`", guide)
    package = ROOT / "tap_exact_online"
    rooms = {f"{each.name}/" for each in package.iterdir() if each.is_dir() and each.name != "__pycache__"}
    assert rooms <= {*named}, "a room is not named"
    for name in {*named} - {"tests/", "crew.py"}:
        assert (package / name).exists(), name


def test_the_places_where_a_row_is_followed_are_there() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    path = guide.split("## Follow a row")[1].split("## Adding a stream")[0]
    steps = [line for line in path.splitlines() if line.startswith("| ")]
    places = re.findall(r"`([\w/]+)\.py` `([\w.]+)`", path)
    assert len(places) > len(steps) > 20
    for file, name in places:
        found: object = importlib.import_module(f"tap_exact_online.{file.replace('/', '.')}")
        for part in name.split("."):
            found = getattr(found, part)


def test_tests_and_modules_that_pages_name_are_there() -> None:
    for each in PAGES:
        for path in re.findall(
            r"`((?:tests|benchmarks|scripts|tap_exact_online)/[\w/]+(?:\.\w+)?)`", each.text
        ):
            assert (ROOT / path).exists(), f"{each.file.name}: {path}"


def test_the_commands_of_the_guides_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for each in PAGES:
        assert set(re.findall(r"\bmake ([a-z]+)\b(?=[ \n]*(?:#|ARGS|\n|`))", each.text)) <= targets


def test_the_readme_is_one_screen() -> None:
    readme = Page(ROOT / "README.md")
    assert len(readme.text.splitlines()) <= 90
    assert not set(re.findall(r"`(docs/[\w/.-]+)`", readme.text)) - {
        str(p.file.relative_to(ROOT)) for p in PAGES
    }


def test_streams_that_others_are_moved_to_exist() -> None:
    table = page("moving.md").prose.split("## Streams")[1].split("## State")[0]
    rows = re.findall(r"^\| `.*? \| (.*?) \|", table, re.MULTILINE)
    names = {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}
    assert len(rows) > 50
    assert {f"{name}.md" for name in names} <= {file.name for file in (DOCS / "streams").iterdir()}


def test_all_ways_in_stand_on_the_first_screen() -> None:
    readme = Page(ROOT / "README.md").text
    for page_of, beginnings in (
        ("own-meltano.md", ("at=", "meltano add")),
        ("without-meltano.md", ("uv tool",)),
    ):
        assert f"(docs/{page_of})" in readme
        [pasted] = [block.body for block in page(page_of).blocks if block.mark == "paste"][:1]
        for line in re.findall(r"^\$ (.*)$", pasted, re.MULTILINE):
            if line.startswith(beginnings):
                assert line in readme, line
    assert "git+https://github.com/" in readme


def test_updating_has_a_rule_for_every_kind_of_change() -> None:
    rules = Page(ROOT / "UPGRADING.md").prose.split("## What may change")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in rules.splitlines() if line.startswith("| ")]
    head, *kinds = rows
    assert head == ["change", "in a version", "in your tables", "in the state", "what you do"]
    assert all(len(row) == len(head) and all(row) for row in kinds)
    changes = "\n".join(row[0] for row in kinds)
    for change in (
        "new field",
        "withdraws",
        "new stream",
        "renamed",
        "key changes",
        "another type",
        "form of the state",
        "setting",
    ):
        assert change in changes
