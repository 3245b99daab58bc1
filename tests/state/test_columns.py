"""A state is about tables whose columns have one kind of names."""

from __future__ import annotations

from typing import Any

import pytest

from tap_exact_online.catalog import ColumnNames
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.state import check_names, note_of

BOOKMARKS = {"bookmarks": {"journals": {"partitions": []}}}
EXACT, SNAKE = ColumnNames.EXACT, ColumnNames.SNAKE


@pytest.mark.parametrize(
    ("mine", "state"),
    [
        pytest.param(EXACT, BOOKMARKS, id="nothing is said, as by an earlier version"),
        pytest.param(EXACT, {**BOOKMARKS, "column_names": 3}, id="nothing of a kind"),
        pytest.param(SNAKE, {**BOOKMARKS, "column_names": "snake_case"}, id="the same"),
        pytest.param(SNAKE, {}, id="an empty state"),
        pytest.param(SNAKE, {"bookmarks": {"journals": {}}}, id="nothing was read"),
        pytest.param(
            EXACT, {"bookmarks": {}, "column_names": "snake_case"}, id="nothing was read with others"
        ),
    ],
)
def test_a_state_may_be_taken(mine: ColumnNames, state: dict[str, Any]) -> None:
    check_names(state, mine)


@pytest.mark.parametrize(
    ("mine", "state"), [(SNAKE, BOOKMARKS), (EXACT, {**BOOKMARKS, "column_names": "snake_case"})]
)
def test_a_state_of_other_names_is_refused(mine: ColumnNames, state: dict[str, Any]) -> None:
    with pytest.raises(
        ConfigurationError, match=f"and this run has {mine.value}. Nothing was read"
    ) as caught:
        check_names(state, mine)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("names", ColumnNames)
def test_a_note_is_read_as_it_was_written(names: ColumnNames) -> None:
    note = note_of(names)
    check_names({**BOOKMARKS, **({"column_names": note} if note else {})}, names)
