"""Tests of `telling`: what a run says."""
