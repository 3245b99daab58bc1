"""What the pages point at is there."""

from __future__ import annotations

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
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+(?:\.py|/))`", guide.split("## Adding a stream")[0])
    assert named
    for name in named:
        assert (ROOT / "tap_exact_online" / name).exists(), name


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
