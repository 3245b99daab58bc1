"""Tests of what `benchmarks/` holds."""
