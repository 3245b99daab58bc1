"""Which streams the commands look at: what a run would read where they are started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_exact_online.catalog import RESOURCES
from tap_exact_online.cli.selection import BY_DEFAULT, Selection, rules_of, selection
from tap_exact_online.errors import ConfigurationError
from tests.cli.program import Program
from tests.docs.pages import ROOT
from tests.singer import catalog

RULES = ["journals.*", "units.*", "!units.Active"]
BOTH = [each.name for each in RESOURCES if each.name in {"journals", "units"}]


def project(select: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """Return a `meltano.yml` with the tap in it."""
    tap = {"name": "tap-exact-online"} | ({} if select is None else {"select": select})
    return {"plugins": {"extractors": [{"name": "tap-other", "select": ["x.*"]}, tap]}, **more}


def environment(name: str, select: list[str] | None) -> dict[str, Any]:
    return {"name": name, "config": project(select)}


@pytest.fixture(autouse=True)
def _told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "MELTANO_EXTRACT__SELECT",
        "MELTANO_EXTRACT__CATALOG",
        "TAP_EXACT_ONLINE__SELECT",
        "MELTANO_ENVIRONMENT",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("document", "named", "rules"),
    [
        pytest.param(project(RULES), None, RULES, id="the plugin's own"),
        pytest.param(project(), None, None, id="none"),
        pytest.param(
            {"plugins": {"extractors": [{"name": "tap-other", "select": RULES}]}}, None, None, id="other"
        ),
        pytest.param(
            project(RULES, environments=[environment("prod", ["a.*"])]), "prod", ["a.*"], id="named"
        ),
        pytest.param(
            project(RULES, environments=[environment("prod", ["a.*"])]), None, RULES, id="not named"
        ),
        pytest.param(
            project(RULES, default_environment="prod", environments=[environment("prod", ["a.*"])]),
            None,
            ["a.*"],
            id="by default",
        ),
        pytest.param(
            project(RULES, environments=[environment("prod", None)]), "prod", RULES, id="says nothing"
        ),
        pytest.param(project(RULES, environments=[{"name": "prod"}]), "prod", RULES, id="empty"),
        pytest.param([], None, None, id="no project"),
        pytest.param({"plugins": None, "environments": None}, None, None, id="an empty project"),
        pytest.param(project([1]), None, None, id="no rules"),  # type: ignore[list-item]
    ],
)
def test_the_rules_of_a_project(document: Any, named: str | None, rules: list[str] | None) -> None:
    assert rules_of(document, named) == rules


def test_the_rules_of_this_project_are_what_is_on_by_default() -> None:
    rules = rules_of(yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8")), None)
    assert rules
    assert {rule.partition(".")[0] for rule in rules if not rule.startswith("!")} >= {*BY_DEFAULT.streams}


def found(streams: str | None = None, catalog: str | None = None) -> Selection:
    return selection(streams, catalog, everything=False)


def test_what_says_which_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found() == BY_DEFAULT
    file = tmp_path / "meltano.yml"
    file.write_text(yaml.safe_dump(project(RULES)))
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    assert found() == Selection(BOTH, f"`select` of {file}")
    monkeypatch.setenv("TAP_EXACT_ONLINE__SELECT", '["units.*"]')
    assert found() == Selection(["units"], "TAP_EXACT_ONLINE__SELECT")
    monkeypatch.setenv("MELTANO_EXTRACT__SELECT", json.dumps(RULES))
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "prod")
    assert found() == Selection(BOTH, "the selection of the Meltano project, environment prod")
    assert found(streams="accounts") == Selection(["accounts"], "--streams")


def test_where_nobody_chose_it_is_not_called_a_choice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MELTANO_EXTRACT__SELECT", '["*.*"]')
    assert found() == BY_DEFAULT
    told = capsys.readouterr().err
    assert "Nothing was chosen" in told
    assert "This run" not in told


def test_a_catalog_wins_over_rules_and_one_of_the_project_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = catalog()
    for stream in document["streams"]:
        stream["metadata"] = [{"breadcrumb": [], "metadata": {"selected": stream["stream"] == "units"}}]
    file = tmp_path / "own.json"
    file.write_text(json.dumps(document))
    monkeypatch.setenv("TAP_EXACT_ONLINE__SELECT", '["journals.*"]')
    assert found(catalog=str(file)) == Selection(["units"], str(file))
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
    monkeypatch.setenv("MELTANO_EXTRACT__CATALOG", "own.json")
    assert found().streams == ["units"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("journals.*", "is not a JSON list of rules"),
        ("[1]", "is not a JSON list of rules"),
        ('["jornals.*"]', "did you mean `journals`?"),
        ("[]", "selects no stream"),
    ],
)
def test_rules_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, text: str, says: str) -> None:
    monkeypatch.setenv("TAP_EXACT_ONLINE__SELECT", text)
    with pytest.raises(ConfigurationError) as raised:
        found()
    assert says in str(raised.value)


def test_options_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="both say which"):
        found("journals", "file")
    (tmp_path / "no.json").write_text("{}")
    with pytest.raises(ConfigurationError, match=r"no\.json holds no Singer catalog"):
        found(catalog=str(tmp_path / "no.json"))
    (tmp_path / "meltano.yml").write_text("a: [")
    with pytest.raises(ConfigurationError, match=r"meltano\.yml cannot be read"):
        found()


def test_doctor_and_plan_say_what_they_looked_at(program: Program) -> None:
    program.login()
    chosen = {"TAP_EXACT_ONLINE__SELECT": '["journals.*"]'}
    assert "Selection" in program.run("doctor", env=chosen).out
    report = json.loads(program.run("doctor", "--json", env=chosen).out)
    assert {"check": "selection", "status": "ok", "summary": "1 stream: TAP_EXACT_ONLINE__SELECT"} in report[
        "checks"
    ]
    assert [each["stream"] for each in report["rights"]] == ["journals"]
    assert "Looked at 1 stream: TAP_EXACT_ONLINE__SELECT." in program.run("plan", env=chosen).out
    chosen = {"TAP_EXACT_ONLINE__SELECT": '["journals.*", "divisions.*"]'}
    told = " ".join(program.run("plan", env=chosen).out.split())
    assert "Looked at 2 streams, 1 of them division by division: TAP_EXACT_ONLINE__SELECT." in told
    planned = json.loads(program.run("plan", "--json").out)["selection"]
    assert planned == {"source": "what is on by default", "streams": len(BY_DEFAULT.streams)}
