"""The settings that say what becomes of personal data, and what columns are called."""

from __future__ import annotations

from typing import Any

import pytest

from tap_exact_online.catalog import ColumnNames, Personal
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.settings import column_names_of, parse, personal_of

SALT = "a-salt-of-hunter2"


def parsed(**config: Any) -> Any:
    return parse({"client_id": "an-id", "client_secret": "a-secret", **config})


def test_nothing_changes_where_nothing_is_said() -> None:
    settings = parsed(personal_salt=SALT)
    assert (settings.personal, settings.salt, settings.column_names) == (Personal.KEEP, "", ColumnNames.EXACT)


def test_settings_arrive_where_they_belong() -> None:
    hashed = parsed(personal_data="hash", personal_salt=SALT, column_names="snake_case")
    assert (hashed.personal, hashed.salt, hashed.column_names) == (Personal.HASH, SALT, ColumnNames.SNAKE)
    assert SALT not in repr(hashed)
    dropped = parsed(personal_data="drop")
    assert (dropped.personal, dropped.salt) == (Personal.DROP, "")


@pytest.mark.parametrize("salt", [None, "", "hunter2", "fifteen letters"])
def test_without_a_salt_of_some_length_nothing_is_hashed(salt: str | None) -> None:
    with pytest.raises(ConfigurationError, match="`personal_salt` is") as caught:
        parsed(personal_data="hash", personal_salt=salt)
    assert caught.value.exit_code == 2
    assert "openssl rand -hex 32" in str(caught.value)
    assert not salt or salt not in str(caught.value)


@pytest.mark.parametrize("said", [{}, None, "", "hsah"])
def test_columns_are_those_of_a_plain_run_where_nothing_is_said(said: Any) -> None:
    """Also where no configuration was checked: to discover takes none."""
    config = {} if said == {} else {"personal_data": said, "column_names": said}
    assert personal_of(config) is Personal.KEEP
    assert column_names_of(config) is ColumnNames.EXACT


def test_columns_are_those_of_what_is_said() -> None:
    assert {personal_of({"personal_data": each.value}) for each in Personal} == {*Personal}
    assert {column_names_of({"column_names": each.value}) for each in ColumnNames} == {*ColumnNames}
