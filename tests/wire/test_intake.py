"""What comes in is bounded: by its size after unpacking, by time, by depth, and by being a file at all."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPResponse

from tap_exact_online.wire import intake


def answer(body: bytes, encoding: str = "", declared: int | None = None) -> requests.Response:
    made = requests.Response()
    made.headers["Content-Encoding"] = encoding
    made.raw = HTTPResponse(
        io.BytesIO(body), headers={"Content-Length": str(declared or len(body))}, preload_content=False
    )
    return made


def raw_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "plain": ("", bytes),
    "identity": ("identity", bytes),
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "deflate without a frame": ("deflate", raw_deflate),
    "two of gzip": ("x-gzip", lambda content: gzip.compress(content[:3]) + gzip.compress(content[3:])),
}


@pytest.mark.parametrize("how", PACKERS)
@pytest.mark.parametrize("at_once", [1, 7, 1 << 20])
@given(content=st.binary(max_size=200))
def test_what_is_packed_comes_out_whole(how: str, at_once: int, content: bytes) -> None:
    encoding, pack = PACKERS[how]
    assert intake.take(answer(pack(content), encoding), 1000, at_once) == intake.Taken(content)


@pytest.mark.parametrize("how", PACKERS)
def test_what_is_larger_is_cut_at_the_bound_and_said(how: str) -> None:
    encoding, pack = PACKERS[how]
    taken = intake.take(answer(pack(b"x" * 3000), encoding), 2048)
    assert (taken.body, taken.trouble) == (b"x" * 2048, "the answer is larger than 2 kB")


def test_a_bomb_is_not_unpacked_further_than_the_bound() -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * (64 << 20)))
    taken = intake.take(answer(gzip.decompress(bomb), "gzip"), 1 << 20)
    assert len(taken.body) == 1 << 20
    assert "larger than 1024 kB" in taken.trouble


@pytest.mark.parametrize(
    ("body", "encoding", "trouble"),
    [
        pytest.param(b"not gzip", "gzip", "cannot be unpacked", id="no-gzip"),
        pytest.param(gzip.compress(b"x" * 100)[:-9], "gzip", "cannot be unpacked", id="cut-short"),
        pytest.param(b"", "br", "was not asked for", id="another-encoding"),
        pytest.param(b"x", "gzip, gzip", "was not asked for", id="twice"),
    ],
)
def test_what_cannot_be_unpacked_is_said(body: bytes, encoding: str, trouble: str) -> None:
    assert trouble in intake.take(answer(body, encoding), 1000).trouble


def test_what_came_before_the_end_of_the_connection_is_returned() -> None:
    taken = intake.take(answer(b"half", declared=100), 1000, at_once=1)
    assert (taken.body, taken.trouble) == (b"half", "the connection broke before the answer was complete")


def test_a_regular_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100)
    assert intake.file_content(file, 100)[0] == b"x" * 100
    with pytest.raises(OSError, match="it is larger than"):
        intake.file_content(file, 99)


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for name in ("pipe", "link", "."):
        with pytest.raises(OSError, match=r"no regular file|Is a directory"):
            intake.file_content(tmp_path / name, 100)


@pytest.mark.parametrize("content", [b"[" * 10**5, b"9" * 5000, b"", b"\xff", b"{"])
def test_what_is_no_document_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        intake.document(content)


def test_a_mark_of_the_byte_order_does_no_harm() -> None:
    assert intake.document(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
