"""One answer rewritten: its form stays to the letter, its content goes.

A body is gone through as it is written, token by token, and never taken apart and put together again: how a number or an
escape is written stays, and so does what is wrong with it. What cannot be told apart is taken for content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from tap_exact_online.edm import Endpoint
from tap_exact_online.evidence import links
from tap_exact_online.evidence.answers import Answered, answered
from tap_exact_online.evidence.disguise import GUID, NUMBER, Disguise, whole
from tap_exact_online.evidence.wordings import is_type, known_words

_TOKEN = re.compile(r'(?P<string>"(?:[^"\\]++|\\.)*+"?)(?P<colon>\s*:)?|[^\s{}\[\],:"]+', re.DOTALL)
_DATE = re.compile(r"/Date\((-?[0-9]{1,20})([+-][0-9]{1,4})?\)/")
_NAME = re.compile(r"[A-Za-z_$@][\w.$@:-]{0,79}")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)|.", re.DOTALL)
_ESCAPED = re.compile(r'\\(?:["\\/]|u[0-9a-fA-F]{4})')
_ESCAPED_CONTROL = re.compile(r"\\(?:u00[01].|u[dD][89a-fA-F]..|[bfnrt])")
_CONTROL = re.compile(r"[\x00-\x1f]")
_CONSTANTS = frozenset({"true", "false", "null", "NaN", "Infinity", "-Infinity", "INF", "-INF"})
_VERSIONS = frozenset({"Timestamp", "TimeStampAsBigInt"})
_LINKS = frozenset({"__next", "uri"})
# Where an error says what it says, in Exact's object and in that of a gateway. No column has such a name.
_SAID = frozenset(
    {
        *("error", "error_description", "error_code", "code", "message", "value", "lang", "fault"),
        *("faultstring", "errorcode", "errorMessage"),
    }
)
_NUMBERS = frozenset({"Int64", "Int32", "Int16", "Byte", "Double"})
_HEADERS = ("Content-Type", "Reason", "WWW-Authenticate")
_LIMITS = "x-ratelimit-"


class Scrubber:
    """Rewrites the answers of one recording."""

    def __init__(self, base_url: str, secret: bytes) -> None:
        """Draw what stands for what.

        Args:
            base_url: Scheme and host of the server.
            secret: Random bytes, kept nowhere.
        """
        self._base_url = base_url
        self._disguise = Disguise(secret)

    def entry(self, url: str, status: int, headers: Mapping[str, str], body: bytes) -> str | None:
        """Return a JSON document that tells of an answer, None where it is none of the API's.

        Args:
            url: The address that was asked.
            status: The HTTP status.
            headers: The answer's headers.
            body: The whole body.
        """
        answer = answered(url, status, headers, body)
        if answer is None:
            return None
        disguise = self._disguise
        # In the order in which a reader meets them: the division of the address is known before that of a row.
        head = {
            "path": links.address(f"/{answer.path}", self._base_url, disguise)[1:],
            "division": None if answer.division is None else disguise.division(answer.division),
            "query": links.options(answer.query, answer.path, disguise),
            "status": status,
            "headers": self._headers(answer),
        }
        text = body.decode("utf-8", "replace")
        scrubbed, valid = self._body(text, answer)
        content, rest = (scrubbed, "null") if valid else ("null", json.dumps(scrubbed))
        return f'{json.dumps(head)[:-1]}, "body": {content}, "text": {rest}}}\n'

    def _headers(self, answer: Answered) -> dict[str, str]:
        names = self._names(answer)
        kept = {}
        for name, value in answer.headers.items():
            if name.lower().startswith(_LIMITS):
                kept[name] = value if whole(value) is not None else self._disguise.text(value)
        for name in _HEADERS:
            if (said := answer.headers.get(name)) is not None:
                kept[name] = self._said(said, names)
        return kept

    def _names(self, answer: Answered) -> frozenset[str]:
        """Return the names that a refusal may be about: those of the endpoint, and those that were asked for."""
        asked = answer.query.get("$select", "").split(",")
        return frozenset({*answer.endpoint.properties, *filter(_NAME.fullmatch, asked)})

    def _said(self, text: str, names: frozenset[str]) -> str:
        def otherwise(word: str) -> str:
            return (
                GUID.sub(lambda match: self._disguise.guid(match[0]), word)
                if GUID.fullmatch(word)
                else self._blank(word)
            )

        return known_words(text, names, otherwise)

    def _blank(self, word: str) -> str:
        return self._disguise.text(word) if any(map(str.isalnum, word)) else word

    def _body(self, text: str, answer: Answered) -> tuple[str, bool]:
        """Return a scrubbed body, and whether it is JSON."""
        if text.lstrip()[:1] not in {"{", "["}:
            return self._said(text, self._names(answer)), False
        try:
            json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            valid = False
        else:
            valid = True
        rows = _Rows(self, self._disguise, answer, self._base_url, valid=valid)
        return _TOKEN.sub(rows.one, text), valid

    def said(self, text: str, answer: Answered) -> str:
        """Return what an error says, with its known words only."""
        return self._said(text, self._names(answer))


def _refuse(constant: str) -> None:
    """Refuse `NaN` and its like, which are no JSON."""
    raise ValueError(constant)


class _Rows:
    """Rewrites the tokens of one body, each by the name that stands before it."""

    def __init__(
        self, scrubber: Scrubber, disguise: Disguise, answer: Answered, base_url: str, *, valid: bool
    ) -> None:
        self._scrubber = scrubber
        self._disguise = disguise
        self._answer = answer
        self._base_url = base_url
        self._valid = valid
        self._endpoint: Endpoint = answer.endpoint
        self._divisions = self._endpoint.path == "system/Divisions"
        self._name = ""

    def one(self, match: re.Match[str]) -> str:
        """Return what stands for a token."""
        string, token = match["string"], match[0]
        if string is None:
            if token in _CONSTANTS:
                return token
            number = NUMBER.fullmatch(token) is not None
            return self._number(token) if number else self._scrubber.said(token, self._answer)
        if match["colon"] is None:
            return self._string(string)
        named = self._is_name(string[1:-1])
        self._name = string[1:-1] if named else ""
        return token if named else self._string(string) + match["colon"]

    def _is_name(self, text: str) -> bool:
        """Tell whether a text before a colon is the name of something. Where the JSON is broken it may as well be content."""
        known = text in self._endpoint.properties or text in _SAID or text in _ENVELOPE
        return known or (self._valid and _NAME.fullmatch(text) is not None)

    def _string(self, raw: str) -> str:
        """Return a string as it is written, with other content."""
        try:
            text = json.loads(raw, strict=False)
        except ValueError:  # broken off, or an escape that is none
            return (
                '"'
                + _ESCAPE.sub(_without_content, raw[1:].removesuffix('"'))
                + ('"' if raw[1:].endswith('"') else "")
            )
        written = json.dumps(self._value(text))
        if r"\/" in raw:
            written = written.replace("/", r"\/")
        for control in set(_CONTROL.findall(raw)):  # as it is: that may be what is wrong with the body
            written = written.replace(json.dumps(control)[1:-1], control)
        return written

    def _value(self, text: str) -> str:
        """Return another value of the same kind, whichever column it is in; else one of the kind that the column has."""
        if date := _DATE.fullmatch(text):
            return f"/Date({self._disguise.milliseconds(int(date[1]))}{date[2] or ''})/"
        if self._name in _LINKS or links.is_ours(text, self._base_url):
            return links.address(text, self._base_url, self._disguise)
        if self._name == "type" and is_type(text):
            return text
        return self._disguise.guid(text) if GUID.fullmatch(text) else self._of_column(text)

    def _of_column(self, text: str) -> str:
        name, disguise, fact = self._name, self._disguise, self._endpoint.properties.get(self._name)
        kind = "" if fact is None else fact.type
        if fact is None and name in _SAID:
            return self._scrubber.said(text, self._answer)
        if kind == "DateTime":
            return disguise.moment(text)
        if (kind in _NUMBERS or name in _VERSIONS) and NUMBER.fullmatch(text):
            return self._number(text)
        if fact is not None and name in self._endpoint.keys:
            return disguise.key(self._endpoint.path, text)
        return disguise.text(text)

    def _number(self, text: str) -> str:
        """Return another number, by what it counts."""
        name, disguise, value = self._name, self._disguise, whole(text)
        if value is None:
            return disguise.number(text)
        if name in _VERSIONS:
            return str(disguise.version(value))
        if name.endswith("Division") or (self._divisions and name == "Code"):
            return str(disguise.division(value))
        if name in self._endpoint.keys and value >= 0:
            return disguise.key(self._endpoint.path, text)
        return disguise.number(text)


_ENVELOPE = frozenset({"d", "results", "__next", "__count", "__metadata", "__deferred", "uri", "type"})


def _without_content(match: re.Match[str]) -> str:
    each = match[0]
    if each.startswith("\\"):
        if _ESCAPED_CONTROL.fullmatch(each):
            return each
        return "x" if _ESCAPED.fullmatch(each) else r"\x"  # which is no escape either
    return "9" if each.isdecimal() else each if _CONTROL.fullmatch(each) or each == " " else "x"
