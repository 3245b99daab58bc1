from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tap_exact_online import errors
from tap_exact_online.catalog import RESOURCES
from tap_exact_online.settings import SETTINGS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("script", ["write_docs.py", "write_meltano.py"])
def test_generated_parts_are_up_to_date(script: str) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / script, "--check"], check=True, timeout=60)


def test_every_stream_and_setting_is_in_the_readme() -> None:
    for name in [*(resource.name for resource in RESOURCES), *(setting.name for setting in SETTINGS)]:
        assert f"`{name}`" in README


def test_every_exit_code_is_in_the_readme_and_in_the_tree() -> None:
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.TapError)
    ]
    for kind in kinds:
        assert f"| {kind.exit_code} |" in README
        assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_anchors_lead_to_headings_that_are_there() -> None:
    headings = {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= headings


def test_the_rooms_of_the_contributors_guide_are_there() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+(?:\.py|/))`", guide.split("## Adding a stream")[0])
    assert named
    for name in named:
        assert (ROOT / "tap_exact_online" / name).exists(), name


def test_the_commands_of_the_guides_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        assert (
            set(re.findall(r"\bmake ([a-z]+)\b(?=[ \n]*(?:#|ARGS|\n|`))", page.read_text(encoding="utf-8")))
            <= targets
        )
