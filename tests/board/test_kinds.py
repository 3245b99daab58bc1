"""What each kind of board adds to the contract: its rights, its refusals, and what becomes of a lost answer."""

from __future__ import annotations

import contextlib
import http.server
import os
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
import psycopg
import pytest
from obstore.store import MemoryStore
from typing_extensions import override

from demo.postgres import Postgres
from tap_exact_online.auth.stores.bucket import Bucket, Changed
from tap_exact_online.board import Board, open_board
from tap_exact_online.board.file import FileBoard
from tap_exact_online.board.objects import ObjectBoard
from tap_exact_online.board.postgres import PostgresBoard
from tests.auth.stores.servers import S3, disconnect, run, token_url
from tests.board.kinds import OWNER

if TYPE_CHECKING:
    from obstore import UpdateVersion


def put(board: Board, document: bytes | None) -> bytes | None:
    return board.change("one", lambda _: document)


@contextlib.contextmanager
def refused(words: str) -> Iterator[None]:
    """Expect an OSError that says why, and shows nothing secret."""
    with pytest.raises(OSError, match=words) as caught:
        yield
    assert caught.value.strerror
    assert (
        "hunter2" not in f"{caught.value!r} {caught.value.__context__!r} {caught.value.__cause__!r}".lower()
    )


# --- Files ---------------------------------------------------------------------------------------------------


def test_files_are_closed_to_others(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        put(FileBoard(tmp_path / "state" / "tokens.json", OWNER), b"1")
    finally:
        os.umask(before)
    made = [tmp_path / "state", *(tmp_path / "state").iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in made} == {0}


def test_a_link_to_the_token_store_leads_to_its_board(tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "folder" / "tokens.json")
    put(FileBoard(tmp_path / "folder" / "tokens.json", OWNER), b"1")
    assert FileBoard(link, OWNER).read("one") == b"1"
    put(FileBoard(link, OWNER), b"2")
    assert FileBoard(tmp_path / "folder" / "tokens.json", OWNER).read("one") == b"2"


def test_what_a_killed_writer_left_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / f".tokens.json.{OWNER}.one.next").write_bytes(b"x" * 1000)
    board = FileBoard(tmp_path / "tokens.json", OWNER)
    assert board.read("one") is None
    put(board, b"1")
    assert board.read("one") == b"1"


def test_a_file_that_nothing_here_wrote_is_nothing(tmp_path: Path) -> None:
    (tmp_path / f"tokens.json.{OWNER}.one").write_bytes(b"x" * (5 << 20))
    board = FileBoard(tmp_path / "tokens.json", OWNER)
    assert board.read("one") is None
    assert put(board, b"1") == board.read("one") == b"1"


def test_a_board_that_another_process_holds_is_given_up(tmp_path: Path) -> None:
    mine, other = (FileBoard(tmp_path / "tokens.json", OWNER, patience=0.05) for _ in range(2))

    def change(_: bytes | None) -> bytes:
        with refused("another process has held the board"):
            put(other, b"2")
        return b"1"

    assert mine.change("one", change) == b"1"
    assert other.read("one") == b"1"


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    board = FileBoard(tmp_path / "file" / "tokens.json", OWNER)
    with refused("Not a directory"):
        board.read("one")
    with refused(r"File exists|Not a directory"):
        put(board, b"1")


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    board = FileBoard(tmp_path / "one" / "tokens.json", OWNER)
    with refused("symbolic links"):
        board.read("one")
    with refused(r"symbolic links|File exists"):
        put(board, b"1")


@pytest.mark.skipif(sys.platform != "linux", reason="a place that takes no files, not even from root")
def test_a_place_that_takes_no_files_is_refused() -> None:
    board = FileBoard(Path("/sys/kernel/tokens.json"), OWNER)
    assert board.read("one") is None
    with refused(r"Permission denied|not permitted|Read-only"):
        put(board, b"1")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can be somebody else")
def test_files_that_the_system_keeps_closed_are_refused(tmp_path: Path) -> None:
    board = FileBoard(tmp_path / "tokens.json", OWNER)
    put(board, b"1")
    os.seteuid(65534)
    try:
        with refused("Permission denied"):
            board.read("one")
        with refused("Permission denied"):
            put(board, b"2")
    finally:
        os.seteuid(0)
    assert board.read("one") == b"1"


