"""What a user can set: a table of data, and what it parses to, checked as a whole.

A setting is added by one entry in `table.py` and one line in `checked.py`. `given.py` reads how it was spelled.
"""

from __future__ import annotations

from tap_exact_online.settings.checked import Settings, column_names_of, explain, parse, personal_of
from tap_exact_online.settings.given import PREFIX, meant, of_config, of_environment, read_env
from tap_exact_online.settings.table import HOSTS, SETTINGS, Setting, config_jsonschema

__all__ = [
    "HOSTS",
    "PREFIX",
    "SETTINGS",
    "Setting",
    "Settings",
    "column_names_of",
    "config_jsonschema",
    "explain",
    "meant",
    "of_config",
    "of_environment",
    "parse",
    "personal_of",
    "read_env",
]
