"""The demonstration from its beginning to its end: what it tells is so, and the ledger that it ends with."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import psycopg
import pytest
import requests

from demo import kept
from tap_exact_online.cli.certificate import certificate_of
from tap_exact_online.ledger.certificate import Verdict
from tap_exact_online.ledger.reading import DEFAULT_SCHEMA
from tap_exact_online.sandbox.control import Control
from tests.demonstration import demo, living


@pytest.mark.usefixtures("asked")
def test_tells_what_landed_and_stays_to_be_asked_until_it_is_stopped(tmp_path: Path) -> None:
    done = demo(tmp_path, "--keep")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        line = re.search(r"transaction_lines +(\d+) +\d+ +(\d+) +(\d+) +(\d+) +\d+ +(\d+)", done.stdout)
        assert line, done.stdout
        before, added, changed, deleted, now = map(int, line.groups())
        assert (before, changed) == (400, 15)
        assert now == before + added - deleted
        booked = re.search(r"added +\d+ entr(?:y|ies) of (\d+) transaction lines", done.stdout)
        withdrawn = re.search(r"deleted +\d+ entr(?:y|ies) of (\d+) transaction lines", done.stdout)
        assert booked, done.stdout
        assert withdrawn, done.stdout
        assert (added, deleted) == (int(booked[1]), int(withdrawn[1]))
        assert added >= deleted > 0
        assert re.search(r"^exact_online\.accounts: Division +Code +Name", done.stdout, re.MULTILINE)

        # The ledger is whole, and is not when half of a company's lines are taken away.
        whole, broken = done.stdout.split("==> A page is lost: 100 lines")
        assert re.search(r"2 companies, \d+ years: \d+ complete. Exit code 0.", whole)
        assert re.search(r"1 company, \d+ years: .* different. Exit code 1.", broken)
        assert "missing here" in broken
        # What is kept is whole again.
        assert "The lines are put back" in broken

        # The line for psql and the queries are those that were printed.
        (conninfo,) = re.findall(r"psql\S* '(postgresql:.*)'", done.stdout)
        printed = "\n".join(each.removeprefix("    ") for each in done.stdout.splitlines())
        assert len(kept.QUERIES) == 3
        with psycopg.connect(conninfo) as connection:
            for query in kept.QUERIES.values():
                assert query.strip() in printed
                assert len(connection.execute(query.encode()).fetchall()) > 3
            count = "SELECT count(*) FROM exact_online.transaction_lines"
            assert connection.execute(count).fetchall() == [(now,)]
        assert certificate_of(conninfo, None, DEFAULT_SCHEMA).verdict is Verdict.COMPLETE
        (address,) = re.findall(r"the sandbox at (\S+)", done.stdout)
        assert Control(address).divisions()
        told = dict(re.findall(r"(\w+)=(\S+)", done.stdout.partition("To connect to the sandbox")[2]))
        assert told["TAP_EXACT_ONLINE_BASE_URL"] == f"{address}/"
        consent = {
            "client_id": told["TAP_EXACT_ONLINE_CLIENT_ID"],
            "redirect_uri": told["EXACT_ONLINE_REDIRECT_URI"],
        }
        asked = requests.get(f"{address}/api/oauth2/auth", {**consent, "response_type": "code"}, timeout=30)
        assert asked.ok, asked.text

        # So is the line that runs it once more.
        (more,) = re.findall(r"^    (\S+/meltano .* run exact-online-books)$", done.stdout, re.MULTILINE)
        run = subprocess.run(more.split(), check=False, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr

        again = demo(tmp_path)
        assert again.returncode == 1
        assert "What an earlier demo has kept still runs" in again.stderr
    finally:
        stopped = demo(tmp_path, "--stop")
    assert (stopped.returncode, stopped.stdout) == (0, "Stopped.\n")
    assert living(tmp_path) == []
    assert demo(tmp_path, "--stop").stdout == f"Nothing is kept running in {tmp_path}.\n"
