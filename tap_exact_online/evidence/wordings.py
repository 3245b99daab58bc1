"""The sentences in which Exact, and what stands in front of it, refuses: their words are no secret, all others may be.

`…` stands for what differs. A sentence that is not here is not lost: those of its words that are in one of the others stay, and
so do the names of fields and types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache

from tap_exact_online import edm

_HOLE = "…"


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence that is known.

    Attributes:
        kind: What it means, in one word.
        text: The sentence.
    """

    kind: str
    text: str


WORDINGS: tuple[Wording, ...] = (
    Wording("unknown_field_of_type", "Type '…' does not have a property named '…'."),
    Wording("unknown_field_not_valid", "The property name '…' specified for type '…' is not valid."),
    Wording("unknown_field_not_found", "Could not find a property named '…' on type '…'."),
    Wording(
        "filter_needed",
        "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter parameter with"
        " one of the following fields in the url:…",
    ),
    Wording("filter_refused_by_field", "Filtering on these fields is not supported: …"),
    Wording("filter_refused", "This $filter parameter is not supported for this resource"),
    Wording("filter_refused_on_endpoint", "The filter '…' is not supported on this endpoint."),
    Wording("filter_only_timestamp", "The filter '…' is not supported: only Timestamp may be filtered on."),
    Wording("select_needed", "Please add a $select or a $top=1 statement to the query string."),
    Wording("star_refused", "$select=* is not supported on this endpoint: name the properties."),
    Wording("option_refused", "The query option '…' is not supported on this endpoint."),
    Wording("parameter_refused", "The query parameter '…' is not supported."),
    Wording("token_not_valid", "The skip token '…' is not valid."),
    Wording("literal_not_valid", "Unrecognized '…' literal '…'."),
    Wording("no_scope", "Forbidden - Application Scope Violated.\nCannot read '…' scope."),
    Wording("no_division", "Forbidden - User division is not within division scope"),
    Wording("too_many_errors", "The app is blocked: too many errors"),
    Wording("too_early", "Rate limit exceeded: access_token not expired"),
    Wording("access_expired", "access token expired"),
    Wording("message_expired", "message expired"),
    Wording("no_resource", "Resource not found for the segment."),
    Wording("unexpected", "An unexpected error occurred."),
    Wording("gateway_denied", "Access Denied"),
    Wording("gateway_out_of_order", "Service Unavailable"),
    Wording("gateway_bad", "Bad Gateway"),
    Wording("gateway_timeout", "Gateway Timeout"),
    Wording("server_error", "Internal Server Error"),
    Wording("maintenance", "Maintenance"),
    Wording("forbidden", "Forbidden"),
    Wording("unauthorized", "Unauthorized"),
)

REASONS = (
    *("BlockedUser", "InactiveUser", "BlockedCustomer", "LicenseExpired", "DivisionBlocked"),
    *("NoDivisionAccess", "TooEarlyToRefreshTokens"),
)
"""What the header `Reason` is known to say in one word."""

_MORE = """
    bearer basic realm error error_description error_code errorcode errormessage message value code lang fault faultstring
    invalid_token invalid_grant invalid_request invalid_client unauthorized_client access_denied insufficient_scope
    application json xml atom text html plain octet-stream charset utf-8 iso-8859-1 odata verbose
    doctype head title body meta div span script style link href src class rel name content type id http-equiv p br h1 h2 h3 hr
    center table tr td a form input method action img iframe noscript exact online login d results __next __metadata
    __deferred uri true false null nan inf infinity
    licence license module subscription package right rights user company division scope not found no
    timeout expired limit exceeded request requests server object reference set to an instance of
"""
# Exact's own types, and those of its platform: what follows is the name of a class.
_TYPE = re.compile(r"(?:Collection\()?(?:Exact|Edm|System)(?:\.[A-Za-z_]\w*)+\)?")
_CORE = re.compile(r"""[^\s,;:'"()<>{}\[\]=/!?|&]+""")


def kind_of(text: str) -> str | None:
    """Return which of the known sentences a text is or holds, None where it is none of them."""
    said = " ".join(text.split())
    return next((kind for kind, pattern in _patterns() if pattern.search(said)), None)


def is_type(text: str) -> bool:
    """Tell whether a text is the name of one of Exact's types."""
    return _TYPE.fullmatch(text) is not None


def known_words(text: str, names: Collection[str], otherwise: Callable[[str], str]) -> str:
    """Return a text with its known words only.

    What stands between blanks, brackets and quotes is one word, so that no part of a name or an address stays because it
    happens to be a word.

    Args:
        text: What somebody said.
        names: More words that may stay: names of fields.
        otherwise: Returns what stands for any other word.
    """

    def one(match: re.Match[str]) -> str:
        word = match[0]
        bare = word.rstrip(".")
        known = bare.lower() in _vocabulary() or bare in names or _TYPE.fullmatch(bare) is not None
        return word if known else otherwise(word)

    return _CORE.sub(one, text)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((each.kind, _pattern(each.text)) for each in WORDINGS)


def _pattern(text: str) -> re.Pattern[str]:
    parts = " ".join(text.rstrip(".").split()).split(_HOLE)
    return re.compile(".*?".join(map(re.escape, parts)), re.IGNORECASE)


@cache
def _vocabulary() -> frozenset[str]:
    words = {word.rstrip(".").lower() for each in WORDINGS for word in _CORE.findall(each.text)}
    words |= {reason.lower() for reason in REASONS} | {*_MORE.split()}
    scopes = {endpoint.scope for endpoint in edm.endpoints() if endpoint.scope}
    words |= {scope.lower().replace(" ", ".") for scope in scopes}
    return frozenset(words - {_HOLE, "-"})
