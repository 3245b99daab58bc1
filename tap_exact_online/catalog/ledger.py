"""The streams that the dbt package makes a ledger of. Each has a staging model there, and a test holds both together."""

from __future__ import annotations

from collections.abc import Mapping

_BOOKS = ("transaction_lines", "reporting_balance", "deleted", "reads", "divisions")
_ACCOUNTS = ("gl_accounts", "gl_schemes", "gl_classifications", "gl_account_classification_mappings")
_SETTINGS = ("financial_periods", "journals", "cost_centers", "cost_units", "exchange_rates", "budgets")
_OPEN = ("payment_terms", "receivables_list", "payables_list", "accounts")
_VAT = ("vat_codes", "vat_percentages", "returns")
_WITNESSES = (
    *("profit_loss_overview", "outstanding_invoices_overview"),
    *("aging_overview", "aging_payables", "aging_receivables"),
    *("opening_balances_current_year", "opening_balances_current_year_processed"),
    *("opening_balances_previous_year", "opening_balances_previous_year_processed"),
)

LEDGER = (*_BOOKS, *_ACCOUNTS, *_SETTINGS, *_OPEN, *_VAT, *_WITNESSES)

PURPOSES: Mapping[str, tuple[str, ...]] = {"ledger": LEDGER}
"""What somebody may want to do with the data, and the streams that it takes."""
