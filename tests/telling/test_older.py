"""How rows that were loaded before differ: one warning, one command."""

from __future__ import annotations

import logging

import pytest

from tap_exact_online.telling import Older, Report
from tap_exact_online.telling.older import details, one_warning
from tap_exact_online.telling.progress import Totals

TOTALS = Totals(rows=1)


def test_nothing_is_said_where_nothing_differs() -> None:
    assert one_warning({}) == ""
    assert [*details({})] == []


def test_all_of_it_is_one_text_with_one_command() -> None:
    older = {
        Older.KEEP: {"accounts": {"Latitude", "Longitude"}},
        Older.LACK: {"items": {"Notes"}, "accounts": {"Code", "Email"}},
        Older.OTHERWISE: {"accounts": {"Name"}, "journals": {"CreatorFullName"}},
    }
    assert one_warning(older) == (
        "Rows that were loaded before hold other values in 2 streams, since `personal_data` or `personal_salt` was changed."
        " Fields came into the selection later, so rows that were loaded before stay without: items (1 field), accounts"
        ' (2 fields). Read anew once, with TAP_EXACT_ONLINE_REREAD=\'{"streams": ["accounts", "journals", "items"]}\', or'
        " set `new_fields` to `reread`. Your tables keep what was loaded before of 2 fields in 1 stream that `personal_data`"
        " does not load any more: take the columns out of them. This is said once."
    )
    assert "accounts: Code, Email came into the selection later" in [*details(older)]


def test_columns_that_are_left_need_no_command() -> None:
    assert "REREAD" not in one_warning({Older.KEEP: {"accounts": {"Name"}}})


def test_a_run_says_it_once_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    report = Report()
    for _division in range(3):
        report.older(Older.LACK, "items", ["Notes"])
        report.older(Older.LACK, "journals", ["Code"])
    assert caplog.messages == []
    report.summarise(TOTALS)
    (line,) = [line for line in caplog.records if line.levelno == logging.WARNING]
    assert "items (1 field), journals (1 field)" in line.getMessage()
    assert "1 warning." in caplog.text
    assert "items: Notes came into the selection later" in caplog.messages
