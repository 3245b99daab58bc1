"""Tests of `state`: how far we are."""
