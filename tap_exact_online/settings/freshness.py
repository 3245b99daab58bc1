"""How old what was read may be, and what counts more than other things: the settings `at_most_old` and `weights`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tap_exact_online.catalog import BY_NAME, check_streams
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.reading import Terms
from tap_exact_online.spoken import spoken

_UNITS: Mapping[str, float] = {"m": 60.0, "h": 3600.0, "d": 86_400.0}
_LENGTH = re.compile(r"(\d{1,6})\s*([mhd])", re.IGNORECASE)
_ALL_OTHERS = "*"
_LOG_OF_DELETED = "deleted"
# Exact keeps the log of deleted rows for two months: what is not read by then is never known.
_LOG_IS_KEPT = 50 * 86_400.0


def terms_of(at_most_old: str | Mapping[str, Any] | None, weights: Mapping[str, Any]) -> Terms:
    """Read both settings.

    Args:
        at_most_old: A length as `72h`, or lengths by stream, with `*` for all others; also as a JSON text.
        weights: Numbers by stream, with `*` for all others.

    Raises:
        ConfigurationError: A length or a weight is none, or a stream does not exist.
    """
    bounds = {stream: _seconds(stream, length) for stream, length in _by_stream(at_most_old).items()}
    numbers = {stream: _weight(stream, weight) for stream, weight in weights.items()}
    for setting, named in (("at_most_old", bounds), ("weights", numbers)):
        check_streams(named.keys() - {_ALL_OTHERS}, f"`{setting}`: ")
    return Terms(_for_each(bounds) | _for_deleted(bounds), _for_each(numbers))


def _by_stream(value: str | Mapping[str, Any] | None) -> Mapping[str, Any]:
    if not value:
        return {}
    if isinstance(value, str):
        if not value.lstrip().startswith("{"):
            return {_ALL_OTHERS: value}
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, Mapping):
        msg = '`at_most_old` is no length as 72h or 3d, and no JSON object as {"transaction_lines": "6h", "*": "72h"}.'
        raise ConfigurationError(msg)
    return value


def _seconds(stream: str, length: Any) -> float:
    match = _LENGTH.fullmatch(length.strip()) if isinstance(length, str) else None
    if match is None or not int(match[1]):
        where = "" if stream == _ALL_OTHERS else f" of '{spoken(stream, 60)}'"
        msg = f"`at_most_old`: '{spoken(length, 60)}'{where} is no length: write minutes, hours or days, as 90m, 72h or 3d."
        raise ConfigurationError(msg)
    return int(match[1]) * _UNITS[match[2].lower()]


def _weight(stream: str, weight: Any) -> float:
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < float("inf"):
        msg = f"`weights`: '{spoken(weight, 60)}' of '{spoken(stream, 60)}' is no number above 0."
        raise ConfigurationError(msg)
    return float(weight)


def _for_each(named: Mapping[str, float]) -> dict[str, float]:
    others = named.get(_ALL_OTHERS)
    known = {} if others is None else dict.fromkeys(BY_NAME, others)
    return {**known, **{stream: value for stream, value in named.items() if stream != _ALL_OTHERS}}


def _for_deleted(bounds: Mapping[str, float]) -> dict[str, float]:
    said = bounds.get(_LOG_OF_DELETED, bounds.get(_ALL_OTHERS, _LOG_IS_KEPT))
    return {_LOG_OF_DELETED: min(said, _LOG_IS_KEPT)}
