"""Every finding has a cure in two languages and a section in the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from tap_exact_online.catalog.rights import RIGHTS, RIGHTS_DUTCH
from tap_exact_online.doctor.cures import CONSISTENCY, CONSISTENCY_DUTCH, CURES, DOCS
from tap_exact_online.doctor.document import document
from tap_exact_online.doctor.examination import Examination
from tap_exact_online.doctor.verdicts import WORDS, Result
from tests.doctor.test_decisions import NOW

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [*CURES])
def test_a_cure(kind: str) -> None:
    cure = CURES[kind]
    assert f"### {cure.section}\n" in PAGE
    headings = {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    }
    address, anchor = cure.link.split("#")
    assert address == DOCS
    assert anchor in headings
    names = [
        {name for _, name, _, _ in Formatter().parse(text) if name} for text in (cure.english, cure.dutch)
    ]
    assert {name.removesuffix("_dutch") for name in names[0]} == {
        name.removesuffix("_dutch") for name in names[1]
    }
    assert cure.english != cure.dutch
    assert cure.dutch.endswith((".", "?"))


def test_the_page_is_where_the_link_leads() -> None:
    assert DOCS.endswith("/docs/doctor.md")
    assert DOCS.partition("/blob/")[0] in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_no_section_is_left_over() -> None:
    sections = set(re.findall(r"^### (.*)$", PAGE, re.MULTILINE))
    assert sections == {cure.section for cure in CURES.values()}


def test_the_page_tells_all_results_and_exact_own_check() -> None:
    for result in Result:
        assert f"| `{result.value}` |" in PAGE
        assert result in WORDS
    plain = " ".join(PAGE.split())
    assert CONSISTENCY in plain
    assert CONSISTENCY_DUTCH.partition(" > ")[2] in plain


def test_every_name_of_the_json_is_on_the_page() -> None:
    for name in document(Examination(NOW)):
        assert f"`{name}`" in PAGE


def test_every_right_is_known_in_dutch() -> None:
    assert set(RIGHTS.values()) == set(RIGHTS_DUTCH)
