"""The demonstration: a stand-in for Exact Online, the tap, and a real PostgreSQL, from nothing and back to nothing.

    python -m demo        what `make demo` runs

    __main__.py   the story: a first run, changes, a second run, a ledger
    books.py      the ledger of it, its certificate, and a page that is lost
    changes.py    what happens in the books between the two runs
    container.py  the same in containers: what compose.yaml runs
    kept.py       both servers for longer than the story, with `--keep`
    outcome.py    what landed in PostgreSQL, as a table
    postgres.py   a PostgreSQL server that pip can install
    processes.py  programs that are started, awaited and taken down
    project.py    a copy of the Meltano project that touches nothing outside its folder
    samples.py    a few rows of it
    sandbox.py    the stand-in for Exact Online, as a program of its own

The end-to-end tests use most of the last six, too.
"""
