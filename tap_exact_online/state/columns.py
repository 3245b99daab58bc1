"""What the columns are called of the tables that a state is about: one choice for their life. Pure."""

from __future__ import annotations

from typing import Any

from tap_exact_online.catalog import ColumnNames
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.state.form import has_bookmarks

COLUMN_NAMES = "column_names"
"""Under this name the state says it, beside `bookmarks`; it says nothing of those of Exact."""


def note_of(names: ColumnNames) -> str | None:
    """Return what the state is to hold; None for nothing."""
    return None if names is ColumnNames.EXACT else names.value


def check_names(state: Any, names: ColumnNames) -> None:
    """Refuse a state whose tables have columns of other names: new rows would go into columns that older rows do not have.

    Args:
        state: The state. One without bookmarks is about no table yet.
        names: What columns are called now.

    Raises:
        ConfigurationError: They were called otherwise.
    """
    theirs = next((each for each in ColumnNames if each.value == state.get(COLUMN_NAMES)), ColumnNames.EXACT)
    if theirs is names or not has_bookmarks(state):
        return
    msg = (
        f"The state was written with `column_names: {theirs.value}`, and this run has {names.value}. Nothing was read: a loader would add"
        " each column under the other name, empty in all rows that are there. Set it back; or begin anew, with --full-refresh or a"
        " state of its own, and with tables of their own."
    )
    raise ConfigurationError(msg)
