"""Gets one access token and says which, as a fingerprint: the program `one token`, with CONFIG and perhaps PATIENCE.

What the tap does before its first call. PATIENCE is how many
seconds to wait for another process that holds the store. SECONDS_AHEAD in the environment lets its clock run ahead, as a
clock does between two runs; LEASE is how many seconds a lease in object storage lasts.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from tap_exact_online import connection, settings
from tap_exact_online.auth.stores import objects
from tap_exact_online.auth.stores.file import FileStore
from tap_exact_online.auth.tokens import fingerprint
from tap_exact_online.errors import TapError


def main() -> None:
    """Get it."""
    ahead = float(os.environ.get("SECONDS_AHEAD", "0"))
    if "LEASE" in os.environ:
        objects.LEASE = float(os.environ["LEASE"])
    if len(sys.argv) > 2:
        patience = float(sys.argv[2])
        connection.open_store = lambda store, form, _: FileStore(Path(store or ""), form, patience)
    try:
        kept = connection.kept(settings.parse(json.loads(Path(sys.argv[1]).read_bytes())))
        client = kept.connect(lambda: time.time() + ahead)
        print(fingerprint(client.tokens.access_token()))  # noqa: T201
    except TapError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
