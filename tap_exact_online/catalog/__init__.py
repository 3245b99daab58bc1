"""What there is to read: the table of streams, their columns, and what a user has to be allowed to read them.

All of it is data and pure functions on it. A stream is added by one line in `table/`.
"""

from __future__ import annotations

from tap_exact_online.catalog.chosen import Entry, Told, chosen
from tap_exact_online.catalog.own import READS
from tap_exact_online.catalog.resources import (
    BY_NAME,
    GROUPS,
    OWN,
    RESOURCES,
    STREAMS,
    Cadence,
    Kind,
    Resource,
    stream_of_deleted,
)
from tap_exact_online.catalog.rights import (
    MENU,
    MENU_DUTCH,
    RIGHTS,
    RIGHTS_DUTCH,
    advice,
)
from tap_exact_online.catalog.schemas import (
    needed,
    schema_of,
    selected_by_default,
)

__all__ = [
    "BY_NAME",
    "GROUPS",
    "MENU",
    "MENU_DUTCH",
    "OWN",
    "READS",
    "RESOURCES",
    "RIGHTS",
    "RIGHTS_DUTCH",
    "STREAMS",
    "Cadence",
    "Entry",
    "Kind",
    "Resource",
    "Told",
    "advice",
    "chosen",
    "needed",
    "schema_of",
    "selected_by_default",
    "stream_of_deleted",
]
