from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.project import ROOT, copy_project
from tap_exact_online.catalog.resources import STREAMS
from tap_exact_online.settings import SETTINGS, config_jsonschema
from tests.about import about, settings
from tests.meltano.conftest import loaded

DEFINITION = yaml.safe_load((ROOT / "meltano.yml").read_text())
PLUGINS = [(kind, plugin) for kind, plugins in DEFINITION["plugins"].items() for plugin in plugins]


def plugin(name: str) -> dict[str, Any]:
    return next(each for _, each in PLUGINS if each["name"] == name)


def test_is_what_the_script_writes() -> None:
    script = [sys.executable, "scripts/write_meltano.py", "--check"]
    done = subprocess.run(script, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_settings_are_those_of_the_tap() -> None:
    schema = config_jsonschema()
    defined = {setting["name"]: setting for setting in plugin("tap-exact-online")["settings"]}
    assert list(defined)[: len(SETTINGS)] == list(schema["properties"])
    for setting in SETTINGS:
        there = defined[setting.name]
        assert there["kind"] == setting.kind
        assert there.get("sensitive", False) is setting.secret
        assert there["label"]
        assert there["description"]
        assert [option["value"] for option in there.get("options", [])] == list(setting.options)
        assert there.get("value", {"array": [], "object": {}}.get(setting.kind)) == setting.default
    assert plugin("tap-exact-online")["settings_group_validation"] == [schema["required"]]


def test_capabilities_and_settings_are_those_that_the_tap_tells() -> None:
    told = about(Path(sys.executable).with_name("tap-exact-online"))
    # `test` is not in what the SDK tells: it is the --test that every tap of the SDK has.
    assert set(plugin("tap-exact-online")["capabilities"]) == {*told["capabilities"], "test"}
    assert [setting["name"] for setting in plugin("tap-exact-online")["settings"]] == [
        name for name, _ in settings(told["settings"])
    ]


def test_the_loader_knows_its_settings() -> None:
    told = about(ROOT / ".meltano/loaders/target-postgres/venv/bin/target-postgres")
    known = set(told["settings"]["properties"])
    known |= {f"ssh_tunnel.{name}" for name in told["settings"]["properties"]["ssh_tunnel"]["properties"]}
    assert {setting["name"] for setting in plugin("target-postgres")["settings"]} <= known
    assert set(plugin("target-postgres")["capabilities"]) <= set(told["capabilities"])


@pytest.mark.parametrize(
    ("kind", "defined"), PLUGINS, ids=lambda value: value if isinstance(value, str) else value["name"]
)
def test_every_plugin_is_defined_in_full(kind: str, defined: dict[str, Any]) -> None:
    # With a namespace of its own a plugin is never looked up on the hub.
    for field in ("namespace", "pip_url", "executable", "settings", "label"):
        assert defined.get(field), f"{kind} {defined['name']} has no {field}"


def test_nothing_is_sent_home() -> None:
    assert DEFINITION["send_anonymous_usage_stats"] is False
    assert DEFINITION["cli"]["disable_version_check"] is True


def test_no_secret_is_in_the_file() -> None:
    secrets = {setting.name for setting in SETTINGS if setting.secret} | {"password", "sqlalchemy_url"}
    for environment in DEFINITION["environments"]:
        for plugins in environment.get("config", {}).get("plugins", {}).values():
            for each in plugins:
                for name, value in each.get("config", {}).items():
                    assert name not in secrets or value.startswith("$"), f"{environment['name']}: {name}"
    assert not any("config" in each for _, each in PLUGINS)


def test_selection_is_the_default_of_the_catalog(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project", {"DEMO_CLIENT_ID": "any", "DEMO_CLIENT_SECRET": "any"})
    command = project.command(
        "--log-level=error", "--environment=demo", "invoke", "--dump=catalog", "tap-exact-online"
    )
    done = subprocess.run(command, env=project.env, check=True, capture_output=True)
    # What a tap of the SDK selects when nothing is said is in `selected-by-default`.
    wanted: dict[str, set[str]] = {}
    chosen: dict[str, set[str]] = {}
    for stream in json.loads(done.stdout)["streams"]:
        facts = {tuple(entry["breadcrumb"]): entry["metadata"] for entry in stream["metadata"]}
        fields = {path[1]: each for path, each in facts.items() if len(path) == len(("properties", "name"))}
        automatic = {name for name, each in fields.items() if each["inclusion"] == "automatic"}
        if facts[()].get("selected"):
            chosen[stream["tap_stream_id"]] = automatic | {
                name for name, each in fields.items() if each["selected"]
            }
        if facts[()].get("selected-by-default"):
            wanted[stream["tap_stream_id"]] = automatic | {
                name for name, each in fields.items() if each.get("selected-by-default", True)
            }
    assert set(chosen) == {resource.name for resource in STREAMS if resource.selected}
    assert chosen == wanted


def test_state_stays_in_the_project(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    variables = {"HOME": str(home), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    project = loaded(copy_project(tmp_path / "project", variables))
    project.meltano("state", "list")
    assert [path for path in home.rglob("*") if path.is_file()] == []
    assert (project.folder / ".meltano" / "meltano.db").exists()


def test_the_copy_is_not_reached_by_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET_POSTGRES_HOST", "somebodys.database")
    monkeypatch.setenv("TAP_EXACT_ONLINE_REGION", "de")
    project = copy_project(tmp_path / "project")
    assert not {"TARGET_POSTGRES_HOST", "TAP_EXACT_ONLINE_REGION"} & set(project.env)
    assert project.env["PATH"] == os.environ["PATH"]
