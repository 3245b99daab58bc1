"""Addresses and query options, rewritten: what leads to the next page must name what the rows name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from tap_exact_online import edm
from tap_exact_online.evidence.answers import endpoint_of
from tap_exact_online.evidence.disguise import GUID, Disguise, whole

BASE = "{base}"
"""What stands for scheme and host."""

_ELSEWHERE = "https://elsewhere.invalid"
_NAMES = re.compile(r"[\w,*/ ]*")
_LITERAL = re.compile(
    rf"""(?P<kind>datetimeoffset|datetime|guid|time|binary)'(?P<inside>[^']*)'
        |'(?P<quoted>[^']*)'
        |(?P<guid>{GUID.pattern})
        |(?P<number>-?\d+(?:\.\d+)?)(?P<suffix>[A-Za-z]?)\b
        |(?P<word>\w+)""",
    re.VERBOSE | re.IGNORECASE,
)
# A short number in a filter is a code that the tap asks for, as that of a kind of deleted rows.
_SHORT = 3
_LITERALS = frozenset(
    {
        "$filter",
        "$skiptoken",
        "$skip",
        "$top",
        "$orderby",
        "$expand",
        "$inlinecount",
        "$format",
        "modified",
        "download",
    }
)
_OPTIONS = _LITERALS | {"$select", "endpoint", "id", "_division_", "stamp", "table"}
_PATH_WORDS = frozenset({"api", "v1", "beta", "docs", "sysattachment.aspx", "sysimage.aspx", ""})


def address(url: str, base_url: str, disguise: Disguise) -> str:
    """Return an address with another host, other numbers and other literals.

    Args:
        url: The address.
        base_url: Scheme and host that `{base}` stands for.
        disguise: What stands for what.
    """
    rest, origin = _without_origin(url, base_url)
    path, asked, query = rest.partition("?")
    bare = re.sub(r"^/api/v1/(?:beta/)?(?:\d+/)?", "", path, flags=re.IGNORECASE)
    segments = [_segment(each, bare, disguise) for each in path.split("/")]
    if not asked:
        return origin + "/".join(segments)
    options = "&".join(_option(each, bare, disguise) for each in query.split("&"))
    return f"{origin}{'/'.join(segments)}?{options}"


def is_ours(url: str, base_url: str) -> bool:
    """Tell whether an address is one of the server's."""
    return url.lower().startswith(base_url.lower()) and url[len(base_url) :][:1] in {"", "/", "?"}


def options(query: Mapping[str, str], path: str, disguise: Disguise) -> dict[str, str]:
    """Return decoded query options with other literals."""
    return {name_of(name, disguise): value_of(name, value, path, disguise) for name, value in query.items()}


def name_of(name: str, disguise: Disguise) -> str:
    """Return the name of a query option, where it is one that is known."""
    return name if name.lower() in _OPTIONS else disguise.text(name)


def value_of(name: str, value: str, path: str, disguise: Disguise) -> str:
    """Return the value of a query option with other literals.

    Args:
        name: The option's name.
        value: Its value, percent-decoded.
        path: The endpoint's path: what a number means depends on it.
        disguise: What stands for what.
    """
    option = name.lower()
    if option == "$select" and _NAMES.fullmatch(value):
        return value
    if option == "endpoint":
        return value if value.strip("'") in _named_endpoints() else disguise.text(value)
    if option in _LITERALS:
        return _literals(value, path, disguise, key=option in {"$skiptoken", "$skip"})
    if "division" in option and (code := whole(value)) is not None:
        return str(disguise.division(code))
    return disguise.guid(value) if GUID.fullmatch(value) else disguise.text(value)


def _without_origin(url: str, base_url: str) -> tuple[str, str]:
    if is_ours(url, base_url):
        return url[len(base_url) :], BASE
    try:
        host = urlsplit(url).netloc
    except ValueError:
        host = ""
    if not host:
        return url, ""
    return url.partition(host)[2], _ELSEWHERE


