"""Servers for the tests of the stores: started when a test first asks, and shared by all of them."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg
import pytest
import requests

from demo.postgres import Postgres

_numbers = itertools.count()


@dataclass(frozen=True)
class S3:
    """A bucket on a server of this machine.

    Attributes:
        endpoint: The server.
        bucket: Its name; nobody else uses it.
        environment: What a process needs to find it, with a secret that must not show.
    """

    endpoint: str
    bucket: str
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        """What the setting `store` can be: the bucket, in which each connection has an object of its own."""
        return f"s3://{self.bucket}/"


@pytest.fixture
def token_database(postgres_server: Postgres) -> Postgres:
    """Return an empty database; `token_url` makes of it what the setting `store` can be."""
    return postgres_server.create_database(f"tokens_{next(_numbers)}")


def token_url(database: Postgres, user: str = "postgres", password: str = "hunter2") -> str:  # noqa: S107
    """Return the URL of a database for the setting `store`; the server asks for no password."""
    return f"postgresql://{user}:{password}@/{database.database}?host={database.folder}"


def run(database: Postgres, *statements: str) -> None:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def disconnect(database: Postgres) -> None:
    """End every other session of the database, as a restart or a failing network does."""
    run(
        database,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Return the address of an S3 server, which enforces conditional writes."""
    command = [sys.executable, "-m", "tests.auth.stores.s3_server"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip().decode()
        assert port.isdigit(), "the S3 server did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> S3:
    """Return an empty bucket; this process and those that it starts find it in their environment."""
    bucket = f"bucket-{next(_numbers)}"
    requests.put(f"{s3_endpoint}/{bucket}", timeout=30).raise_for_status()
    environment = {
        "AWS_ENDPOINT_URL": s3_endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIDHUNTER2",
        "AWS_SECRET_ACCESS_KEY": "secret-hunter2",
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return S3(s3_endpoint, bucket, environment)
