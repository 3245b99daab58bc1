"""Tests of `edm`: the committed facts."""
