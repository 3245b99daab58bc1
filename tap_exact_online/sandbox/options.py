"""Everything about the sandbox that can be set, at the start or while it runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from tap_exact_online.sandbox.calendars import Kind as Calendar

CLIENT_ID = "5a4db0c5-0000-4000-8000-5a4db0c50001"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - a fake that the ready file and the console show on purpose
USER = "sandbox"
"""The user who consented before the sandbox started."""
REDIRECT_URI = "https://www.example.com/callback"


@dataclass(frozen=True, slots=True)
class Options:
    """What a sandbox is started with. Those in `CHANGEABLE` can also be set while it runs.

    Attributes:
        seed: The seed of all generated data: the same seed gives the same books.
        divisions: How many divisions exist at the start.
        division_code: The code of the first; the others follow it.
        rows: Transaction lines in each division; the other tables scale with it.
        tables: Exact row counts for single endpoints, by path; what is computed from the ledger has as many rows as follow from it.
        calendar: Which periods the books have: `months`, `july` (years from July, the first one broken), `thirteen` (of four weeks), or
            `by_place`: the first division has months, the second years from July, the third thirteen periods, the fourth months again,
            and so on.
        currency: The currency of the books, `EUR` or `USD`, or `by_place`: every fourth division has `USD`, the others `EUR`.
        memorial_header: What line 0 of a memorial entry is: `zero` (a row of 0 on an account), `control` (its first posting), or `none`
            (a row of 0 without account); undocumented.
        closing: How years that are closed are booked: `result` books every account of the profit and loss against itself and the
            result on the retained earnings (310); `none` leaves it out.
        year_end: `balances` ends closed years with entries that take all balances off (327) and puts them back on the day after
            (328); `none` has no such entries.
        term_sign: The sign of a receivable's `AmountDC` among payment terms, `negative` or `positive`; a payable's is the other one.
        padding: Which texts are padded: `codes` (codes and countries), or `all` that Exact keeps in columns of fixed width.
        file_sizes: What `FileSize` of attachments counts: `bytes`, `kilobytes` (rounded up), or nothing at all: `none`.
        page_cache_mib: Memory for prepared pages, in MiB.
        redirect_uri: The redirect address of the app registration.
        reference: `all` knows every property; `newest` refuses those that the newest reference lacks.
        latency_ms: How long every data and token call takes at least, in milliseconds.
        compress: Whether data is sent gzip-compressed to clients that accept it.
        minute_limit: Calls a minute for each division.
        day_limit: Calls a day for each division.
        contract_limit: Calls a day over all divisions.
        minute_seconds: How long a "minute" lasts, in seconds; minutes start at multiples of it.
        error_limit: Answers of 400, 401, 403 or 404 for each user, division, endpoint and hour before the app is blocked.
        access_lifetime: Life of an access token, in seconds.
        refresh_after: How old an access token must be before it may be replaced, in seconds.
        refresh_lifetime_days: Life of an unused refresh token, in days.
        code_lifetime: Life of an authorization code, in seconds.
        token_limit: Token calls a day for each user.
        early_refresh_status: The status of a refresh that comes too early: 400, or 401 as on older pages.
        early_refresh: How it is refused: `described` in the body, or `reason` in a header beside an empty body.
        wrong_client: Whether `invalid_client` is `described` or `bare`.
        old_access_dies: Whether a refresh kills the access token before it; undocumented.
        row_order: `timestamp`, or `shuffled` within each page of a sync endpoint; the order is undocumented.
        least_timestamp: The lowest number that a Timestamp filter may name; 1 refuses `gt 0L`.
        select_required: Whether sync endpoints refuse every call without `$select`, not just those that refuse `*`.
        mandatory_filter: Paths that refuse a call without `$filter`.
        refused_filters: Paths that refuse every filter, besides those that the reference lists no such property for.
        absent: Paths that do not exist here (404).
        filter_refusal: How they say so: `fields` names the fields of the filter, `resource` names none.
        unknown_property: How an unknown property in `$select` is refused: `sync` and `odata` name it and the type, `write` as
            a write would, `silent` names nothing.
        null_modified: Whether new rows have no `Modified` until they are first changed; a filter on it passes them over.
        next_path: `lower` writes the path of next links in lower case, `same` as the reference writes it.
        skiptoken: The form of skip tokens of endpoints that are not sync: `guid` names the last row by its key, `number` by its
            place, `datetime_guid` by `Modified` and key, and `lower` by a key that the path has as well, in parentheses.
        envelope: `mixed` (by endpoint, and a list where `$top` is less than a page), or one of `results`, `list`, `object` for all endpoints that are not sync.
        synctimestamp_envelope: `list`, `object` or `results`.
        limit_headers_on_success: Which rate-limit headers other answers show: `both`, `minute` or `none`.
        limit_headers: What a 429 shows: `documented`, `none`, `both`, or `remaining` (a `Remaining` above 0).
        expired_words: What `WWW-Authenticate` says of an expired access token: "message expired" was seen too.
        int64: `text`, or `number` for clients that must take both.
        error_body: `json`, or `text` for 403 answers that carry the bare words.
        downloads: Whether a file counts as a call of its division: `counted`; `silent`, without the headers that say so; or `free`.
        image_division: The division of a picture whose address names none: that of its `row`, or the `open` one; undocumented.
        refused_file: How a file is refused without the right: `html` (200 and a web page), `403` or `404`.
        balance_count: What `Count` of balances counts: all `lines`, those that are `nonzero`, or `entries`; undocumented.
        balances_late: How many of the newest entries the balances do not hold yet.
        balance_ids: Whether the `ID` of a balance is `stable`, or `fresh` with every call; undocumented.
        opening_amounts: Whether amounts of opening balances are positive in `debit`, or on the `side` of the account.
        aging_by: Whether age is counted from the `invoice` date or the `due` date; undocumented.
        open_items_currency: Whether lists of what is open are in the currency of the `invoice` or of the `division`.
        blocked_status: The status of every call while the app is blocked for its errors; undocumented.
    """

    seed: int = 1
    divisions: int = 2
    division_code: int = 1000001
    rows: int = 2500
    tables: Mapping[str, int] = field(default_factory=dict)
    calendar: Literal["by_place"] | Calendar = "by_place"
    currency: Literal["by_place", "EUR", "USD"] = "by_place"
    memorial_header: Literal["zero", "control", "none"] = "zero"
    closing: Literal["result", "none"] = "result"
    year_end: Literal["none", "balances"] = "none"
    term_sign: Literal["negative", "positive"] = "negative"
    padding: Literal["codes", "all"] = "all"
    file_sizes: Literal["bytes", "kilobytes", "none"] = "bytes"
    page_cache_mib: int = 256
    redirect_uri: str = REDIRECT_URI
    reference: Literal["all", "newest"] = "all"
    latency_ms: float = 0.0
    compress: bool = False
    minute_limit: int = 60
    day_limit: int = 5000
    contract_limit: int = 20000
    minute_seconds: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    error_limit: int = 10
    access_lifetime: float = 600.0
    refresh_after: float = 570.0
    refresh_lifetime_days: float = 30.0
    code_lifetime: float = 180.0
    token_limit: int = 200
    early_refresh_status: int = 400
    early_refresh: Literal["described", "reason"] = "described"
    wrong_client: Literal["described", "bare"] = "described"
    old_access_dies: bool = False
    row_order: Literal["timestamp", "shuffled"] = "timestamp"
    least_timestamp: int = 0
    select_required: bool = False
    mandatory_filter: tuple[str, ...] = ()
    refused_filters: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    filter_refusal: Literal["fields", "resource"] = "fields"
    unknown_property: Literal["sync", "odata", "write", "silent"] = "sync"
    null_modified: bool = False
    next_path: Literal["lower", "same"] = "lower"
    skiptoken: Literal["guid", "number", "datetime_guid", "lower"] = "guid"
    envelope: Literal["mixed", "results", "list", "object"] = "mixed"
    synctimestamp_envelope: Literal["list", "object", "results"] = "list"
    limit_headers_on_success: Literal["both", "minute", "none"] = "both"
    limit_headers: Literal["documented", "none", "both", "remaining"] = "documented"
    expired_words: str = "access token expired"
    int64: Literal["text", "number"] = "text"
    error_body: Literal["json", "text"] = "json"
    downloads: Literal["counted", "silent", "free"] = "counted"
    image_division: Literal["row", "open"] = "open"
    refused_file: Literal["html", "403", "404"] = "html"
    balance_count: Literal["lines", "nonzero", "entries"] = "lines"
    balances_late: Annotated[int, msgspec.Meta(ge=0)] = 0
    balance_ids: Literal["stable", "fresh"] = "stable"
    opening_amounts: Literal["debit", "side"] = "debit"
    aging_by: Literal["invoice", "due"] = "invoice"
    open_items_currency: Literal["invoice", "division"] = "invoice"
    blocked_status: int = 403


_KEPT: tuple[tuple[Calendar, str], ...] = (
    ("months", "EUR"),
    ("july", "EUR"),
    ("thirteen", "EUR"),
    ("months", "USD"),
)
"""Periods and currency of the books, by the place of a division among all: what `by_place` of the options means."""


def kept(options: Options, division: int) -> tuple[Calendar, str]:
    """Return which periods a division has, and in which currency its books are kept."""
    calendar, currency = _KEPT[(division - options.division_code) % len(_KEPT)]
    return (
        calendar if options.calendar == "by_place" else options.calendar,
        currency if options.currency == "by_place" else options.currency,
    )


_AT_START = frozenset(
    {
        *("seed", "divisions", "division_code", "rows", "tables", "padding", "file_sizes", "page_cache_mib"),
        *("calendar", "currency", "memorial_header", "closing", "year_end", "term_sign"),
    }
)
CHANGEABLE = frozenset(f.name for f in dataclasses.fields(Options)) - _AT_START


def change(options: Options, changes: Mapping[str, Any]) -> Options:
    """Return options with some values changed.

    Raises:
        ValueError: An option is unknown, cannot change while the sandbox runs, or has no such value.
    """
    for name in changes:
        if name not in CHANGEABLE:
            msg = f"option '{name}' cannot be changed while the sandbox runs; these can: {', '.join(sorted(CHANGEABLE))}"
            raise ValueError(msg)
    try:
        return msgspec.convert({**dataclasses.asdict(options), **changes}, Options)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
