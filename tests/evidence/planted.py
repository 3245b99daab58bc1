"""Content that must not leave a company, and where it is planted."""

from __future__ import annotations

from typing import Any

from tests.conftest import Sandbox

ACCOUNT = "6cb1df13-4a5c-4a3b-a8b0-7b5a0e3c9b6e"
NAME = "Bakkerij Jan de Vries B.V."
IBAN = "NL91ABNA0417164300"
EMAIL = "jan.devries@bakkerij.example"
AMOUNT = 4815162.34
NUMBER = 2342108
CODE = "           4815162"
TEXTS = (
    "Bakkerij",
    "Vries",
    IBAN,
    "ABNA",
    EMAIL,
    "4815162",
    "2342108",
    ACCOUNT,
    "stampNL001",
    "1000001",
    "1000002",
)

ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "sync/CRM/Accounts",
        {
            "ID": ACCOUNT,
            "Name": NAME,
            "Code": CODE,
            "Email": EMAIL,
            "Country": "NL ",
            "CreditLineSales": AMOUNT,
            "Remarks": f"{IBAN}\nask {EMAIL}",
        },
    ),
    (
        "sync/Financial/TransactionLines",
        {
            "Account": ACCOUNT,
            "AccountName": NAME,
            "AccountCode": CODE,
            "AmountDC": -AMOUNT,
            "EntryNumber": NUMBER,
            "Description": IBAN,
        },
    ),
    ("financial/Journals", {"BankAccountIBAN": IBAN, "BankName": NAME, "Description": f"  {NAME} "}),
)


def plant(sandbox: Sandbox) -> None:
    """Put the content into both divisions."""
    for division in sandbox.control.divisions():
        for path, row in ROWS:
            sandbox.control.set_row(division["Code"], path, row)
