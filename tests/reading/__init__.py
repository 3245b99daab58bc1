"""Tests of `reading`: who is asked next, and how often."""
