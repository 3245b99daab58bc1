"""What a user can set: a table of data, and what it parses to, checked as a whole.

A setting is added by one entry in `table.py` and one line in `checked.py`.
"""

from __future__ import annotations

from tap_exact_online.settings.checked import Settings, check_environment, explain, parse
from tap_exact_online.settings.table import HOSTS, SETTINGS, Setting, config_jsonschema

__all__ = [
    "HOSTS",
    "SETTINGS",
    "Setting",
    "Settings",
    "check_environment",
    "config_jsonschema",
    "explain",
    "parse",
]
