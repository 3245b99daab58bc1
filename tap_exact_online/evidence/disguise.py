"""What stands for what in one recording: always the same for the same, so that keys stay keys and order stays order.

Nothing here can be undone without the secret, which is made for a recording and kept nowhere.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")

_DAY = 86_400_000
_WEEKS = (52, 520)
# Row versions run to 1.3e10 and above: a shift of this size leaves most of them their number of digits.
_VERSIONS = (1_000_000, 999_999_999)
# What stands for "from the start" and "behind the last" is no row's version.
_FIRST, _LAST = 1, 1 << 62
# Years in which books are kept. Outside of them a date is .NET's way to say "never", and no content.
_OLDEST, _NEWEST = (datetime(year, 1, 1) for year in (1900, 2200))  # noqa: DTZ001  a wall clock has no zone
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_LONGEST_NUMBER = 20
_LETTERS, _DIGITS = "xyzabcdefghijklmnopqrstuvw", "9012345678"
# What makes a text hard to read for a program: control characters, half a surrogate pair, and what stands for bad UTF-8.
_KEPT = frozenset({"Cc", "Cs"})


class Disguise:
    """Replaces values by others of their kind."""

    def __init__(self, secret: bytes) -> None:
        """Draw the shifts of one recording.

        Args:
            secret: Random bytes, kept nowhere.
        """
        self._secret = secret
        self._days = 7 * _between(_WEEKS, self._draw(b"weeks"))
        self._versions = _between(_VERSIONS, self._draw(b"versions"))
        self._divisions: dict[int, int] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._shapes: dict[tuple[str, str], int] = {}

    def _draw(self, value: bytes) -> bytes:
        return blake2b(value, digest_size=16, key=self._secret).digest()

    def division(self, code: int) -> int:
        """Return the number of a division: 1 for the first that appears, 2 for the next. 0 is none and stays."""
        return self._divisions.setdefault(code, len(self._divisions) + 1) if code else 0

    def guid(self, text: str) -> str:
        """Return another guid; the one of zeros stays."""
        plain = UUID(text)
        if not plain.int:
            return text
        other = str(UUID(bytes=self._draw(plain.bytes)))
        return other.upper() if text.isupper() else other

    def version(self, value: int) -> int:
        """Return another row version, in the same order."""
        return value + self._versions if _FIRST < value < _LAST else value

    def milliseconds(self, value: int) -> int:
        """Return another moment, at the same time of day; in the same order."""
        try:
            moment = _EPOCH + timedelta(milliseconds=value)
        except OverflowError:
            return value
        return value - self._days * _DAY if _OLDEST < moment < _NEWEST else value

    def moment(self, text: str) -> str:
        """Return another moment in ISO 8601, with the same parts; a text that is none, without its letters and digits."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return self.text(text)
        if not _OLDEST < moment.replace(tzinfo=None) < _NEWEST:
            return text
        return (moment - timedelta(days=self._days)).date().isoformat() + text[len("2000-01-01") :]

    def number(self, text: str) -> str:
        """Return a number with a 1 for each digit, which fits wherever the number did; zeros in front, and zero, stay."""
        mantissa, exponent = re.fullmatch(r"([^eE]*)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
        if not mantissa.strip("-0."):
            return text
        whole, point, decimals = mantissa.partition(".")
        whole = whole if whole.strip("-") == "0" else re.sub(r"\d", "1", whole)
        return whole + point + re.sub(r"\d", "1", decimals) + exponent

    def text(self, text: str) -> str:
        """Return a text with an x for each character and a 9 for each digit; blanks at both ends stay."""
        return _shaped(text, "x", "9")

    def key(self, of: str, text: str) -> str:
        """Return another key of the same form: another one for another.

        Args:
            of: What it is a key of.
            text: A number or a text.
        """
        if (of, text) not in self._keys:
            numeric = text.isascii() and text.isdecimal()
            shape = f"{len(text)} digits" if numeric else self.text(text)
            count = self._shapes[of, shape] = self._shapes.get((of, shape), -1) + 1
            self._keys[of, text] = _nth_number(text, count) if numeric else _nth_text(text, count)
        return self._keys[of, text]


def whole(text: str) -> int | None:
    """Return a whole number, None where a text is none or has more digits than any that Exact could mean."""
    return int(text) if len(text) <= _LONGEST_NUMBER and re.fullmatch(r"-?[0-9]+", text) else None


def _between(bounds: tuple[int, int], drawn: bytes) -> int:
    low, high = bounds
    return low + int.from_bytes(drawn, "big") % (high - low)


def _shaped(text: str, letter: str, digit: str) -> str:
    core = text.strip(" ")
    front = len(text) - len(text.lstrip(" ")) if core else 0
    shaped = "".join(
        each
        if each == "\ufffd" or unicodedata.category(each) in _KEPT
        else digit
        if each.isdecimal()
        else letter
        for each in core
    )
    return " " * front + shaped + " " * (len(text) - front - len(core))


def _nth_number(text: str, count: int) -> str:
    least = 10 ** (len(text) - 1)
    return str(least + count % (9 * least)) if len(text) > 1 else str(count % 10)


def _nth_text(text: str, count: int) -> str:
    """Count on in the characters of a text, the last one first."""
    found = list(_shaped(text, "x", "9"))
    for place in range(len(found) - 1, -1, -1):
        digits = {"x": _LETTERS, "9": _DIGITS}.get(found[place])
        if digits is not None:
            count, rest = divmod(count, len(digits))
            found[place] = digits[rest]
    return "".join(found)
