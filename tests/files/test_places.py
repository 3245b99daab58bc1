"""Where files are kept: a folder and a bucket keep the same promises."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.files import Place, open_place
from tap_exact_online.files.places import FORSAKEN
from tests.auth.stores.servers import S3

CONTENT = b"%PDF-1.4 content"


class _Cut(Exception):  # noqa: N818  as a connection is
    pass


Listed = Callable[[], list[str]]


@pytest.fixture(params=["folder", "bucket"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Place, Listed]:
    """Return a place and what lists it from outside."""
    if kind == "folder":
        folder = tmp_path / "a" / "files"
        return open_place(str(folder)), lambda: [
            str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
        ]
    s3: S3 = request.getfixturevalue("s3")
    store = S3Store(s3.bucket)
    return open_place(f"{s3.url}a/files"), lambda: [
        found["path"].removeprefix("a/files/") for part in obstore.list(store) for found in part
    ]


def take_half(files: Place, parts: Sequence[bytes]) -> None:
    """Take in what breaks off."""
    with files.begin() as coming:
        for part in parts:
            coming.write(part)
        raise _Cut


def test_a_file_has_its_name_only_when_it_is_whole(place: tuple[Place, Listed]) -> None:
    files, listed = place
    with files.begin() as coming:
        coming.write(CONTENT[:5])
        assert not files.has("ab/abcd.pdf")
        coming.write(CONTENT[5:])
    files.keep(coming.name, "ab/abcd.pdf")
    assert files.has("ab/abcd.pdf")
    assert files.read("ab/abcd.pdf") == CONTENT
    assert listed() == ["ab/abcd.pdf"]


def test_what_is_broken_off_leaves_nothing(place: tuple[Place, Listed]) -> None:
    files, listed = place
    with pytest.raises(_Cut):
        take_half(files, [CONTENT])
    assert listed() == []


def test_a_large_one_that_is_broken_off_leaves_nothing(place: tuple[Place, Listed]) -> None:
    files, listed = place
    with pytest.raises(_Cut):
        take_half(files, [b"x" * (1 << 20)] * 12)
    assert listed() == []
    with files.begin() as coming:
        for _ in range(12):
            coming.write(b"x" * (1 << 20))
    files.keep(coming.name, "ab/large")
    assert listed() == ["ab/large"]


def test_the_same_content_is_kept_once(place: tuple[Place, Listed]) -> None:
    files, listed = place
    for _ in range(2):
        with files.begin() as coming:
            coming.write(CONTENT)
        files.keep(coming.name, "ab/abcd.pdf")
    assert listed() == ["ab/abcd.pdf"]


def test_a_note_is_replaced(place: tuple[Place, Listed]) -> None:
    files, listed = place
    assert files.read("known/1.json") is None
    files.write("known/1.json", b"1")
    files.write("known/1.json", b"2")
    assert files.read("known/1.json") == b"2"
    assert listed() == ["known/1.json"]


def test_what_a_killed_run_left_is_removed_a_day_later(
    kind: str, place: tuple[Place, Listed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, listed = place
    files.tidy()  # nothing was ever written
    with files.begin() as coming:
        coming.write(CONTENT)
    files.write("known/1.json", b"1")
    files.tidy()
    assert sorted(listed()) == sorted([coming.name, "known/1.json"])
    later = time.time() + FORSAKEN + 60
    if kind == "folder":
        moment = time.time() - FORSAKEN - 60
        os.utime(tmp_path / "a" / "files" / coming.name, (moment, moment))
    else:
        monkeypatch.setattr(time, "time", lambda: later)
    files.tidy()
    assert listed() == ["known/1.json"]


def test_a_place_in_a_bucket_that_is_not_there_is_said_so(s3: S3) -> None:
    files = open_place(f"s3://{s3.bucket}-is-not-there/files")
    for use in (lambda: files.read("x"), lambda: files.write("x", b"")):
        with pytest.raises(OSError, match="NoSuchBucket") as caught:
            use()
        assert "hunter2" not in str(caught.value).lower()
        assert "127.0.0.1" not in str(caught.value)
    with pytest.raises(OSError, match="NoSuchBucket"), files.begin() as coming:
        coming.write(CONTENT)  # of a small file nothing is sent before its end


def test_files_of_a_folder_have_the_rights_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        open_place(str(tmp_path / "files")).write("known/1.json", b"1")
    finally:
        os.umask(before)
    assert (tmp_path / "files" / "known" / "1.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("setting", "where"),
    [
        ("/a/b", "/a/b"),
        ("a b", str(Path.cwd() / "a b")),
        ("~/files", str(Path("~/files").expanduser())),
        ("s3://bucket", "s3://bucket"),
        ("S3://bucket/a/b%20c/", "s3://bucket/a/b c"),
        ("az://container/a", "az://container/a"),
    ],
)
def test_a_setting_names_a_place(setting: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "aHVudGVyMg==")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert open_place(setting).where == where


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("ftp://host/files", "no kind of place is called 'ftp:'"),
        ("file:///files", "no kind of place is called 'file:'"),
        ("s3:bucket/files", "not a URL of the form s3://bucket/folder"),
        ("s3://bucket/files?key=hunter2", "not a URL of the form s3://bucket/folder"),
        ("'/files'", "begins or ends with a blank or a quote"),
        ("/files ", "begins or ends with a blank or a quote"),
        ("/fi\nles", "holds a character that no place has"),
        ("http//x://y", "no kind of place"),
    ],
)
def test_what_is_no_place_is_refused_by_the_name_of_the_setting(setting: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^`files`") as caught:
        open_place(setting)
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_missing_extra_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.delitem(sys.modules, "tap_exact_online.files.bucket", raising=False)
    with pytest.raises(ConfigurationError, match=r'pip install "tap-exact-online\[object\]"'):
        open_place("s3://bucket/files")
