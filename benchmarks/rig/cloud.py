"""A stand-in for the cloud in which some taps keep their tokens: moto, in this process, on this machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3  # type: ignore[import-untyped]  # it has no types
from moto.server import ThreadedMotoServer

REGION = "eu-west-1"
_MADE_UP = "made-up"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A running stand-in.

    Attributes:
        address: Where it listens.
    """

    address: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes a program use it, and nobody's real account."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": _MADE_UP,
            "AWS_SECRET_ACCESS_KEY": _MADE_UP,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": "/nowhere",
            "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        }

    def client(self, service: str) -> Any:
        """Return a client of one of its services."""
        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name=REGION,
            aws_access_key_id=_MADE_UP,
            aws_secret_access_key=_MADE_UP,
        )


@contextmanager
def cloud() -> Iterator[Cloud]:
    """Run the stand-in until the block is left."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it writes a line for every call
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        yield Cloud(f"http://127.0.0.1:{port}")
    finally:
        server.stop()
