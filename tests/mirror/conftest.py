"""The PostgreSQL server and the Meltano project are made as for the end-to-end tests."""

from __future__ import annotations

from tests.meltano.conftest import database, make_project, postgres_server

__all__ = ["database", "make_project", "postgres_server"]
