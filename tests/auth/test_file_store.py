"""Tokens in a file: closed to others, whole at any moment, and rotated by one process at a time."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores import FileStore, open_store, state_file
from tap_exact_online.auth.tokens import Tokens
from tap_exact_online.errors import ConfigurationError, LimitReached

OWNER = "someone"
TOKENS = Tokens(OWNER, "refresh-hunter2", access_token="access-hunter2", access_issued=1000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tokens.json"


@pytest.fixture
def store(path: Path) -> FileStore:
    return FileStore(path, Form(OWNER), lock_timeout=0.05)


def keep(store: FileStore, tokens: Tokens = TOKENS) -> None:
    with store.lock():
        store.write(tokens)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nothing_is_touched_before_it_is_needed(store: FileStore, path: Path) -> None:
    assert store.read() is None
    assert not path.parent.exists()


def test_what_is_written_is_read_back(store: FileStore) -> None:
    keep(store)
    assert store.read() == TOKENS
    keep(store, replace(TOKENS, refresh_token="next"))
    stored = store.read()
    assert stored is not None
    assert stored.refresh_token == "next"


def test_the_file_its_folder_and_the_lock_are_closed_to_others(store: FileStore, path: Path) -> None:
    before = os.umask(0)
    try:
        keep(store)
    finally:
        os.umask(before)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert mode(Path(f"{path}.lock")) & 0o077 == 0


@pytest.mark.parametrize("open_to", [0o604, 0o640, 0o620, 0o666])
def test_a_file_that_others_can_reach_is_refused_with_the_cure(
    open_to: int, store: FileStore, path: Path
) -> None:
    keep(store)
    path.chmod(open_to)
    with pytest.raises(ConfigurationError, match="chmod 600") as caught:
        store.read()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"refresh_token": "hunter2"', b"hunter2", b"[" * 10**5],
)
def test_a_damaged_file_is_refused_and_left_alone(content: bytes, store: FileStore, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError) as caught:
        store.read()
    assert str(path) in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert path.read_bytes() == content


def test_a_folder_in_the_place_of_the_file_is_refused(store: FileStore, path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        store.read()


def test_another_clients_file_is_left_untouched(store: FileStore, path: Path) -> None:
    keep(store)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="left untouched"):
        FileStore(path, Form("someone else")).read()
    assert path.read_bytes() == before


def test_no_temporary_files_are_left(store: FileStore, path: Path) -> None:
    keep(store)
    keep(store)
    assert {file.name for file in path.parent.iterdir()} <= {"tokens.json", "tokens.json.lock"}


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_whole_and_nothing_beside_it(
    step: str, store: FileStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), full)
    with pytest.raises(OSError, match="No space"):
        store.write(replace(TOKENS, refresh_token="next"))
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} <= {"tokens.json", "tokens.json.lock"}


def test_the_new_content_is_on_disk_before_it_takes_the_old_ones_place(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store)
    steps: list[str] = []
    fsync, move = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (steps.append("fsync"), fsync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (steps.append("replace"), move(self, to))[1])
    store.write(TOKENS)
    assert steps == ["fsync", "replace", "fsync"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = FileStore(tmp_path / "file" / "tokens.json", Form(OWNER))
    with pytest.raises(OSError, match=r"File exists|Not a directory"):
        store.write(TOKENS)
    with pytest.raises(ConfigurationError, match="cannot be locked"), store.lock():
        pytest.fail("locked")


def test_the_first_write_makes_the_folder_without_a_lock(store: FileStore, path: Path) -> None:
    store.write(TOKENS)
    assert store.read() == TOKENS
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_a_link_to_the_file_stays_a_link(store: FileStore, path: Path, tmp_path: Path) -> None:
    keep(store)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    keep(FileStore(link, Form(OWNER)), replace(TOKENS, refresh_token="next"))
    assert link.is_symlink()
    stored = store.read()
    assert stored is not None
    assert stored.refresh_token == "next"


def test_what_is_forgotten_is_gone_and_may_be_forgotten_again(store: FileStore, path: Path) -> None:
    store.forget()
    keep(store)
    store.forget()
    store.forget()
    assert store.read() is None
    assert not path.exists()


def test_a_lock_keeps_a_second_holder_out_and_is_let_go_of(store: FileStore, path: Path) -> None:
    other = FileStore(path, Form(OWNER), lock_timeout=0.05)
    with store.lock(), pytest.raises(LimitReached, match="Another process"), other.lock():
        pytest.fail("both hold it")
    with other.lock():
        assert store.read() is None


def test_a_lock_is_let_go_of_when_the_block_fails(store: FileStore) -> None:
    with pytest.raises(ZeroDivisionError), store.lock():
        raise ZeroDivisionError
    keep(store)
    assert store.read() == TOKENS


def test_a_lock_keeps_a_second_process_out_until_that_one_dies(store: FileStore, path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tap_exact_online.auth.form import Form\n"
        "from tap_exact_online.auth.stores import FileStore\n"
        "with FileStore(Path(sys.argv[1]), Form('someone')).lock(): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LimitReached), store.lock():
            pytest.fail("both hold it")
        holder.kill()
        holder.wait()
    keep(store)
    assert store.read() == TOKENS


# --- Which store a setting names -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        pytest.param("/a/b.json", "/a/b.json", id="path"),
        pytest.param("b.json", "b.json", id="relative"),
        pytest.param("file:/a/b.json", "/a/b.json", id="file"),
        pytest.param("file:///a/b%20c.json", "/a/b c.json", id="file-with-slashes-and-a-space"),
        pytest.param("~/b.json", str(Path("~/b.json").expanduser()), id="home"),
    ],
)
def test_a_setting_names_a_file(setting: str, place: str) -> None:
    assert open_store(setting, Form(OWNER), Path("default.json")).place == place


def test_an_unknown_kind_of_store_is_refused_without_its_password() -> None:
    with pytest.raises(ConfigurationError, match=r"`store`.*'ftp:'") as caught:
        open_store("ftp://user:hunter2@host/x", Form(OWNER), Path("default.json"))
    assert "hunter2" not in str(caught.value)


def test_every_client_id_and_region_has_a_default_file_of_its_own() -> None:
    places = {
        state_file(server, client, folder)
        for server in ("nl", "be")
        for client in ("one-id", "other-id")
        for folder in ("", "emergency")
    }
    assert len(places) == 8
    assert not [place for place in places if "one-id" in str(place)]
    assert open_store(None, Form(OWNER), Path("default.json")).place == "default.json"


def test_the_file_is_json_that_a_person_can_look_at(store: FileStore, path: Path) -> None:
    keep(store)
    assert json.loads(path.read_text())["owner"] == OWNER
