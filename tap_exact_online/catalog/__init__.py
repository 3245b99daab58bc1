"""What there is to read: the table of streams, their columns, and what a user has to be allowed to read them.

All of it is data and pure functions on it. A stream is added by one line in `table/`.
"""

from __future__ import annotations

from tap_exact_online.catalog.chosen import Chosen, Entry, Told, chosen, patterns
from tap_exact_online.catalog.codes import code_rows, codes_of
from tap_exact_online.catalog.costs import Bill, Cost, bill, cost
from tap_exact_online.catalog.described import forget_words, sentences, words_of
from tap_exact_online.catalog.filed import FILED, Filed
from tap_exact_online.catalog.ledger import PURPOSES
from tap_exact_online.catalog.naming import ColumnNames, snake
from tap_exact_online.catalog.own import CODE_LISTS, READS
from tap_exact_online.catalog.personal import Personal, Tells, marked, special
from tap_exact_online.catalog.references import (
    Reference,
    references_of,
    replaced_by,
    stands_for,
)
from tap_exact_online.catalog.resources import (
    BY_NAME,
    FILES,
    GROUPS,
    OWN,
    RESOURCES,
    STREAMS,
    Cadence,
    Kind,
    Resource,
    check_streams,
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
    treated,
)
from tap_exact_online.catalog.unknown import Unknown, check_rules, unknown_in

__all__ = [
    "BY_NAME",
    "CODE_LISTS",
    "FILED",
    "FILES",
    "GROUPS",
    "MENU",
    "MENU_DUTCH",
    "OWN",
    "PURPOSES",
    "READS",
    "RESOURCES",
    "RIGHTS",
    "RIGHTS_DUTCH",
    "STREAMS",
    "Bill",
    "Cadence",
    "Chosen",
    "ColumnNames",
    "Cost",
    "Entry",
    "Filed",
    "Kind",
    "Personal",
    "Reference",
    "Resource",
    "Tells",
    "Told",
    "Unknown",
    "advice",
    "bill",
    "check_rules",
    "check_streams",
    "chosen",
    "code_rows",
    "codes_of",
    "cost",
    "forget_words",
    "marked",
    "needed",
    "patterns",
    "references_of",
    "replaced_by",
    "schema_of",
    "selected_by_default",
    "sentences",
    "snake",
    "special",
    "stands_for",
    "stream_of_deleted",
    "treated",
    "unknown_in",
    "words_of",
]
