"""What every board keeps: one contract for all of them, with real servers and real processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tap_exact_online.board import Board, open_board
from tap_exact_online.errors import ConfigurationError
from tests.board.kinds import OWNER, Kind, opened
from tests.board.program import counted

LARGE = bytes(range(256)) * 2000


@pytest.fixture
def board(kind: Kind) -> Board:
    return opened(kind)


def put(board: Board, name: str, document: bytes | None) -> bytes | None:
    return board.change(name, lambda _: document)


def number(document: bytes | None) -> int:
    """Return what was counted, from a document that is whole."""
    first, _, last = (document or b"0 - 0").split()
    assert first == last
    return int(first)


def test_an_empty_board_holds_nothing(board: Board) -> None:
    assert board.read("nothing") is None
    assert put(board, "nothing", None) is None


@pytest.mark.parametrize("document", [b"", b"\n", b"{}", b"\x00\xff\r\n", LARGE], ids=len)
def test_what_is_put_up_is_read_by_all(kind: Kind, board: Board, document: bytes) -> None:
    assert put(board, "a.b-1", document) == document
    assert board.read("a.b-1") == document
    assert opened(kind).read("a.b-1") == document
    assert (
        opened(kind).change("a.b-1", lambda before: (before if before is not None else b"none") + b"!")
        == document + b"!"
    )
    assert board.read("a.b-1") == document + b"!"


def test_what_is_removed_is_gone_and_may_come_back(kind: Kind, board: Board) -> None:
    put(board, "one", b"1")
    put(board, "two", b"2")
    assert put(board, "one", None) is None
    assert opened(kind).read("one") is None
    assert board.change("one", lambda before: b"again" if before is None else b"still there") == b"again"
    assert board.read("two") == b"2"


def test_what_stays_is_not_written(kind: Kind, board: Board) -> None:
    put(board, "one", b"1")
    assert board.change("one", lambda before: before) == b"1"
    assert opened(kind).change("other", lambda before: before) is None
    assert not any(name.endswith("other") for name in kind.names())


def test_each_owner_has_documents_of_its_own(kind: Kind, board: Board) -> None:
    other = opened(kind, "another owner's")
    put(board, "one", b"mine")
    assert other.read("one") is None
    put(other, "one", b"yours")
    put(other, "one", None)
    assert board.read("one") == b"mine"


def test_what_is_damaged_can_be_replaced(kind: Kind, board: Board) -> None:
    put(board, "one", b"1")
    taken_for = kind.spoil("one")
    assert board.read("one") == taken_for
    seen: list[bytes | None] = []

    def change(before: bytes | None) -> bytes:
        seen.append(before)
        return b"2"

    assert board.change("one", change) == b"2"
    assert seen == [taken_for]
    assert board.read("one") == b"2"


def test_a_change_that_fails_changes_nothing(board: Board) -> None:
    put(board, "one", b"1")

    def fail(_: bytes | None) -> bytes:
        msg = "no"
        raise LookupError(msg)

    for _ in range(2):
        with pytest.raises(LookupError):
            board.change("one", fail)
    assert board.read("one") == b"1"
    assert put(board, "one", b"2") == b"2"


@pytest.mark.parametrize("name", ["", "A", ".a", "-a", "a/b", "../a", "a b", "a" * 61, "a\n"])
def test_what_names_no_document_is_refused(name: str, board: Board) -> None:
    with pytest.raises(ValueError, match="does not name a document"):
        board.read(name)
    with pytest.raises(ValueError, match="does not name a document"):
        put(board, name, b"")


def test_four_processes_count_together(kind: Kind, board: Board) -> None:
    """Each change is there, though all write at once, and no reader sees a part of a document."""
    command = [sys.executable, "-m", "tests.board.program", kind.url, OWNER, "count", "100"]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        last = 0
        while any(process.poll() is None for process in processes):
            now = number(board.read("count"))
            assert now >= last
            last = now
        assert [process.returncode for process in processes] == [0] * 4
        assert number(board.read("count")) == 400
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_threads_of_one_process_count_together(board: Board) -> None:
    def count() -> None:
        for _ in range(10):
            board.change("count", counted)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert number(board.read("count")) == 40


def test_nothing_secret_is_in_its_place(board: Board) -> None:
    assert "hunter2" not in board.place.lower()
    assert "hunter2" not in repr(board)


def test_without_a_setting_it_is_beside_the_default_file(tmp_path: Path) -> None:
    board = open_board(None, OWNER, tmp_path / "tokens.json")
    put(board, "one", b"1")
    assert board.place == str(tmp_path / "tokens.json")
    assert {path.name for path in tmp_path.iterdir()} - {f"tokens.json.{OWNER}.lock"} == {
        f"tokens.json.{OWNER}.one"
    }


@pytest.mark.parametrize("store", ["ftp://host/tokens", "postgresql:db", "s3:bucket", "s3://"])
def test_what_names_no_board_is_refused(store: str) -> None:
    with pytest.raises(ConfigurationError, match="`store`"):
        open_board(store, OWNER, Path("nowhere"))
