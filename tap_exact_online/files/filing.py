"""Takes files in: content under the name of its hash, and beside it a note of what each row's file is.

The note is why a file is fetched once: whatever becomes of the state, of the loader or of the run, a later run looks it up by
the row's ID. It is written behind the content, so that a run that is killed in between fetches one file twice and loses none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from tap_exact_online.files.content import HEAD, Asked, content_type, fits, is_page, key_of, unfit
from tap_exact_online.files.only import Only
from tap_exact_online.files.places import Place

_NOTES = "known"
_ID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class Known(msgspec.Struct, frozen=True):
    """A file that is kept.

    Attributes:
        version: What told that it was the same file, when it was fetched.
        sha256: Its content's hash.
        size: Its bytes.
        content_type: What its answer said, or None.
        key: The name of the content.
        fetched_at: When it was fetched, in ISO form.
    """

    version: str
    sha256: str
    size: int
    content_type: str | None
    key: str
    fetched_at: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """What came is not the file that was asked for; nothing of it is kept.

    Attributes:
        why: In a few words.
        large: It is the file, but larger than is wanted.
        page: It is a web page, so that asking again would not help.
    """

    why: str
    large: bool = False
    page: bool = False


@dataclass(frozen=True, slots=True)
class Unkept:
    """A file could not be written.

    Attributes:
        why: In a few words.
    """

    why: str


class _Came:
    """What has come of a file so far: looked at, not kept."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.length = 0
        self.head = b""

    def add(self, part: bytes) -> None:
        """Look at another part."""
        self.digest.update(part)
        self.length += len(part)
        self.head += part[: HEAD - len(self.head)]


class _UnfitError(Exception):
    def __init__(self, unfit: Unfit) -> None:
        super().__init__(unfit.why)
        self.unfit = unfit


@dataclass(slots=True)
class Filing:
    """What a run keeps files with.

    Attributes:
        place: Where they are kept.
        most: How many files the run asks for at most; 0 for all.
        only: Which ones are wanted.
        clock: Returns the time in epoch seconds.
        asked: How many it has asked for so far.
        trouble: Why no file can be kept any more, or nothing.
    """

    place: Place
    most: int
    only: Only
    clock: Callable[[], float]
    asked: int = 0
    trouble: str = ""
    _tidied: bool = field(default=False, init=False)

    @property
    def enough(self) -> bool:
        """Whether no more files are to be asked for in this run."""
        return 0 < self.most <= self.asked

    def known(self, stream: str, division: int, asked: Asked) -> Known | None:
        """Return the file of a row where it was fetched before, and is still there.

        Raises:
            OSError: It cannot be looked up.
        """
        content = self.place.read(_note(stream, division, asked.id))
        if content is None:
            return None
        try:
            found = msgspec.json.decode(content, type=Known)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        same = found.version == asked.version and fits(found.size, asked.size)
        return found if same and self.place.has(found.key) else None

    def receive(
        self, stream: str, division: int, asked: Asked, headers: Mapping[str, str], parts: Iterator[bytes]
    ) -> Known | Unfit | Unkept:
        """Take a file in, as it comes. It has its name only once it has shown that it is the one that was asked for.

        Args:
            stream: The stream that it is a row of.
            division: The division.
            asked: What was asked for.
            headers: The headers of the answer.
            parts: Its body.

        Raises:
            Broken: Not all of it comes.
        """
        came = _Came()
        try:
            if not self._tidied:
                self._tidied = True
                self.place.tidy()
            with self.place.begin() as coming:
                for part in parts:
                    came.add(part)
                    self._check_size(came.length)
                    coming.write(part)
                _check(asked, came, headers)
            sha256 = came.digest.hexdigest()
            now = datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="seconds")
            key = key_of(sha256, came.head)
            known = Known(asked.version, sha256, came.length, content_type(headers), key, now)
            self.place.keep(coming.name, key)
            self.place.write(_note(stream, division, asked.id), msgspec.json.encode(known))
        except _UnfitError as error:
            return error.unfit
        except OSError as error:
            return Unkept(str(error.strerror or error))
        return known

    def _check_size(self, length: int) -> None:
        """Break off what is larger than is wanted: a row does not always say how large its file is."""
        if not self.only.size(length):
            raise _UnfitError(Unfit("larger than `files_only` wants", large=True))


def _check(asked: Asked, came: _Came, headers: Mapping[str, str]) -> None:
    """Let only what has shown that it is the file get a name."""
    if why := unfit(asked, came.head, came.length, headers):
        raise _UnfitError(Unfit(why, page=is_page(came.head, headers)))


def is_id(text: str) -> bool:
    """Tell whether an ID has the form of one: it becomes a part of a name."""
    return _ID.fullmatch(text) is not None


def _note(stream: str, division: int, key: str) -> str:
    """Return the name of the note on a row's file. Thousands of names in one folder make it slow."""
    return f"{_NOTES}/{stream}/{division}/{key[-2:].lower()}/{key.lower()}.json"
