"""The tap is loaded once, as for the faults."""

from __future__ import annotations

from tests.reality.conftest import books, divisions, every, quick, read, tap

__all__ = ["books", "divisions", "every", "quick", "read", "tap"]