def _segment(text: str, path: str, disguise: Disguise) -> str:
    """Return a part of a path: names stay, a division and the key of a row do not."""
    plain = unquote(text)
    name, bracket, key = plain.partition("(")
    if (code := whole(name)) is not None:
        name = str(disguise.division(code))
    elif name.lower() not in _path_words() and name not in endpoint_of(path).properties:
        name = disguise.text(name)
    other = name + bracket + (_literals(key, path, disguise, key=True) if bracket else "")
    return text if other == plain else other


def _option(text: str, path: str, disguise: Disguise) -> str:
    """Return a query option as it was written, with other literals."""
    name, equals, value = text.partition("=")
    plain, given = unquote_plus(value), unquote_plus(name)
    other = value_of(given, plain, path, disguise)
    if other != plain:
        # What the server does not encode, it does not encode in the rewritten one either.
        safe = "".join(each for each in "',:()/$*;@" if each in value)
        value = quote(other, safe=safe, errors="replace")
    return f"{name if name_of(given, disguise) == given else disguise.text(given)}{equals}{value}"


def _literals(text: str, path: str, disguise: Disguise, *, key: bool) -> str:
    rewrite = _Literals(path, disguise, key=key)
    return _LITERAL.sub(rewrite.one, text)


class _Literals:
    """Rewrites the literals of one text, which may mean what the word before them says."""

    def __init__(self, path: str, disguise: Disguise, *, key: bool) -> None:
        self._disguise = disguise
        self._key = key
        self._endpoint = endpoint_of(path)
        self._kind = "" if not self._endpoint.path else self._endpoint.properties[self._endpoint.keys[0]].type
        bare = path.lower()
        self._sync, self._divisions = (
            bare.startswith("sync/"),
            bare.split("(")[0].strip("/") == "system/divisions",
        )
        self._name = ""

    def one(self, match: re.Match[str]) -> str:
        """Return what stands for a literal or a word."""
        disguise = self._disguise
        if match["inside"] is not None:
            text = match["inside"]
            other = self._guid(text) if match["kind"].lower() == "guid" else disguise.moment(text)
            return f"{match['kind']}'{other}'"
        if match["quoted"] is not None:
            return f"'{self._quoted(match['quoted'])}'"
        if match["guid"]:
            return disguise.guid(match["guid"])
        if match["number"]:
            return self._number(match["number"]) + match["suffix"]
        return self._word(match["word"])

    def _quoted(self, text: str) -> str:
        if number := re.fullmatch(r"(\d+)(L?)", text):
            return self._number(number[1]) + number[2]
        return self._disguise.guid(text) if GUID.fullmatch(text) else self._text(text)

    def _word(self, word: str) -> str:
        if self._key:
            return self._text(word)
        if word in self._endpoint.properties:
            self._name = word
            return word
        return word if word.lower() in _OPERATORS else self._disguise.text(word)

    def _guid(self, text: str) -> str:
        return self._disguise.guid(text) if GUID.fullmatch(text) else self._disguise.text(text)

    def _number(self, text: str) -> str:
        """Return another number, by what it counts: a row version, a division, a key."""
        disguise, value = self._disguise, whole(text)
        if value is None:
            return disguise.number(text)
        if (self._sync and self._key) or self._name == "Timestamp":
            return str(disguise.version(value))
        if (self._divisions and self._key) or self._name.endswith("Division"):
            return str(disguise.division(value))
        if self._key and self._kind.startswith("Int"):
            return disguise.key(self._endpoint.path, text)
        return text if not self._key and len(text) <= _SHORT else disguise.number(text)

    def _text(self, text: str) -> str:
        if self._key and self._kind == "String":
            return self._disguise.key(self._endpoint.path, text)
        return self._disguise.text(text)


_OPERATORS = frozenset(
    {"gt", "ge", "lt", "le", "eq", "ne", "and", "or", "not", "null", "true", "false", "asc", "desc"}
)


@cache
def _named_endpoints() -> frozenset[str]:
    return frozenset(each.synctimestamp for each in edm.endpoints() if each.synctimestamp)


@cache
def _path_words() -> frozenset[str]:
    return _PATH_WORDS | {part.lower() for path in edm.paths() for part in path.split("/")}
