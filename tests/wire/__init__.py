"""Tests of `wire`: how Exact says it."""
