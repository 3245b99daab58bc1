"""Tests of `streams`: a stream, its kinds, the steps inside the SDK."""
