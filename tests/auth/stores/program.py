"""Another process that uses a store: `python -m tests.auth.stores.program ACTION URL OWNER [LEASE]`.

`hold` locks it, says so, and lets go when its input ends; `take` waits its turn and adds a character to the refresh
token; `write` keeps what comes in; `read` says the fingerprint of what is there.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores import objects, open_store
from tap_exact_online.auth.tokens import Tokens, fingerprint

if __name__ == "__main__":
    action, url, owner = sys.argv[1:4]
    if len(sys.argv) > 4:
        objects.LEASE = float(sys.argv[4])
    store = open_store(url, Form(owner), Path("nowhere"))
    if action == "read":
        stored = store.read()
        print(fingerprint(stored.refresh_token) if stored else "nothing")  # noqa: T201
    else:
        with store.lock():
            print("held", flush=True)  # noqa: T201
            if action == "hold":
                sys.stdin.read()
            elif action == "write":
                store.write(Tokens(owner, sys.stdin.read()))
            else:
                tokens = store.read()
                assert tokens is not None
                store.write(replace(tokens, refresh_token=f"{tokens.refresh_token}+"))
