"""The page of the ledger tells of all that the package has, and of nothing else."""

from __future__ import annotations

import json
import re
from datetime import datetime

import msgspec
import yaml

from tap_exact_online.ledger.certificate import Group, Verdict, Year, made
from tap_exact_online.ledger.document import document
from tap_exact_online.ledger.explained import VERDICTS
from tests.docs.pages import ROOT, page

PAGE = page("ledger.md")
PACKAGE = ROOT / "dbt"


def names(pattern: str) -> list[str]:
    return re.findall(rf"^\| {pattern} \|", PAGE.text, re.MULTILINE)


def test_every_test_is_explained_with_what_it_does_to_a_build() -> None:
    severities = {}
    for file in (PACKAGE / "tests").glob("*.sql"):
        warns = "severity='warn'" in file.read_text(encoding="utf-8")
        severities[file.stem] = "warning" if warns else "error"
    told = re.findall(r"^\| `(\w+)` \| (error|warning) \|", PAGE.text, re.MULTILINE)
    assert dict(told) == severities
    assert [name for name, _ in told] == sorted(severities)


def test_every_model_that_people_use_is_listed() -> None:
    models = {file.stem for file in (PACKAGE / "models").rglob("exact_online__*.sql")}
    assert set(names(r"`(exact_online__\w+)`")) == models


def test_every_variable_is_listed() -> None:
    project = yaml.safe_load((PACKAGE / "dbt_project.yml").read_text(encoding="utf-8"))
    told = {
        name
        for line in names(r"(`exact_online_[a-z].*?)")
        for name in re.findall(r"`(\w+)`", line.split("|")[0])
    }
    assert told - {name for name in told if "__" in name} == set(project["vars"]["exact_online"])


def test_every_verdict_is_explained() -> None:
    told = names(r"\*\*([a-z ]+)\*\*")
    assert sorted(told) == sorted(VERDICTS[verdict] for verdict in Verdict)


def test_the_json_that_is_shown_is_what_the_command_would_write() -> None:
    (shown,) = (json.loads(block.body) for block in PAGE.blocks if block.kind == "json")
    years = [
        {**year, **{f"{name}_witness": said for name, said in year["witnesses"].items()}}
        for year in shown["years"]
    ]
    found = made(
        datetime.fromisoformat(shown["at"]),
        [msgspec.convert(year, Year, strict=False) for year in years],
        [msgspec.convert(group, Group, strict=False) for group in shown["groups"]],
    )
    assert document(found, found.exit_code()) == shown
