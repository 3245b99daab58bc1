"""A Singer tap for Exact Online."""
