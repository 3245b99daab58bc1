"""The Singer SDK's own tests for taps, against the sandbox."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_exact_online.tap import TapExactOnline
from tests.conftest import Sandbox
from tests.singer import tap_for

# The SDK wants the configuration when the class is made, before any fixture runs: it is filled in later.
_CONFIG: dict[str, object] = {"client_id": "-", "client_secret": "-"}


@pytest.fixture(scope="session", autouse=True)
def _connected(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("standard")
    _CONFIG.update(tap_for(sandbox, folder, sandbox.control.new_login("standard")).config)
    _CONFIG.update(select_everything=True, files=str(folder / "files"), files_most=0)


@pytest.fixture(autouse=True)
def _wall_clocks_are_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accept a date-time without an offset; jsonschema refuses it where rfc3339-validator happens to be installed.

    A wall clock has no offset, by decision: docs/decisions/0003-two-kinds-of-date.md.
    """
    checkers = DEFAULT_JSONSCHEMA_VALIDATOR.FORMAT_CHECKER.checkers
    monkeypatch.setitem(checkers, "date-time", (_is_date_time, ValueError))


def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))


@contextmanager
def _own_handlers() -> Iterator[None]:
    """Put back the handlers that a tap sets for itself: pytest has to hear the signals that are meant for it."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _everything() -> dict[str, Any]:
    catalog: dict[str, Any] = TapExactOnline(config=dict(_CONFIG)).catalog_dict
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = True
    return catalog


def _of_all(made: type[Any]) -> type[Any]:
    """Make one test of those that the SDK makes for each stream or column.

    Each gets a template of its own: one that is used again keeps the values of the column that it was first asked about.
    """
    for name, params in made.params.items():
        setattr(made, name, _all_of_one(type(getattr(made, name).__self__), params))
    made.params = {}
    return made


def _all_of_one(template: type[Any], params: Sequence[Any]) -> Callable[..., None]:
    def test(_: object, config: object, resource: object, runner: object) -> None:
        failed = {}
        for param in params:
            try:
                template().run(config, resource, runner, **param.values._asdict())
            except Exception as error:  # noqa: BLE001  all of them are to be seen
                failed[param.id] = repr(error)
        assert not failed

    return test


with _own_handlers():
    TestStandard = _of_all(
        get_tap_test_class(
            tap_class=TapExactOnline,
            config=_CONFIG,
            suite_config=SuiteConfig(max_records_limit=5),
            catalog=_everything(),
        )
    )


def test_it_says_of_itself_what_it_reads_now() -> None:
    said = " ".join((TapExactOnline.__doc__ or "").split())
    assert said.startswith("Extracts everything that Exact Online lets be read")
