"""Which store a setting names, and what is said where there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores import open_store, state_file
from tap_exact_online.auth.stores.file import FileStore
from tap_exact_online.auth.stores.objects import ObjectStore
from tap_exact_online.auth.stores.postgres import PostgresStore
from tap_exact_online.errors import ConfigurationError

FORM = Form("someone")
DEFAULT = Path("default.json")


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        pytest.param(None, "default.json", id="none"),
        pytest.param("/a/b.json", "/a/b.json", id="path"),
        pytest.param("b.json", "b.json", id="relative"),
        pytest.param("/a/b c%20#?.json", "/a/b c%20#?.json", id="a-path-is-no-url"),
        pytest.param("/a:b/c.json", "/a:b/c.json", id="a-colon"),
        pytest.param("C:tokens.json", "C:tokens.json", id="a-drive"),
        pytest.param("file:/a/b.json", "/a/b.json", id="file"),
        pytest.param("file:b.json", "b.json", id="file-relative"),
        pytest.param("file:///a/b%20c.json", "/a/b c.json", id="file-with-slashes-and-a-space"),
        pytest.param("file://localhost/a/b.json", "/a/b.json", id="file-with-this-machine"),
        pytest.param("~/b.json", str(Path("~/b.json").expanduser()), id="home"),
    ],
)
def test_a_setting_names_a_file(setting: str | None, place: str) -> None:
    store = open_store(setting, FORM, DEFAULT)
    assert isinstance(store, FileStore)
    assert store.place == place


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        pytest.param("postgresql://host/db", PostgresStore, id="postgresql"),
        pytest.param("POSTGRES://host/db", PostgresStore, id="postgres"),
        pytest.param("postgresql+psycopg2://host/db", PostgresStore, id="sqlalchemy"),
        pytest.param("s3://bucket/tokens.json", ObjectStore, id="s3"),
    ],
)
def test_a_url_names_a_kind(setting: str, kind: type) -> None:
    assert isinstance(open_store(setting, FORM, DEFAULT), kind)


@pytest.mark.parametrize("url", ["file://host/a.json", "file:", "file:////host/a.json", "file://"])
def test_a_file_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="file on this machine"):
        open_store(url, FORM, DEFAULT)


@pytest.mark.parametrize(
    "url", ["ftp://user:hunter2@host/x", "mysql://hunter2", "https://host/hunter2", "S4:hunter2"]
)
def test_an_unknown_kind_of_store_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"`store`: no kind of store is called '\w+:'") as caught:
        open_store(url, FORM, DEFAULT)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "setting",
    [
        "'postgresql://user:hunter2@host/db'",
        '"postgresql://user:hunter2@host/db"',
        " postgresql://user:hunter2@host/db",
        "postgresql://user:hunter2@host/db ",
        "'/a/path with hunter2'",
        "postgresql//user:hunter2@host/db",
        "postgres.//user:hunter2@host/db",
        "S3//hunter2/k",
        "host=db user=me password=hunter2",
        "dbname=x PASSWORD=hunter2",
        "x y://user:hunter2@host/db",
        "/a/hunter2\0.json",
        "/a/hunter2\n.json",
        "1http://hunter2",
    ],
)
def test_what_was_not_meant_as_a_path_is_none_and_is_not_repeated(setting: str) -> None:
    with pytest.raises(ConfigurationError, match="`store`") as caught:
        open_store(setting, FORM, DEFAULT)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "module", "words"),
    [
        pytest.param(
            "postgresql://me:hunter2@h/d",
            "postgres",
            r'pip install "tap-exact-online\[postgres\]"',
            id="postgres",
        ),
        pytest.param("s3://bucket/k", "bucket", r'pip install "tap-exact-online\[object\]"', id="object"),
    ],
)
def test_a_missing_extra_is_named_with_the_command(
    setting: str, module: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("psycopg", "obstore"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"tap_exact_online.auth.stores.{module}")
    with pytest.raises(ConfigurationError, match=words) as caught:
        open_store(setting, FORM, DEFAULT)
    assert "hunter2" not in str(caught.value)


def test_a_missing_extra_for_keys_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Fernet.generate_key().decode()
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)
    with pytest.raises(ConfigurationError, match=r'pip install "tap-exact-online\[encryption\]"') as caught:
        Form("someone", [key])
    assert key not in str(caught.value)


def test_a_file_needs_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("psycopg", "obstore", "cryptography", "cryptography.fernet"):
        monkeypatch.setitem(sys.modules, name, None)
    assert open_store("/a/b.json", Form("someone"), DEFAULT).place == "/a/b.json"


def test_every_client_id_and_region_has_a_default_file_of_its_own() -> None:
    places = {
        state_file(server, client, folder)
        for server in ("nl", "be")
        for client in ("one-id", "other-id")
        for folder in ("", "emergency")
    }
    assert len(places) == 8
    assert not [place for place in places if "one-id" in str(place)]
