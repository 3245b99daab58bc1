"""How Exact says it: addresses, one HTTP request, pages and values, and what an answer means.

Nothing here knows of streams, of a run or of threads that belong to one; everything but `transport.py` is pure.
"""

from __future__ import annotations

from tap_exact_online.wire.adapter import Adapter, Session
from tap_exact_online.wire.calls import (
    MOST_URL,
    BackOff,
    Call,
    Linked,
    Need,
    Reader,
    Rest,
    Send,
    Sink,
    address,
    call_to,
)
from tap_exact_online.wire.dates import datetime_literal, filter_clock, int64_literal
from tap_exact_online.wire.odata import Decoder, DoubtfulBody, MalformedBody, Page, skiptoken
from tap_exact_online.wire.responses import (
    APP_PERMISSIONS,
    CLOSED,
    MANAGE_COMPANIES,
    Accept,
    Refusal,
    Renew,
    Retry,
    Stop,
    Wait,
    classify,
    doubted,
)
from tap_exact_online.wire.selection import (
    Selection,
    compiled,
    halves,
    is_about_a_filter,
    unknown_field,
)
from tap_exact_online.wire.transport import (
    Answer,
    Transport,
    Watcher,
    explain,
    redirected,
    unfit,
)
from tap_exact_online.wire.values import is_instant

__all__ = [
    "APP_PERMISSIONS",
    "CLOSED",
    "MANAGE_COMPANIES",
    "MOST_URL",
    "Accept",
    "Adapter",
    "Answer",
    "BackOff",
    "Call",
    "Decoder",
    "DoubtfulBody",
    "Linked",
    "MalformedBody",
    "Need",
    "Page",
    "Reader",
    "Refusal",
    "Renew",
    "Rest",
    "Retry",
    "Selection",
    "Send",
    "Session",
    "Sink",
    "Stop",
    "Transport",
    "Wait",
    "Watcher",
    "address",
    "call_to",
    "classify",
    "compiled",
    "datetime_literal",
    "doubted",
    "explain",
    "filter_clock",
    "halves",
    "int64_literal",
    "is_about_a_filter",
    "is_instant",
    "redirected",
    "skiptoken",
    "unfit",
    "unknown_field",
]
