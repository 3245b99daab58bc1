"""What a user reads when something is not right, and the exit code that goes with it. Nothing is ever lost or leaked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox, StartSandbox
from tests.processes import capture
from tests.singer import Tap, tap_for

SECRET = "planted-secret"
TOKEN = "planted-refresh-token"


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return tap_for(sandbox, tmp_path, sandbox.control.new_login("bad input"))


@pytest.mark.parametrize(
    ("config", "says"),
    [
        pytest.param({"client_id": None}, "`client_id`", id="client_id is missing"),
        pytest.param({"client_secret": ""}, "`client_secret` is not set", id="client_secret is empty"),
        pytest.param({"region": "xx"}, "`region`: 'xx' is", id="unknown region"),
        pytest.param({"shard": "3/2"}, "`shard`: '3/2' is not a part i/n", id="shard out of range"),
        pytest.param({"shard": "two"}, "`shard`: 'two' is not a part i/n", id="shard is a word"),
        pytest.param({"start_date": "soon"}, "`start_date`: 'soon' is not a date", id="start_date"),
        pytest.param({"divisions": ["a"]}, "`divisions`: 'a'", id="division is a word"),
        pytest.param({"divisions": [99]}, "leave nothing to read", id="no such division"),
        pytest.param({"base_url": "exactonline"}, "`base_url` is not the address", id="base_url"),
        pytest.param({"store": "ftp://x/y"}, "`store`: no kind of store is called 'ftp:'", id="store"),
        pytest.param({"concurrency": 0}, "`concurrency`: 0 is less", id="concurrency"),
        pytest.param({"on_denied": "cry"}, "`on_denied`: 'cry' is", id="on_denied"),
    ],
)
def test_a_setting_that_cannot_be_used(tap: Tap, config: dict[str, Any], says: str) -> None:
    run = tap.run(**config)
    assert run.exit_code == 2, run.log
    assert says in run.log
    assert "Traceback" not in run.log
    assert run.records == {}


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("TAP_EXACT_ONLINE_CONCURRENCY=many", "TAP_EXACT_ONLINE_CONCURRENCY: 'many' is not a whole number."),
        ("TAP_EXACT_ONLINE_STREAM_MAPS=many", "A variable TAP_EXACT_ONLINE_… is not what it should be"),
    ],
)
def test_an_env_file_that_cannot_be_used(tmp_path: Path, variable: str, says: str) -> None:
    (tmp_path / ".env").write_text(variable)
    ended = capture("tap", ["--config=ENV"], folder=tmp_path).end()
    assert (ended.returncode, says in ended.stderr) == (2, True), ended.stderr


def test_what_can_only_mean_one_thing_is_read_so(tap: Tap, sandbox: Sandbox) -> None:
    division = sandbox.control.divisions()[0]["Code"]
    given = {"divisions": f" {division} ", "region": "NL", "concurrency": "2", "late_commits": "no"}
    run = tap.run(**given, catalog=tap.catalog(["journals"]))
    assert run.exit_code == 0, run.log
    assert {row["Division"] for row in run.records["journals"]} == {division}


def test_a_wrong_client(tap: Tap) -> None:
    run = tap.run(client_id="00000000-0000-0000-0000-000000000000", client_secret=SECRET)
    assert run.exit_code == 2, run.log
    assert "check `client_id` and `client_secret`" in run.log
    assert SECRET not in run.log


def test_a_dead_refresh_token(tap: Tap) -> None:
    run = tap.run(refresh_token=TOKEN)
    assert run.exit_code == 3, run.log
    assert "`refresh_token`" in run.log
    assert TOKEN not in run.log


def test_not_connected_yet(tap: Tap) -> None:
    run = tap.run(refresh_token=None)
    assert run.exit_code == 3, run.log
    assert "Not connected" in run.log


@pytest.mark.parametrize(
    ("base_url", "says"),
    [
        pytest.param("http://127.0.0.1:9", "nothing answers at this address", id="nothing listens"),
        pytest.param("https://no.such.host.invalid", "the name of the server is unknown", id="no such name"),
    ],
)
def test_a_server_that_is_not_there(tap: Tap, base_url: str, says: str) -> None:
    run = tap.run(base_url=base_url)
    assert run.exit_code == 1, run.log
    assert f"Cannot reach {base_url}: {says}" in run.log
    assert "`region` and `base_url`" in run.log
    assert "Traceback" not in run.log


def test_no_division_is_granted(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    world = start_sandbox(rows=10)
    for row in world.control.divisions():
        world.control.withdraw_division(row["Code"])
    run = tap_for(world, tmp_path).run()
    assert run.exit_code == 2, run.log
    assert "Manage companies" in run.log


def test_a_configured_division_that_is_not_granted_is_a_warning(tap: Tap, sandbox: Sandbox) -> None:
    known = sandbox.control.divisions()[0]["Code"]
    run = tap.run(divisions=[known, 99], catalog=tap.catalog(["divisions"]))
    assert run.exit_code == 0, run.log
    assert "Division 99 of the setting `divisions` is not granted" in run.log
    assert "Manage companies" in run.log


@pytest.mark.parametrize(
    ("state", "says"),
    [
        pytest.param({"bookmarks": {"users": {"x": 1}}}, "not one of this tap", id="another tap"),
        pytest.param({"completed": {}}, "not one of this tap", id="no bookmarks"),
        pytest.param(
            {
                "bookmarks": {
                    "accounts": {
                        "partitions": [
                            {
                                "context": {"Division": 1},
                                "replication_key": "Timestamp",
                                "replication_key_value": "2024-01-01",
                            }
                        ]
                    }
                }
            },
            "a bookmark for 'accounts' in division 1 that is not a row version",
            id="text bookmark",
        ),
        pytest.param(
            {"bookmarks": {"accounts": {"replication_key_value": "2024-01-01"}}},
            "one bookmark for all divisions of 'accounts'",
            id="not partitioned",
        ),
        pytest.param(
            {"bookmarks": {"accounts": {}, "of_tomorrow": [1]}},
            "The state of 'of_tomorrow' is no JSON object",
            id="no object",
        ),
    ],
)
def test_a_state_that_is_not_ours(tap: Tap, state: dict[str, Any], says: str) -> None:
    run = tap.run(state=state)
    assert run.exit_code == 2, run.log
    assert says in run.log
    assert run.lines == []


def test_a_catalog_with_an_unknown_stream(tap: Tap) -> None:
    catalog = tap.catalog(["divisions"])
    for stream in catalog["streams"]:
        if stream["stream"] == "divisions":
            stream["tap_stream_id"] = stream["stream"] = "companies"
    run = tap.run(catalog=catalog)
    assert run.exit_code == 2, run.log
    assert "selects what this tap does not have: the stream `companies`" in run.log


def with_field(catalog: dict[str, Any], name: str, *, column: bool) -> dict[str, Any]:
    """Return a catalog that selects one field more of `accounts`, with or without the column in its schema."""
    for stream in catalog["streams"]:
        if stream["stream"] == "accounts":
            if column:
                stream["schema"]["properties"][name] = {"type": "string"}
            field = {"breadcrumb": ["properties", name], "metadata": {"selected": True}}
            stream["metadata"].append(field)
    return catalog


def test_a_catalog_with_a_mistyped_field(tap: Tap) -> None:
    run = tap.run(catalog=with_field(tap.catalog(["accounts"]), "Nmae", column=False))
    assert run.exit_code == 2, run.log
    assert "does not have: the field `accounts.Nmae` (did you mean `accounts.Name`?)" in run.log


def test_a_catalog_of_an_earlier_version_is_read_without_what_is_gone(tap: Tap) -> None:
    run = tap.run(catalog=with_field(tap.catalog(["accounts"]), "Nickname", column=True))
    assert run.exit_code == 0, run.log
    assert "made by another version of this tap" in run.log
    assert "`accounts.Nickname`" in run.log
    assert "Nickname" not in run.schemas["accounts"]["schema"]["properties"]
    assert run.records["accounts"]


@pytest.mark.parametrize("content", [{}, {"streams": {}}, {"streams": [{"stream": "accounts"}]}])
def test_a_file_that_is_no_catalog(tap: Tap, tmp_path: Path, content: dict[str, Any]) -> None:
    file = tmp_path / "not.json"
    file.write_text(json.dumps(content))
    run = tap.run("--catalog", str(file))
    assert (run.exit_code, f"--catalog: {file} holds no Singer catalog" in run.log) == (2, True), run.log


@pytest.mark.parametrize(
    ("rules", "code", "says"),
    [
        (["acounts.*"], 2, "the stream `acounts` (did you mean `accounts`?)"),
        (["accounts.*", "journals.Nmae"], 2, "the field `journals.Nmae`"),
        (["accounts.*", "!journals.*", "!accounts.BNS"], 0, "excludes what this tap does not have"),
    ],
)
def test_what_meltano_was_told_has_to_exist(tap: Tap, rules: list[str], code: int, says: str) -> None:
    catalog = tap.catalog(["accounts"] if "accounts.*" in rules else [])
    if "journals.Nmae" in rules:  # Meltano selects the stream of such a rule
        catalog = tap.catalog(["accounts", "journals"])
    run = tap.run(catalog=catalog, env={"MELTANO_EXTRACT__SELECT": json.dumps(rules)})
    assert (run.exit_code, says in run.log) == (code, True), run.log


def test_a_catalog_that_selects_nothing(tap: Tap, sandbox: Sandbox) -> None:
    before = sandbox.control.stats()["calls"]
    run = tap.run(catalog=tap.catalog([]))
    assert run.exit_code == 2, run.log
    assert "Nothing is selected" in run.log
    assert "meltano select tap-exact-online" in run.log
    assert run.lines == []
    assert sandbox.control.stats()["calls"] == before


@pytest.mark.parametrize("option", ["--state", "--catalog", "--config"])
def test_a_file_that_is_not_json(tap: Tap, tmp_path: Path, option: str) -> None:
    file = tmp_path / "broken.json"
    file.write_text("{")
    run = tap.run(option, str(file))
    assert run.exit_code == 2, run.log
    assert option in run.log
    assert "Traceback" not in run.log


def test_a_forbidden_stream_is_skipped_and_listed(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    world = start_sandbox(rows=10)
    world.control.forbid(path="sync/CRM/Accounts")
    tap = tap_for(world, tmp_path)
    catalog = tap.catalog(["accounts", "gl_accounts"])
    run = tap.run(catalog=catalog)
    assert run.exit_code == 0, run.log
    assert run.records["gl_accounts"]
    assert "was skipped for lack of a right" in run.log
    assert "Exit code 0: complete but for what was skipped." in run.log
    assert "lacks the scope 'crm.accounts'. Add it in the Exact Online App Centre" in run.log
    assert world.control.stats()["client_errors"] == {"403": {"sync/CRM/Accounts": 2}}
    assert tap.run(catalog=catalog, on_denied="fail").exit_code == 1
