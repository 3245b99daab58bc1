"""A straightforward tap for one endpoint, as one would write it with the Singer SDK and nothing else.

    python sdk_tap.py --config CONFIG

`RESTStream` fetches and follows the next link, `response.json()` and a JSONPath give the rows, `post_process` brings
values into their form, and the SDK conforms and writes each record. The records equal those of the tap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import requests
from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator
from singer_sdk.pagination import BaseHATEOASPaginator
from typing_extensions import override

_DATE = re.compile(r"/Date\((-?\d+)\)/")
_TYPES: dict[str, Any] = {
    "Guid": th.UUIDType,
    "DateTime": th.DateTimeType,
    "Double": th.NumberType,
    "Boolean": th.BooleanType,
    "Int64": th.IntegerType,
    "Int32": th.IntegerType,
    "Int16": th.IntegerType,
    "Byte": th.IntegerType,
}
_DUTCH = ZoneInfo("Europe/Amsterdam")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a wall clock has no zone


class _NextLink(BaseHATEOASPaginator):
    @override
    def get_next_url(self, response: requests.Response) -> str | None:
        return response.json()["d"].get("__next")


class TransactionLines(RESTStream[Any]):
    """The one stream."""

    name = "transaction_lines"
    path = "/api/v1/{Division}/sync/Financial/TransactionLines"
    primary_keys = ("Division", "ID")
    replication_key = "Timestamp"
    is_sorted = True
    records_jsonpath = "$.d.results[*]"

    def __init__(self, tap: Tap) -> None:
        """Make the stream with the schema of the fields in the configuration."""
        self._kinds: dict[str, str] = tap.config["fields"]
        properties = [
            th.Property(name, _TYPES.get(kind, th.StringType)) for name, kind in self._kinds.items()
        ]
        division = th.Property("Division", th.IntegerType)
        super().__init__(tap, schema=th.PropertiesList(division, *properties).to_dict())

    @property
    @override
    def url_base(self) -> str:
        return str(self.config["base_url"])

    @property
    @override
    def authenticator(self) -> BearerTokenAuthenticator:
        return BearerTokenAuthenticator(token=self.config["access_token"])

    @property
    @override
    def http_headers(self) -> dict[str, str]:
        return {**super().http_headers, "Accept": "application/json"}

    @property
    @override
    def partitions(self) -> list[dict[str, Any]]:
        return [{"Division": division} for division in self.config["divisions"]]

    @override
    def get_new_paginator(self) -> _NextLink:
        return _NextLink()

    @override
    def get_url_params(self, context: Any, next_page_token: Any) -> dict[str, Any]:
        if next_page_token:
            return dict(parse_qsl(urlsplit(next_page_token.geturl()).query))
        return {"$filter": "Timestamp gt 1L", "$select": ",".join(self._kinds)}

    @override
    def post_process(self, row: dict[str, Any], context: Any = None) -> dict[str, Any] | None:
        row.pop("__metadata", None)
        for name, kind in self._kinds.items():
            value = row.get(name)
            if value is None:
                continue
            if kind == "DateTime":
                row[name] = _date(value, instant=name in {"Created", "Modified"})
            elif kind == "Int64":
                row[name] = int(value)
            elif kind == "String":
                text = value.replace("\0", "")
                row[name] = text.strip() if name.endswith(("Code", "Country")) else text
        row["Division"] = context["Division"]
        return row


def _date(text: str, *, instant: bool) -> str:
    match = _DATE.fullmatch(text)
    if match is None:
        msg = f"not a date: {text}"
        raise ValueError(msg)
    clock = _EPOCH + timedelta(milliseconds=int(match[1]))
    return (clock.replace(tzinfo=_DUTCH).astimezone(UTC) if instant else clock).isoformat()


class StraightforwardTap(Tap):
    """The tap."""

    name = "straightforward-tap"
    config_jsonschema = th.PropertiesList(
        th.Property("base_url", th.StringType, required=True),
        th.Property("access_token", th.StringType, required=True, secret=True),
        th.Property("divisions", th.ArrayType(th.IntegerType), required=True),
        th.Property("fields", th.ObjectType(additional_properties=th.StringType), required=True),
    ).to_dict()

    @override
    def discover_streams(self) -> Iterable[TransactionLines]:  # type: ignore[override]
        return [TransactionLines(self)]


if __name__ == "__main__":
    StraightforwardTap.cli()