# --- PostgreSQL ----------------------------------------------------------------------------------------------


def test_reading_makes_no_table(token_database: Postgres) -> None:
    assert PostgresBoard(token_url(token_database), OWNER).read("one") is None
    with pytest.raises(psycopg.errors.UndefinedTable):
        run(token_database, "SELECT FROM exact_online_board")


def test_those_that_start_at_once_make_one_table(token_database: Postgres) -> None:
    boards = [PostgresBoard(token_url(token_database), f"owner-{number}") for number in range(8)]
    together = threading.Barrier(len(boards))

    def start(board: PostgresBoard) -> None:
        together.wait(10)
        put(board, b"1")

    threads = [threading.Thread(target=start, args=[board]) for board in boards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [board.read("one") for board in boards] == [b"1"] * 8


def test_a_connection_that_was_ended_is_made_again(token_database: Postgres) -> None:
    board = PostgresBoard(token_url(token_database), OWNER)
    put(board, b"1")
    disconnect(token_database)
    assert board.read("one") == b"1"
    disconnect(token_database)
    assert put(board, b"2") == b"2"


def test_a_connection_that_breaks_in_a_change_is_made_again(token_database: Postgres) -> None:
    board = PostgresBoard(token_url(token_database), OWNER)
    put(board, b"1")
    tries: list[bytes | None] = []

    def change(before: bytes | None) -> bytes:
        tries.append(before)
        if len(tries) == 1:
            disconnect(token_database)
        return b"2"

    assert board.change("one", change) == b"2"
    assert tries == [b"1", b"1"]
    assert board.read("one") == b"2"


def test_one_connection_is_enough(token_database: Postgres) -> None:
    board = PostgresBoard(token_url(token_database), OWNER)
    for document in (b"1", b"2", None):
        put(board, document)
        board.read("one")
    with psycopg.connect(token_database.conninfo) as connection:
        sessions = connection.execute(
            "SELECT state, current_setting('lock_timeout') FROM pg_stat_activity"
            " WHERE application_name = 'tap-exact-online' AND datname = current_database()"
        ).fetchall()
    assert sessions == [("idle", "0")]


def test_nothing_is_left_set_in_a_session_that_a_pooler_hands_on(token_database: Postgres) -> None:
    board = PostgresBoard(token_url(token_database), OWNER)
    left: list[object] = []
    with psycopg.connect(token_database.conninfo, autocommit=True) as session:
        board._connection = session  # noqa: SLF001  as behind a pooler: a session that others use, too
        put(board, b"1")
        for name in ("lock_timeout", "statement_timeout"):
            left.extend(session.execute("SELECT current_setting(%s)", [name]).fetchone() or ())
        left.extend(
            session.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone() or ()
        )
    assert left == ["0", "0", 0]


def test_a_document_that_another_process_holds_is_given_up(token_database: Postgres) -> None:
    url = token_url(token_database)
    mine, other = PostgresBoard(url, OWNER), PostgresBoard(url, OWNER, patience=0.1)
    put(mine, b"0")

    def change(_: bytes | None) -> bytes:
        with refused("another process has held the document"):
            put(other, b"2")
        assert other.change("another", lambda _: b"3") == b"3"
        assert other.read("one") == b"0"
        return b"1"

    assert mine.change("one", change) == b"1"
    assert other.read("one") == b"1"


def test_a_database_that_cannot_be_reached_is_named() -> None:
    board = open_board("postgresql://me:hunter2@127.0.0.1:9/tokens", OWNER, Path("nowhere"))
    for _ in range(2):
        with refused("Connection refused"):
            board.read("one")
        with refused("Connection refused"):
            put(board, b"1")


def test_missing_rights_come_with_what_to_run(token_database: Postgres) -> None:
    run(token_database, "REVOKE CREATE ON SCHEMA public FROM PUBLIC", "CREATE ROLE board_reader LOGIN")
    poor = PostgresBoard(token_url(token_database, "board_reader"), OWNER)
    rich = PostgresBoard(token_url(token_database), OWNER)
    try:
        with refused(r"permission denied.*CREATE TABLE IF NOT EXISTS exact_online_board \("):
            put(poor, b"1")
        put(rich, b"1")
        with refused("permission denied for table"):
            poor.read("one")
        run(token_database, "GRANT SELECT ON exact_online_board TO board_reader")
        assert poor.read("one") == b"1"
        with refused("permission denied for table exact_online_board.*GRANT SELECT, INSERT"):
            put(poor, b"2")
        run(token_database, "GRANT INSERT, UPDATE, DELETE ON exact_online_board TO board_reader")
        assert put(poor, b"2") == rich.read("one") == b"2"
    finally:
        run(token_database, "DROP OWNED BY board_reader", "DROP ROLE board_reader")


def test_a_standby_is_read_and_not_written(token_database: Postgres) -> None:
    put(PostgresBoard(token_url(token_database), OWNER), b"1")
    run(token_database, f"ALTER DATABASE {token_database.database} SET default_transaction_read_only = on")
    board = PostgresBoard(token_url(token_database), OWNER)
    assert board.read("one") == b"1"
    with refused("read-only transaction"):
        put(board, b"2")


# --- Object storage ------------------------------------------------------------------------------------------


class Trouble(Bucket):
    """A bucket behind a bad network: some writes take effect, but their answer is lost, and others may follow."""

    @override
    def put(self, content: bytes, version: UpdateVersion | None) -> UpdateVersion:
        what = TROUBLES.pop(0) if TROUBLES else "none"
        done = super().put(content, version)
        if what == "none":
            return done
        if what == "another follows":
            others = in_memory(Bucket(self.store, "tokens.json"))
            others.change("one", lambda before: (before or b"") + b" other")
        raise Changed  # the storage's client asked again by itself, and was told that the object is another one now


TROUBLES: list[str] = []


def in_memory(bucket: Bucket) -> ObjectBoard:
    return ObjectBoard(bucket, "s3://bucket/tokens.json", OWNER, sleep=lambda _: None)


@pytest.mark.parametrize(
    ("troubles", "then"),
    [
        (["answer lost"], b"1"),
        (["another follows"], b"1 other"),
    ],
)
def test_a_write_whose_answer_was_lost_is_a_write(troubles: list[str], then: bytes) -> None:
    board = in_memory(Trouble(MemoryStore(), "tokens.json"))
    TROUBLES[:] = troubles
    assert board.change("one", lambda before: (before or b"") + b"1") == b"1"
    assert board.read("one") == then


def test_it_is_tried_for_a_bounded_time() -> None:
    class Busy(Bucket):
        @override
        def put(self, content: bytes, version: UpdateVersion | None) -> UpdateVersion:
            raise Changed

    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += 1.0

    board = ObjectBoard(Busy(MemoryStore(), "k"), "s3://b/k", OWNER, 20.0, lambda: now[0], sleep)
    with refused("other processes changed it again and again for 20 s") as _:
        put(board, b"1")
    assert len(slept) == 21
    assert max(slept) <= 2.0
    assert len({*slept}) > 10, "those that wait must not wait in step"


def test_a_removed_document_is_not_taken_for_an_empty_one() -> None:
    board = in_memory(Bucket(MemoryStore(), "tokens.json"))
    put(board, b"")
    assert board.read("one") == b""
    put(board, None)
    assert board.read("one") is None


def test_an_object_stands_beside_that_of_the_tokens(s3: S3) -> None:
    put(open_board(s3.url, OWNER, Path("nowhere")), b"1")
    bucket = Bucket(obstore.store.S3Store(s3.bucket), f"{OWNER}.json.{OWNER}.one")
    found = bucket.get()
    assert found is not None
    assert found.content.endswith(b"\n1")


def test_a_bucket_that_is_not_there_is_named(s3: S3) -> None:
    board = open_board("s3://no-such-bucket/tokens.json", OWNER, Path("nowhere"))
    assert s3.bucket
    with refused("NoSuchBucket"):
        board.read("one")
    with refused("NoSuchBucket"):
        put(board, b"1")


def test_missing_rights_for_a_bucket_are_named(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forbidding(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(403)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_PUT = answer  # noqa: N815  named by http.server

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forbidding) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        board = open_board(s3.url, OWNER, Path("nowhere"))
        with refused("the server says 403"):
            board.read("one")
        with refused("the server says 403"):
            put(board, b"1")
        server.shutdown()
        thread.join()
