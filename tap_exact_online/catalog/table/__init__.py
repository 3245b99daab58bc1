"""THE TABLE: every stream, one line for each, in groups."""

from __future__ import annotations

from collections.abc import Mapping

from tap_exact_online.catalog.resource import Resource
from tap_exact_online.catalog.table.books import BOOKS
from tap_exact_online.catalog.table.trade import TRADE

TABLE: Mapping[str, tuple[Resource, ...]] = {**BOOKS, **TRADE}
"""The streams of each group, by the group's name."""

__all__ = ["TABLE"]
