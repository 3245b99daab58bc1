"""What there is to read: the table of streams, their columns, and what a user has to be allowed to read them.

All of it is data and pure functions on it. A stream is added by one line in `resources.py`.
"""

from __future__ import annotations

from tap_exact_online.catalog.filed import FILED, Filed
from tap_exact_online.catalog.own import READS
from tap_exact_online.catalog.resources import (
    BY_NAME,
    FILES,
    OWN,
    RESOURCES,
    STREAMS,
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
    "FILED",
    "FILES",
    "MENU",
    "MENU_DUTCH",
    "OWN",
    "READS",
    "RESOURCES",
    "RIGHTS",
    "RIGHTS_DUTCH",
    "STREAMS",
    "Filed",
    "Kind",
    "Resource",
    "advice",
    "needed",
    "schema_of",
    "selected_by_default",
    "stream_of_deleted",
]
