"""Engines that run workers. They are installed by `make engines`, which runs these tests; `make test` leaves them out."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("ENGINES") else ["test_*.py"]
