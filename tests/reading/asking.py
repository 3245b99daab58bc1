"""What is asked for, and what may be answered."""

from __future__ import annotations

from typing import Any

from tap_exact_online.edm import Property
from tap_exact_online.reading.client import Client
from tap_exact_online.wire.calls import Call
from tap_exact_online.wire.odata import Decoder
from tests.fakes import BASE

PATH = "sync/CRM/Accounts"
URL = f"{BASE}/api/v1/7/{PATH}"
CALL = Call(PATH, URL, 7)
DECODER = Decoder([Property("ID", "Guid")], "ID")

ME = f"{BASE}/api/v1/current/Me"
ME_ANSWERS: dict[str, Any] = {"json": {"d": {"results": [{"CurrentDivision": 7}]}}}
HTML: dict[str, Any] = {"text": "<!DOCTYPE html><title>Access Denied</title>"}
"""The page of something in front of Exact."""


def call_in(division: int, endpoint: str = PATH) -> Call:
    return Call(endpoint, f"{BASE}/api/v1/{division}/{endpoint}", division)


def read(client: Client, call: Call = CALL) -> list[str]:
    return [row["ID"] for page in client.pages(call, DECODER) for row in page.rows]
