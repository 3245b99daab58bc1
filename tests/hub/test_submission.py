"""What is submitted to MeltanoHub: fresh, as the Hub takes it, and in agreement with the tap and with `meltano.yml`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml

from demo.project import ROOT
from tap_exact_online.cli import main as cli
from tap_exact_online.errors import TapError
from tap_exact_online.settings import SETTINGS
from tests.about import about, settings
from tests.meltano.conftest import LoadedProject
from tests.serving import serving

HUB = ROOT / "hub"
(DEFINITION_FILE,) = HUB.glob("_data/meltano/extractors/*/*.yml")
DEFINITION = yaml.safe_load(DEFINITION_FILE.read_text())
SETTINGS_BY_NAME = {setting["name"]: setting for setting in DEFINITION["settings"]}
MAINTAINERS = yaml.safe_load((HUB / "_data/maintainers.yml").read_text())
DEFAULT_VARIANTS = yaml.safe_load((HUB / "_data/default_variants.yml").read_text())
FILES = sorted(HUB.glob("_data/**/*.yml"))
TEXTS = ("next_steps", "prereq", "settings_preamble", "usage")
# A string whose name has one of these in it is shown as a password wherever the Hub makes a definition by itself.
SECRET = re.compile("password|id|token|key|secret")
KINDS = {"array": {"array"}, "boolean": {"boolean"}, "integer": {"integer", "number"}, "object": {"object"}}


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return about(Path(sys.executable).with_name("tap-exact-online"))


def test_is_what_the_script_writes() -> None:
    script = [sys.executable, "scripts/write_hub.py", "--check"]
    done = subprocess.run(script, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_fits_the_schema() -> None:
    schema = json.loads((Path(__file__).parent / "extractor.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    faults = jsonschema.Draft202012Validator(schema).iter_errors(DEFINITION)
    assert [f"{list(fault.absolute_path)}: {fault.message}" for fault in faults] == []


def test_is_called_as_its_place_says() -> None:
    # The Hub finds a plugin by its folder, a variant by its file, a maintainer by the variant in lower case.
    owner = DEFINITION["repo"].split("/")[-2]
    assert DEFINITION["name"] == DEFINITION_FILE.parent.name
    assert DEFINITION["variant"] == DEFINITION_FILE.stem == owner.lower()
    assert list(MAINTAINERS) == [DEFINITION["variant"]]
    assert set(MAINTAINERS[DEFINITION["variant"]]) == {"label", "name", "url"}
    assert DEFINITION["repo"].startswith(MAINTAINERS[DEFINITION["variant"]]["url"] + "/")
    assert {
        "extractors": {DEFINITION["name"]: DEFINITION["variant"]},
        "utilities": dict.fromkeys(("exact-online", "ledger"), DEFINITION["variant"]),
    } == DEFAULT_VARIANTS


def test_the_logo_is_there_and_holds_no_script() -> None:
    logo = (HUB / f"static{DEFINITION['logo_url']}").read_text()
    assert logo.startswith("<svg ")
    assert not re.search(r"<script|<text|href|<image|\bon\w+=", logo)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_passes_the_linter(file: Path) -> None:
    """Keys in order and nothing in braces: the two rules of the Hub's linter that a writer of YAML could break."""
    nodes = [yaml.compose(file.read_text())]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            assert not node.flow_style, node.start_mark
            keys = [key.value for key, _ in node.value]
            assert keys == sorted(set(keys)), node.start_mark
            nodes += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            assert not node.flow_style, node.start_mark
            nodes += node.value


def test_lists_are_in_the_order_of_the_hub() -> None:
    # It sorts them itself when it brings a definition up to date, which must not change ours.
    assert DEFINITION["capabilities"] == sorted(DEFINITION["capabilities"])
    assert DEFINITION["settings"] == sorted(DEFINITION["settings"], key=lambda each: str(each["name"]))
    assert all(group == sorted(group) for group in DEFINITION["settings_group_validation"])


def test_agrees_with_what_the_tap_tells(told: dict[str, Any]) -> None:
    known = dict(settings(told["settings"]))
    assert sorted(SETTINGS_BY_NAME) == sorted(known)
    assert DEFINITION["settings_group_validation"] == [sorted(told["settings"]["required"])]
    # `test` is not in what the SDK tells: it is the --test that every tap of the SDK has.
    assert DEFINITION["capabilities"] == sorted({*told["capabilities"], "test"})
    assert DEFINITION["supported_python_versions"] == told["supported_python_versions"]
    for name, schema in known.items():
        setting = SETTINGS_BY_NAME[name]
        assert setting.get("value") == (schema.get("default") or setting.get("value")), name
        if "enum" in schema:
            assert [option["value"] for option in setting["options"]] == schema["enum"], name
        types = {schema["type"]} if isinstance(schema.get("type"), str) else {*schema.get("type", ())}
        types |= {each["type"] for each in schema.get("oneOf", ()) if isinstance(each["type"], str)}
        assert not types or types & KINDS.get(setting["kind"], {"string", "null"}), name


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_our_own_settings_are_described_as_in_the_table(setting: Any, told: dict[str, Any]) -> None:
    there, schema = SETTINGS_BY_NAME[setting.name], told["settings"]["properties"][setting.name]
    assert there["label"] == schema["title"] == setting.label
    assert there["description"] == schema["description"] == setting.description
    assert there.get("sensitive", False) is schema.get("secret", False) is setting.secret


