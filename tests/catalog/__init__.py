"""Tests of `catalog`: what there is to read."""
