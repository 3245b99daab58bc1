"""Tests of `exact-online`: login, status, logout, deletes. Those of `doctor` and `divisions` are in `tests/doctor`, whose patient they share."""