def test_agrees_with_meltano_yml() -> None:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text())
    (extractor,) = project["plugins"]["extractors"]
    assert sorted(extractor["settings"], key=lambda each: str(each["name"])) == DEFINITION["settings"]
    for field in (
        "capabilities",
        "commands",
        "executable",
        "label",
        "log_parser",
        "name",
        "namespace",
        "select",
    ):
        assert extractor[field] == DEFINITION[field], field
    groups = [sorted(group) for group in extractor["settings_group_validation"]]
    assert groups == DEFINITION["settings_group_validation"]


def test_what_looks_like_a_secret_is_one_and_every_secret_is_marked() -> None:
    looks = {
        name
        for name, setting in SETTINGS_BY_NAME.items()
        if setting["kind"] == "string" and SECRET.search(name)
    }
    marked = {name for name, setting in SETTINGS_BY_NAME.items() if setting.get("sensitive")}
    assert looks <= marked
    assert marked == {setting.name for setting in SETTINGS if setting.secret} | {"stream_map_config"}


def test_every_command_is_one_of_the_programs() -> None:
    ours = {name: each for name, each in DEFINITION["commands"].items() if "executable" in each}
    assert all(each["args"] == name for name, each in ours.items())
    # The sandbox is no part of a user's project.
    assert set(ours) == set(cli.list_commands(click.Context(cli))) - {"sandbox"}
    assert ours["login"]["description"] in cli.get_help(click.Context(cli))


def test_links_and_names_in_the_texts_are_right() -> None:
    headings = {
        line.lstrip("# ").strip().lower().replace(" ", "-")
        for line in (ROOT / "README.md").read_text().splitlines()
        if line.startswith("#")
    }
    texts = "\n".join(DEFINITION[name] for name in TEXTS)
    ours = re.findall(rf"\({re.escape(DEFINITION['repo'])}([^)]*)\)", texts)
    assert ours
    for link in ours:
        path, _, anchor = link.partition("#")
        assert (ROOT / path.removeprefix("/blob/main/")).exists(), link
        assert not anchor or anchor in headings, link
    for name in re.findall(r"meltano invoke tap-exact-online:(\w+)", texts):
        assert name in DEFINITION["commands"]
    codes = {int(code) for code in re.findall(r"^\| (\d) \|", texts, re.MULTILINE)}
    kinds = [TapError, *TapError.__subclasses__()]
    assert codes == {kind.exit_code for kind in kinds}


def test_meltano_takes_it_by_its_file(tmp_path: Path) -> None:
    """What the Hub does with every submission."""
    (tmp_path / "meltano.yml").write_text("send_anonymous_usage_stats: false\n")
    LoadedProject(tmp_path).meltano(
        "add", "--no-install", f"--from-ref={DEFINITION_FILE}", DEFINITION["name"]
    )
    (added,) = yaml.safe_load((tmp_path / "meltano.yml").read_text())["plugins"]["extractors"]
    assert {name: added[name] for name in added} == {name: DEFINITION[name] for name in added}
    assert {"commands", "pip_url", "settings", "variant"} <= set(added)


def hub(address: str) -> dict[str, str]:
    """Return what the Hub makes of the submission for Meltano: an index, and the definition without its texts."""
    left_out = {*TEXTS, "domain_url", "keywords", "maintenance_status", "quality"}
    name, variant = DEFINITION["name"], DEFINITION["variant"]
    place = f"/plugins/extractors/{name}--{variant}"
    entry = {
        "default_variant": variant,
        "logo_url": DEFINITION["logo_url"],
        "variants": {variant: {"ref": address + place}},
    }
    definition = {key: value for key, value in DEFINITION.items() if key not in left_out}
    return {"/plugins/extractors/index": json.dumps({name: entry}), place: json.dumps(definition)}


def test_meltano_finds_everything_on_the_hub(tmp_path: Path) -> None:
    (tmp_path / "meltano.yml").write_text("send_anonymous_usage_stats: false\n")
    with serving(hub) as address:
        variables = {"MELTANO_HUB_API_ROOT": address, "XDG_CACHE_HOME": str(tmp_path)}
        project = LoadedProject(tmp_path, variables)
        project.meltano("add", "--no-install", DEFINITION["name"])
    added = yaml.safe_load((tmp_path / "meltano.yml").read_text())["plugins"]["extractors"]
    assert [(each["name"], each["variant"]) for each in added] == [
        (DEFINITION["name"], DEFINITION["variant"])
    ]
    listed = project.meltano("config", "list", "--all", DEFINITION["name"])
    for name, setting in SETTINGS_BY_NAME.items():
        variable = f"TAP_EXACT_ONLINE_{name.replace('.', '_').upper()}"
        assert f"{name} [env: {variable}] current value: {setting.get('value')!r} (default)" in listed
    extras = project.meltano("config", "list", "--all", "--extras", DEFINITION["name"])
    assert str(DEFINITION["select"]) in extras
    # As the next steps say: a choice of one's own takes the place of the default.
    project.meltano("select", DEFINITION["name"], "sales_invoices", "*")
    (added,) = yaml.safe_load((tmp_path / "meltano.yml").read_text())["plugins"]["extractors"]
    assert added["select"] == ["sales_invoices.*"]
