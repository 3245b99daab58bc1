"""Where each run is too short for everything, however it ends, everything has its turn."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.conftest import StartSandbox
from tests.faults.quick import Quick
from tests.scale.firm import DIVIDED, SMALL, Firm, read_at

DIVISIONS = 59
"""As many as the first page of their list holds, so that the list takes a call."""
PAIRS = DIVISIONS * len(DIVIDED)
ENOUGH = PAIRS * 2 // 5
"""Calls for two fifths of them: three runs are enough for everything."""
_LIST = 1
"""That call counts, too."""


def test_nothing_is_older_than_three_runs_however_they_end(
    start_sandbox: StartSandbox, quick: Quick, tmp_path: Path
) -> None:
    firm = Firm(
        start_sandbox(divisions=DIVISIONS, **SMALL),
        quick,
        tmp_path,
        contract_calls=0,
        concurrency=4,
    )
    whole = {(stream, row["Code"]) for stream in DIVIDED for row in firm.control.divisions()}
    assert len(whole) == PAIRS
    began = []
    for end in (
        "contract",
        "signal",
        "contract",
        "plan",
        "signal",
        "divisions",
        "divisions",
        "divisions",
        "plan",
    ):
        began.append(firm.next_day() - 60)  # the state keeps minutes
        if end == "contract":
            firm.control.options(contract_limit=ENOUGH + _LIST)
            run = firm.run()
            assert run.exit_code == 4, run.log
        elif end == "divisions":
            # In each division as many, and one for a stream that broke off in others and is read in front of what is older
            # in this one: streams are read one after the other. Under the first division all are listed, too.
            firm.control.options(day_limit=ENOUGH // DIVISIONS + 1 + _LIST)
            run = firm.run()
            assert run.exit_code == 4, run.log
        elif end == "signal":
            run = firm.run_until(ENOUGH + _LIST + 1, signal.SIGTERM)
            assert run.exit_code == 143, run.log
        else:
            run = firm.run(contract_calls=ENOUGH + _LIST)
            assert run.exit_code == 0, run.log
            assert "as planned" in run.log
        firm.control.options(contract_limit=10**6, day_limit=10**6)
        read = read_at(run)
        if len(began) >= 3:
            assert read.keys() == whole
            assert min(read.values()) >= began[-3], (end, len(began))
