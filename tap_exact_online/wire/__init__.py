"""How Exact says it: addresses, one HTTP request, pages and values, and what an answer means.

Nothing here knows of streams, of a run or of threads that belong to one; everything but `transport.py` is pure.
"""

from __future__ import annotations

from tap_exact_online.wire.calls import (
    BackOff,
    Call,
    Linked,
    Need,
    Rest,
    Send,
    address,
)
from tap_exact_online.wire.odata import (
    Decoder,
    Page,
    datetime_literal,
    filter_clock,
    int64_literal,
    is_instant,
    skiptoken,
)
from tap_exact_online.wire.responses import (
    Accept,
    Refusal,
    Renew,
    Retry,
    Stop,
    Wait,
    classify,
)
from tap_exact_online.wire.selection import (
    Selection,
    compiled,
    unknown_fields,
)
from tap_exact_online.wire.transport import (
    Answer,
    Transport,
    explain,
    redirected,
    unfit,
)

__all__ = [
    "Accept",
    "Answer",
    "BackOff",
    "Call",
    "Decoder",
    "Linked",
    "Need",
    "Page",
    "Refusal",
    "Renew",
    "Rest",
    "Retry",
    "Selection",
    "Send",
    "Stop",
    "Transport",
    "Wait",
    "address",
    "classify",
    "compiled",
    "datetime_literal",
    "explain",
    "filter_clock",
    "int64_literal",
    "is_instant",
    "redirected",
    "skiptoken",
    "unfit",
    "unknown_fields",
]
