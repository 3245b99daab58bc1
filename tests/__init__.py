"""The tests; `conftest.py` has the fixtures that all folders share."""
