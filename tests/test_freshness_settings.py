"""How old what was read may be, what counts more, and how many calls there are: what these settings parse to."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.settings import config_jsonschema, parse

NEEDED = {"client_id": "an-id", "client_secret": "a-secret"}


def parsed(**config: Any) -> Any:
    return parse({**NEEDED, **config})


@pytest.mark.parametrize(
    ("value", "accounts", "lines"),
    [
        pytest.param(None, None, None, id="unset"),
        pytest.param("", None, None, id="empty"),
        pytest.param("72h", 72, 72, id="a-length"),
        pytest.param(" 3 D ", 72, 72, id="days"),
        pytest.param("90m", 1.5, 1.5, id="minutes"),
        pytest.param({"transaction_lines": "6h", "*": "72h"}, 72, 6, id="an-object"),
        pytest.param('{"transaction_lines": "6h", "*": "72h"}', 72, 6, id="as-text"),
        pytest.param(' {"transaction_lines": "6h"}', None, 6, id="one-stream-alone"),
        pytest.param({}, None, None, id="an-empty-object"),
    ],
)
def test_a_bound_is_for_each_stream(value: Any, accounts: float | None, lines: float | None) -> None:
    jsonschema.validate({**NEEDED, "at_most_old": value or "1h"}, config_jsonschema())
    settings = parsed() if value is None else parsed(at_most_old=value)
    bounds = settings.terms.bounds
    hours = {name: bounds[name] / 3600 for name in ("accounts", "transaction_lines") if name in bounds}
    wanted = {"accounts": accounts, "transaction_lines": lines}
    assert hours == {name: bound for name, bound in wanted.items() if bound is not None}
    assert settings.bounded == bool(value)


@pytest.mark.parametrize(
    ("value", "days"),
    [
        pytest.param(None, 50, id="unset"),
        pytest.param("72h", 3, id="a-shorter-one"),
        pytest.param("90d", 50, id="a-longer-one"),
        pytest.param({"deleted": "55d"}, 50, id="its-own-that-is-too-long"),
        pytest.param({"deleted": "2d", "*": "90d"}, 2, id="its-own"),
        pytest.param({"accounts": "1d"}, 50, id="another-stream's"),
    ],
)
def test_the_log_of_deleted_rows_is_read_before_exact_forgets_it(value: Any, days: float) -> None:
    settings = parsed() if value is None else parsed(at_most_old=value)
    assert settings.terms.bounds["deleted"] == days * 86_400


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param("72", "'72' is no length", id="no-unit"),
        pytest.param("72 hours", "'72 hours' is no length", id="a-word"),
        pytest.param("2w", "'2w' is no length", id="weeks"),
        pytest.param("0h", "'0h' is no length", id="nothing"),
        pytest.param("-3h", "'-3h' is no length", id="less-than-nothing"),
        pytest.param("1.5h", "'1.5h' is no length", id="a-fraction"),
        pytest.param(f"{'9' * 5_000}h", "is no length", id="thousands-of-digits"),
        pytest.param({"accounts": 72}, "'72' of 'accounts' is no length", id="a-number"),
        pytest.param({"*": None}, "is no length", id="null"),
        pytest.param('{"accounts": "72h"', "is no length as 72h or 3d, and no JSON object", id="broken-json"),
        pytest.param({"acounts": "72h"}, "there is no stream 'acounts'. Did you mean 'accounts'?", id="misspelt"),
        pytest.param({"zzzzzzzz": "72h"}, "there is no stream 'zzzzzzzz'.", id="unknown"),
    ],
)  # fmt: skip
def test_a_bound_that_is_none_is_refused(value: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^`at_most_old`") as caught:
        parsed(at_most_old=value)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300


def test_weights_are_for_each_stream() -> None:
    assert parsed().terms.weights == {}
    weights = parsed(weights={"transaction_lines": 4, "*": 0.5}).terms.weights
    assert (weights["transaction_lines"], weights["accounts"]) == (4.0, 0.5)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param({"accounts": 0}, "'0' of 'accounts' is no number above 0", id="nothing"),
        pytest.param({"accounts": -1}, "is no number above 0", id="less"),
        pytest.param({"accounts": True}, "is no number above 0", id="true"),
        pytest.param({"accounts": "4"}, "is no number above 0", id="text"),
        pytest.param({"accounts": float("inf")}, "is no number above 0", id="infinite"),
        pytest.param({"accounts": float("nan")}, "is no number above 0", id="not-a-number"),
        pytest.param({"transaction_line": 4}, "Did you mean 'transaction_lines'?", id="misspelt"),
    ],
)
def test_a_weight_that_is_none_is_refused(value: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^`weights`") as caught:
        parsed(weights=value)
    assert said in str(caught.value)


@pytest.mark.parametrize(("value", "limit"), [(None, 20_000), (0, 0), (400, 400)])
def test_the_calls_of_a_contract_are_those_of_fair_use(value: int | None, limit: int) -> None:
    settings = parsed() if value is None else parsed(contract_calls=value)
    assert (settings.contract_calls, settings.spread) == (limit, True)
