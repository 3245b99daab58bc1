"""Tests of what `scripts/` holds."""
