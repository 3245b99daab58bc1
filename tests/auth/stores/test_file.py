"""What a file adds to the contract: closed to others, whole at any moment, and what the system says in the way."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores.file import FileStore
from tap_exact_online.auth.tokens import Tokens
from tap_exact_online.errors import ConfigurationError, LimitReached
from tests.auth.stores.kinds import OWNER, TOKENS


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


def test_every_folder_that_is_made_is_closed_to_others(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "a" / "b" / "c" / "tokens.json", Form(OWNER))
    before = os.umask(0)
    try:
        keep(store)
    finally:
        os.umask(before)
    assert {mode(tmp_path / each) for each in ("a", "a/b", "a/b/c")} == {0o700}


def test_a_pipe_or_a_file_without_end_is_refused_at_once(store: FileStore, path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path, 0o600)
    with pytest.raises(ConfigurationError, match="it is no regular file"):
        store.read()
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(ConfigurationError, match="it is no regular file"):
        store.read()
    path.unlink()
    path.write_bytes(b" " * (300 << 10))
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="larger than 256 kB"):
        store.read()


def test_room_for_the_next_write_is_taken_and_given_back(store: FileStore, path: Path) -> None:
    room = path.parent / ".tokens.json.next"
    with store.lock():
        store.write(TOKENS)
        store.reserve()
        assert room.stat().st_size >= 16 << 10
        assert mode(room) == 0o600
    assert not room.exists()
    with store.lock():
        store.reserve()
        store.write(replace(TOKENS, refresh_token="next"))
        assert not room.exists()
    assert store.leftovers() == ()


def test_what_a_killed_writer_left_is_found(store: FileStore, path: Path) -> None:
    keep(store)
    left = replace(TOKENS, refresh_token="next")
    (path.parent / ".tokens.json.next").touch(0o600)
    (path.parent / ".tokens.json.next").write_bytes(Form(OWNER).write(left))
    assert store.leftovers() == (left,)
    store.forget()
    assert [*path.parent.iterdir()] in ([], [Path(f"{path}.lock")])


@pytest.mark.parametrize("content", [b"", b" " * 100, b'{"version": 1, "ow'])
def test_a_part_of_what_a_killed_writer_left_is_nothing(content: bytes, store: FileStore, path: Path) -> None:
    keep(store)
    (path.parent / ".tokens.json.next").touch(0o600)
    (path.parent / ".tokens.json.next").write_bytes(content)
    assert store.leftovers() == ()
    keep(store)


def test_what_another_wrote_after_the_lock_file_was_removed_stays(store: FileStore, path: Path) -> None:
    keep(store)
    with store.lock():
        Path(f"{path}.lock").unlink()
        other = FileStore(path, Form(OWNER), lock_timeout=0.05)
        keep(other, replace(TOKENS, refresh_token="of-the-other"))
        with pytest.raises(OSError, match="another process has written") as caught:
            store.write(replace(TOKENS, refresh_token="mine"))
        assert caught.value.errno == errno.ESTALE
    stored = store.read()
    assert stored is not None
    assert stored.refresh_token == "of-the-other"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of 64 kB, which a test can fill."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> None:
    """Write until nothing more goes in."""
    with (disk / "big").open("ab", buffering=0) as big, contextlib.suppress(OSError):
        while True:
            big.write(b"x" * 4096)


def test_on_a_disk_that_fills_up_after_the_announcement_there_is_room_for_the_token(small_disk: Path) -> None:
    store = FileStore(small_disk / "tokens.json", Form(OWNER))
    keep(store)
    with store.lock():
        store.write(replace(TOKENS, tries=1))
        store.reserve()
        fill(small_disk)
        store.write(replace(TOKENS, refresh_token="next"))
    stored = store.read()
    assert stored is not None
    assert stored.refresh_token == "next"
    fill(small_disk)
    with store.lock(), pytest.raises(OSError, match="No space"):
        store.reserve()


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


def test_the_file_is_json_that_a_person_can_look_at(store: FileStore, path: Path) -> None:
    keep(store)
    assert json.loads(path.read_text())["owner"] == OWNER


def test_two_names_of_one_file_have_one_lock(store: FileStore, path: Path, tmp_path: Path) -> None:
    keep(store)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    with store.lock(), pytest.raises(LimitReached), FileStore(link, Form(OWNER), lock_timeout=0).lock():
        pytest.fail("both hold it")


def test_what_a_link_leads_to_is_forgotten_and_comes_back(
    store: FileStore, path: Path, tmp_path: Path
) -> None:
    keep(store)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    through = FileStore(link, Form(OWNER))
    through.forget()
    assert not path.exists()
    assert through.read() is None
    through.write(TOKENS)
    assert store.read() == TOKENS


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    store = FileStore(tmp_path / "one", Form(OWNER))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        store.read()
    with pytest.raises(ConfigurationError, match="cannot be locked"), store.lock():
        store.write(TOKENS)


@pytest.mark.skipif(sys.platform != "linux", reason="a place that takes no files, not even from root")
def test_a_place_that_takes_no_files_is_refused_by_the_lock() -> None:
    store = FileStore(Path("/sys/kernel/tokens.json"), Form(OWNER), lock_timeout=0.05)
    with (
        pytest.raises(
            ConfigurationError, match=r"/sys/kernel/tokens\.json cannot be locked \(.+\)\. Set `store`"
        ),
        store.lock(),
    ):
        pytest.fail("locked")
    with pytest.raises(OSError, match=r"Permission denied|not permitted|Read-only"):
        store.write(TOKENS)


@pytest.mark.skipif(os.name != "posix", reason="flock is a word of Unix")
def test_a_file_system_without_locks_is_refused(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", missing)
    with (
        pytest.raises(ConfigurationError, match=r"cannot be locked \(Function not implemented\)"),
        store.lock(),
    ):
        pytest.fail("locked by a file that would outlive its holder")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can be somebody else")
def test_a_file_that_the_system_keeps_closed_is_refused(store: FileStore) -> None:
    """Root reads everything, so be nobody for a moment."""
    keep(store)
    os.seteuid(65534)
    try:
        with pytest.raises(ConfigurationError, match="cannot be read: Permission denied"):
            store.read()
        with pytest.raises(ConfigurationError, match=r"cannot be locked \(Permission denied\)"), store.lock():
            pytest.fail("locked")
    finally:
        os.seteuid(0)
