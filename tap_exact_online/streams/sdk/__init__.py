"""The few steps inside the Singer SDK that public hooks do not reach, in one room, each with its reason.

`bookkeeping.py` keeps bookmarks, `pages.py` writes pages, `columns.py` says which columns they have, `naming.py` what these are called,
`writing.py` writes whole lines and ends in good order, `environment.py` reads the SDK's own settings. `tests/streams/test_sdk.py` fails when
the SDK changes under one of them.
"""

from __future__ import annotations

from tap_exact_online.streams.sdk.bookkeeping import BookkeepingStream
from tap_exact_online.streams.sdk.environment import settings_of_sdk
from tap_exact_online.streams.sdk.pages import Outgoing, PageStream, Portion
from tap_exact_online.streams.sdk.writing import States, TerminableTap, Writer

__all__ = [
    "BookkeepingStream",
    "Outgoing",
    "PageStream",
    "Portion",
    "States",
    "TerminableTap",
    "Writer",
    "settings_of_sdk",
]
