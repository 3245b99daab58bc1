"""The tap, run for real over the streams that the ledger is made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.conftest import Sandbox
from tests.singer import Run, tap_for

LINES = (
    *("divisions", "deleted", "reads", "transaction_lines", "gl_accounts", "journals", "financial_periods"),
    *("gl_schemes", "gl_classifications", "gl_account_classification_mappings", "accounts"),
    *("cost_centers", "cost_units", "budgets", "payment_terms", "vat_codes", "exchange_rates"),
)
SUMS = (
    *("reads", "reporting_balance", "receivables_list", "payables_list", "profit_loss_overview"),
    *("outstanding_invoices_overview", "opening_balances_current_year", "opening_balances_previous_year"),
)
"""What Exact adds up itself. It is read behind the lines: what differs before them may have moved."""
STREAMS = tuple({**dict.fromkeys(LINES), **dict.fromkeys(SUMS)})
LIMITS = {"minute_limit": 10**6, "day_limit": 10**6, "contract_limit": 10**6, "token_limit": 10**6}
"""Out of the way: the sandbox's own limits are tested elsewhere."""


def read(
    sandbox: Sandbox, folder: Path, state: Mapping[str, Any] | None = None, *streams: str, **config: Any
) -> Run:
    """Run the tap to its end over the streams that are named, or all of the ledger's."""
    folder.mkdir(exist_ok=True)
    tap = tap_for(sandbox, folder, sandbox.control.new_login(str(folder)))
    run = tap.run(state=state, catalog=tap.catalog(streams or STREAMS), **config)
    assert run.exit_code == 0, run.log
    return run
