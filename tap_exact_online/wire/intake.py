"""What comes in from outside, within bounds: an answer of a server, a file, a JSON document.

A few kB can unpack to gigabytes, a file can be a pipe that never ends, and a document can nest deeper than the stack.
Sizes count after unpacking, while it is read. How long an answer may take is the matter of `adapter`.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

PAGE = 256 << 20
"""Bytes of a page of the API. Exact's messages are up to 38 MB; this only keeps the memory from being used up."""
ERROR = 64 << 10
"""Bytes of an answer that is not the data that was asked for."""
FILE = 1 << 30
"""Bytes of a file. Exact takes none of more than 10 MB; this only keeps a disk from being used up."""
TOKENS = 256 << 10
"""Bytes of an answer of the token endpoint, and of a token store."""

ENCODINGS = "gzip, deflate"
"""What a request has to say that it accepts: `take` unpacks these and no other."""

# requests reads 10 kB at a time by itself, which costs more than decoding what was read.
_AT_ONCE = 1 << 20
# Of a file the parts are handed on as they come.
_OF_A_FILE = 64 << 10
# What is unpacked in one step: a bomb is stopped this far behind the bound.
_STEP = 1 << 20


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of the body of an answer.

    Attributes:
        body: What came, unpacked: all of it, or the part before the trouble.
        trouble: Why this is not all, in a few words; empty where it is.
    """

    body: bytes
    trouble: str = ""


def take(answer: requests.Response, most: int, at_once: int = _AT_ONCE) -> Taken:
    """Read the body of an answer that was asked for with `stream=True`.

    Args:
        answer: Its body is unread.
        most: Bytes to take at most, counted after unpacking; where there are more, the part up to there is returned.
        at_once: Bytes to read in one step. What comes in before the connection breaks is lost up to this many bytes.
    """
    taken: list[bytes] = []
    try:
        taken.extend(_parts(answer, most, at_once))
    except Broken as broken:
        return Taken(b"".join(taken), str(broken))
    return Taken(b"".join(taken))


class Broken(Exception):  # noqa: N818  names the answer
    """The rest of an answer does not come, or is not wanted; says why in a few words."""


def file_parts(answer: requests.Response) -> Iterator[bytes]:
    """Yield the body of a file, which was asked for with `stream=True`, as it comes.

    Raises:
        Broken: This is not all of it.
    """
    return _parts(answer, FILE, _OF_A_FILE)


def _parts(answer: requests.Response, most: int, at_once: int) -> Iterator[bytes]:
    """Yield the body up to a number of bytes."""
    size = 0
    try:
        for part in _unpacked(answer, at_once):
            yield part[: most - size]
            size += len(part)
            if size > most:
                msg = f"the answer is larger than {most >> 10} kB"
                raise Broken(msg)
    except ReadTimeoutError:
        msg = "no complete answer in time"
        raise Broken(msg) from None
    except zlib.error:
        msg = "the answer cannot be unpacked"
        raise Broken(msg) from None
    except (HTTPError, OSError, ValueError) as error:
        raise Broken(str(error) if isinstance(error, _Foreign) else _BROKE) from None


_BROKE = "the connection broke before the answer was complete"


class _Foreign(ValueError):  # noqa: N818  names the encoding
    """An encoding that was not asked for."""


def _unpacked(answer: requests.Response, at_once: int) -> Iterator[bytes]:
    """Yield the body in parts of at most a MB each."""
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    parts: Iterator[bytes] = answer.raw.stream(at_once, decode_content=False)
    if encoding in {"", "identity"}:
        yield from parts
    elif encoding in {"gzip", "x-gzip", "deflate"}:
        yield from _inflated(parts)
    else:
        msg = "the answer is packed in a way that was not asked for"
        raise _Foreign(msg)


def _inflated(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack gzip and deflate, which some servers send without its frame, a MB at a time."""
    unpack: Any = None
    for part in parts:
        data = part
        while data:
            if unpack is None:
                unpack = _unpacker(data)
            yield unpack.decompress(data, _STEP)
            data = unpack.unconsumed_tail
            if unpack.eof:  # several packed one behind the other are one content
                data, unpack = unpack.unused_data, None
    if unpack is not None:
        yield from _rest(unpack)


def _rest(unpack: Any) -> Iterator[bytes]:
    yield unpack.flush()
    if not unpack.eof:
        msg = "the packed content ends too early"
        raise zlib.error(msg)


def _unpacker(data: bytes) -> Any:
    """Return what unpacks a content that begins so: a frame of gzip or zlib, or none."""
    framed = data[:1] == b"\x1f" or data[0] & 0x0F == zlib.DEFLATED
    return zlib.decompressobj(32 + zlib.MAX_WBITS if framed else -zlib.MAX_WBITS)


def file_content(path: Path, most: int) -> tuple[bytes, os.stat_result]:
    """Read a regular file and what the system says of it, both of the same file.

    Args:
        path: The file, or a link to one.
        most: Bytes to read at most.

    Raises:
        OSError: It cannot be read, is no regular file, or is larger; `strerror` says why.
    """
    # Without O_NONBLOCK a pipe that nobody writes to would be waited for while it is opened.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 10} kB", str(path))
    return content, facts


def document(content: bytes) -> Any:
    """Read a JSON document; a mark of the byte order in front of it does no harm.

    Raises:
        ValueError: It is none, nests too deeply, or holds a number of more digits than any computer counts with.
    """
    try:
        return json.loads(content)
    except RecursionError:
        msg = "it nests too deeply"
        raise ValueError(msg) from None
