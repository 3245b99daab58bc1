"""Which servers are talked to without encryption."""

from __future__ import annotations

import pytest

from tap_exact_online.errors import ConfigurationError
from tests.test_settings import parsed


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8765",
        "http://localhost:1",
        "http://[::1]:1",
        "http://127.9.9.9",
        "http://sandbox:8765",
    ],
)
def test_plain_http_is_for_this_machine_and_between_containers(address: str) -> None:
    assert parsed(base_url=address).base_url == address


@pytest.mark.parametrize(
    "address",
    [
        "http://start.exactonline.nl",
        "http://192.168.1.5",
        "http://[2001:db8::1]",
        "http://localhost.example.com",
    ],
)
def test_secrets_do_not_travel_in_the_clear(address: str) -> None:
    with pytest.raises(ConfigurationError, match="`base_url` begins with http:"):
        parsed(base_url=address)
