"""Every setting: what it parses to, and how a bad value is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.errors import ConfigurationError, Unset
from tap_exact_online.files import Only
from tap_exact_online.reading.divisions import Shard
from tap_exact_online.settings import (
    HOSTS,
    SETTINGS,
    config_jsonschema,
    explain,
    parse,
)
from tap_exact_online.state import Reread

SECRETS = {
    "client_id": "an-id-hunter2",
    "client_secret": "a-secret-hunter2",
    "refresh_token": "a-token-hunter2",
    "store_key": "a-key-hunter2",
    "personal_salt": "a-salt-of-hunter2",
}
NAMES = [setting.name for setting in SETTINGS]
# https://docs.meltano.com/reference/plugin-definition-syntax#settingskind
MELTANO_KINDS = {
    "string",
    "integer",
    "boolean",
    "decimal",
    "date_iso8601",
    "email",
    "password",
    "options",
    "file",
    "array",
    "object",
    "hidden",
}


def parsed(**config: Any) -> Any:
    return parse({**SECRETS, **config})


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- The table -----------------------------------------------------------------------------------------------


def test_the_settings_are_the_promised_ones() -> None:
    assert [
        *(
            "client_id",
            "client_secret",
            "refresh_token",
            "region",
            "base_url",
            "store",
            "store_key",
            "divisions",
        ),
        *(
            "exclude_divisions",
            "shard",
            "personal_data",
            "personal_salt",
            "column_names",
            "start_date",
            "reread",
            "cadence",
        ),
        "select_everything",
        *("concurrency", "at_most_old", "weights", "contract_calls", "spread", "reserved_calls"),
        *("maintenance_minutes", "late_commits", "new_fields", "on_denied"),
        *("files", "files_only", "files_most", "schemas_only", "record"),
    ] == NAMES
    assert {setting.name for setting in SETTINGS if setting.secret} == {*SECRETS, "store"}
    assert {setting.name for setting in SETTINGS if setting.required} == {"client_id", "client_secret"}


@pytest.mark.parametrize("setting", SETTINGS, ids=NAMES)
def test_a_setting_is_one_that_meltano_can_show(setting: Any) -> None:
    assert setting.kind in MELTANO_KINDS
    assert bool(setting.options) == (setting.kind == "options")
    assert setting.default is None or not setting.options or setting.default in setting.options
    assert setting.label
    assert setting.description.endswith(".")


def test_the_regions_have_their_hosts() -> None:
    [region] = [setting for setting in SETTINGS if setting.name == "region"]
    assert {*region.options} == {*HOSTS} == {"nl", "be", "de", "fr", "es", "uk", "com"}
    assert len({*HOSTS.values()}) == 7
    assert HOSTS["uk"] == "https://start.exactonline.co.uk"


def test_the_schema_is_valid_and_marks_secrets() -> None:
    schema = config_jsonschema()
    jsonschema.Draft7Validator.check_schema(schema)
    properties = schema["properties"]
    assert [*properties] == NAMES
    assert {name for name in NAMES if properties[name].get("secret")} == {*SECRETS, "store"}
    assert {name for name in NAMES if properties[name].get("writeOnly")} == {*SECRETS, "store"}
    assert properties["region"]["default"] == "nl"
    jsonschema.validate(SECRETS, schema)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_id", None),
        ("client_secret", 5),
        ("refresh_token", 5),
        ("region", "us"),
        ("on_denied", "ignore"),
        ("personal_data", "hsah"),
        ("column_names", "snake"),
        ("divisions", "1,2"),
        ("divisions", ["1"]),
        ("exclude_divisions", [1.5]),
        ("reread", [1]),
        ("reread", '{"divisions": [1]}'),
        ("concurrency", 0),
        ("concurrency", "2"),
        ("files", 5),
        ("files_only", [10]),
        ("files_most", -1),
        ("start_date", 20240101),
        ("shard", 2),
        ("store", 5),
        ("base_url", True),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_the_schema(name: str, value: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**SECRETS, name: value}, config_jsonschema())


# --- What they parse to --------------------------------------------------------------------------------------


def test_the_defaults() -> None:
    settings = parse({"client_id": "i", "client_secret": "s"})
    assert settings.refresh_token is None
    assert (settings.base_url, settings.server) == ("https://start.exactonline.nl", "nl")
    assert settings.store is None
    assert settings.choice.pick([2, 1]) == [1, 2]
    assert settings.start is None
    assert settings.reread is None
    assert (settings.concurrency, settings.skip_denied) == (1, True)
    assert (settings.files, settings.files_only, settings.files_most) == (None, Only(), 1000)


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"client_id", "client_secret"}])
def test_an_empty_setting_is_an_unset_one(name: str, empty: str | None) -> None:
    kept = {key: value for key, value in SECRETS.items() if key != name}
    assert parse({**kept, name: empty}) == parse(kept)


def test_settings_arrive_where_they_belong() -> None:
    settings = parsed(
        region="be",
        divisions=[3, 1],
        exclude_divisions=[1],
        shard="1/1",
        on_denied="fail",
        store="~/x",
        concurrency=4,
        reread={"streams": ["items"], "divisions": [3]},
        files="s3://bucket/folder",
        files_only={"document_types": [10, 20], "largest": 5, "newest_days": 7},
        files_most=0,
    )
    assert (settings.base_url, settings.server) == ("https://start.exactonline.be", "be")
    assert settings.choice.shard == Shard(1, 1)
    assert settings.choice.pick([1, 2, 3]) == [3]
    assert settings.reread == Reread(frozenset({"items"}), frozenset({3}))
    assert (settings.files, settings.files_most) == ("s3://bucket/folder", 0)
    assert settings.files_only == Only(frozenset({10, 20}), 5, 7)
    assert (settings.skip_denied, settings.store, settings.concurrency) == (False, "~/x", 4)
    assert (settings.client_id, settings.client_secret, settings.refresh_token) == (
        "an-id-hunter2",
        "a-secret-hunter2",
        "a-token-hunter2",
    )
    assert settings.store_keys == ("a-key-hunter2",)


@pytest.mark.parametrize(
    ("text", "keys"), [("", ()), (None, ()), ("a", ("a",)), ("a,b", ("a", "b")), (" a , ,b,", ("a", "b"))]
)
def test_keys_are_separated_by_commas(text: str | None, keys: tuple[str, ...]) -> None:
    assert parsed(store_key=text).store_keys == keys


@pytest.mark.parametrize(
    ("url", "base_url", "server"),
    [
        pytest.param("http://127.0.0.1:8765", "http://127.0.0.1:8765", "127.0.0.1_8765", id="sandbox"),
        pytest.param("https://proxy.example/", "https://proxy.example", "proxy.example", id="slash"),
        pytest.param("HTTPS://proxy.example", "https://proxy.example", "proxy.example", id="capitals"),
        pytest.param("http://[::1]:8765", "http://[::1]:8765", "___1__8765", id="ipv6"),
    ],
)
def test_a_base_url_replaces_the_region(url: str, base_url: str, server: str) -> None:
    settings = parsed(base_url=url, region="de")
    assert (settings.base_url, settings.server) == (base_url, server)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        pytest.param("2024-01-31", "2024-01-31", id="day"),
        pytest.param("2024-01-31T23:30:00", "2024-01-31", id="moment-without-offset"),
        pytest.param("2024-01-31T00:00:00Z", "2024-01-31", id="meltano-writes-it-so"),
        pytest.param("2024-01-31T23:59:59+00:00", "2024-01-31", id="late-in-utc"),
        pytest.param("2024-01-31T00:30:00+02:00", "2024-01-30", id="offset-reaches-back"),
        pytest.param("20240131", "2024-01-31", id="without-dashes"),
    ],
)
def test_a_start_date_is_midnight_of_its_day(text: str, start: str) -> None:
    assert parsed(start_date=text).start == wall(start)


@given(st.datetimes(timezones=st.timezones() | st.none()))
def test_a_start_date_never_lies_behind_the_moment_it_was_given_as(moment: datetime) -> None:
    try:
        start = parsed(start_date=moment.isoformat()).start
    except ConfigurationError:
        return  # beyond the calendar
    if moment.tzinfo is None:
        assert start == moment.replace(hour=0, minute=0, second=0, microsecond=0)
    else:
        assert start.replace(tzinfo=None) <= moment.replace(tzinfo=None) - (
            moment.utcoffset() or moment - moment
        )


# --- What is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_id", None),
        ("client_id", ""),
        ("client_secret", ""),
        ("region", "us"),
        ("region", "NL"),
        ("on_denied", "ignore"),
        ("shard", "5/4"),
        ("start_date", "yesterday"),
        ("start_date", "2024-13-01"),
        ("start_date", "31-01-2024"),
        ("start_date", "0001-01-01T00:00:00+05:00"),
        ("reread", {"streams": ["itmes"]}),
        ("reread", {"company": 1}),
        ("base_url", "start.exactonline.nl"),
        ("base_url", "ftp://start.exactonline.nl"),
        ("base_url", "https://"),
        ("base_url", "https://start.exactonline.nl/api"),
        ("base_url", "https://start.exactonline.nl?x=hunter2"),
        ("base_url", "https://start.exactonline.nl#hunter2"),
        ("base_url", "https://user:hunter2@start.exactonline.nl"),
        ("base_url", "https://:hunter2@start.exactonline.nl"),
        ("base_url", "https://start.exactonline.nl:port"),
        ("base_url", "https://start.exactonline.nl:99999"),
        ("base_url", "https://start.exactonline.nl:0"),
        ("base_url", "https://elsewhere\\start.exactonline.nl"),
        ("files_only", {"types": [10]}),
        ("files_only", {"document_types": 10}),
        ("files_only", {"document_types": ["10"]}),
        ("files_only", {"document_types": [True]}),
        ("files_only", {"largest": 0}),
        ("files_only", {"largest": 5.5}),
        ("files_only", {"largest": "5 MB"}),
        ("files_only", {"newest_days": -1}),
        ("files_only", {"newest_days": 10**9}),
        ("files_only", {"other\x1b[2J": 1}),
        ("base_url", "http://[::1"),
        ("base_url", "http://start.exactonline.nl"),
        ("base_url", "http://134744072"),
        ("base_url", "http://192.168.1.2:8765"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_the_setting(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^`{name}`") as caught:
        parse({**SECRETS, name: value})
    assert caught.value.exit_code == 2
    assert "hunter2" not in str(caught.value)


def test_a_missing_setting_says_how_to_set_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MELTANO_PROJECT_ROOT", raising=False)
    with pytest.raises(Unset, match=r"TAP_EXACT_ONLINE_CLIENT_SECRET=….*\.env.*--config") as caught:
        parse({"client_id": "an-id"})
    assert "meltano" not in str(caught.value)


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(
        Unset,
        match=r"`client_id` is not set.*`client_secret` is not set.*_CLIENT_ID=… and .*_CLIENT_SECRET=…",
    ):
        parse({})


def test_the_secrets_are_not_shown() -> None:
    shown = repr(parsed())
    assert [name for name in SECRETS if name != "client_id" and SECRETS[name] in shown] == []


# --- The environment and the schema's complaints --------------------------------------------------------------


def complaints(config: Mapping[str, Any]) -> list[str]:
    """Word the schema's complaints as the SDK does."""
    return [
        f"{error.message} in config{''.join(f'[{part!r}]' for part in error.path)}"
        if error.path
        else error.message
        for error in jsonschema.Draft7Validator(config_jsonschema()).iter_errors(config)
    ]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        pytest.param(
            {"client_id": "i"}, ["`client_secret` is not set", "TAP_EXACT_ONLINE_CLIENT_SECRET"], id="missing"
        ),
        pytest.param({}, ["`client_id` is not set", "`client_secret` is not set"], id="two-missing"),
        pytest.param({**SECRETS, "region": "us"}, ["`region`", "'us'", "'nl'"], id="option"),
        pytest.param({**SECRETS, "divisions": ["x"]}, ["`divisions`", "'x'"], id="inside-a-list"),
        pytest.param({**SECRETS, "concurrency": 0}, ["`concurrency`", "minimum"], id="minimum"),
        pytest.param(
            {**SECRETS, "client_secret": {"hunter2": 1}}, ["`client_secret`", "wrong type"], id="secret"
        ),
        pytest.param(
            {**SECRETS, "refresh_token": ["hunter2"]}, ["`refresh_token`", "wrong type"], id="token"
        ),
    ],
)
def test_the_complaints_of_the_schema_are_told_by_setting_without_secrets(
    config: Mapping[str, Any], said: list[str]
) -> None:
    text = explain(complaints(config))
    assert [words for words in said if words not in text] == []
    assert "hunter2" not in text


@pytest.mark.parametrize("shard", [f"1/{'9' * 4_400}", f"{'1' * 4_400}/2"])
def test_a_part_of_thousands_of_digits_is_none(shard: str) -> None:
    with pytest.raises(ConfigurationError, match="`shard`") as caught:
        parsed(shard=shard)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", ["divisions", "exclude_divisions"])
@pytest.mark.parametrize("number", [-123456, 0])
def test_no_division_has_such_a_number(name: str, number: int) -> None:
    with pytest.raises(ConfigurationError, match=f"^`{name}`: {number} is no number of a division.$"):
        parse({**SECRETS, name: [1, number]})
