"""The fixed parts of every set of books: chart of accounts, journals, VAT codes, currencies, payment conditions."""

from __future__ import annotations

from collections.abc import Mapping

from tap_exact_online.sandbox.values import Value

_NAMED = (
    # code, description, type, balance sheet or profit and loss, debit or credit
    ("0100", "Gebouwen", 30, "B", "D"),
    ("0200", "Inventaris", 30, "B", "D"),
    ("0500", "Eigen vermogen", 52, "B", "C"),
    ("1000", "Kas", 10, "B", "D"),
    ("1100", "Bank", 12, "B", "D"),
    ("1300", "Debiteuren", 20, "B", "D"),
    ("1500", "Af te dragen btw hoog", 24, "B", "C"),
    ("1520", "Te vorderen btw", 24, "B", "D"),
    ("1600", "Crediteuren", 22, "B", "C"),
    ("2000", "Kruisposten", 32, "B", "D"),
    ("4900", "Afrondingsverschillen", 121, "W", "D"),
    ("7000", "Inkoopwaarde omzet", 111, "W", "D"),
    ("8000", "Omzet binnenland", 110, "W", "C"),
    ("8010", "Omzet diensten", 110, "W", "C"),
)
CHART = (*_NAMED, *((f"{4000 + 7 * k}", f"Kosten groep {k}", 121, "W", "D") for k in range(1, 107)))
GL: Mapping[str, int] = {account[0]: index for index, account in enumerate(CHART)}

JOURNALS = (
    # code, description, type
    ("10", "Kas", 10),
    ("20", "ABN AMRO", 12),
    ("21", "ING", 12),
    ("60", "Inkoopboek", 22),
    ("70", "Verkoopboek", 20),
    ("71", "Verkoopboek webshop", 20),
    ("90", "Memoriaal", 90),
    ("91", "Salarissen", 90),
)
JOURNAL_NAMES: Mapping[str, str] = {code: description for code, description, _ in JOURNALS}

VAT_CODES = (
    ("0  ", "Geen btw", 0.0),
    ("1  ", "Btw laag, exclusief", 0.09),
    ("2  ", "Btw hoog, exclusief", 0.21),
    ("4  ", "Btw hoog, inclusief", 0.21),
    ("7  ", "Leveringen binnen de EU", 0.0),
    ("8  ", "Verlegde btw", 0.0),
)
CURRENCIES = (
    ("EUR", "Euro"),
    ("USD", "US dollar"),
    ("GBP", "Brits pond"),
    ("CHF", "Zwitserse frank"),
    ("JPY", "Yen"),
)
CONDITIONS = (
    ("00", "Contant", 0),
    ("08", "Betaling binnen 8 dagen", 8),
    ("30", "Betaling binnen 30 dagen", 30),
)

LISTS: Mapping[str, tuple[Mapping[str, Value], ...]] = {
    "sync/Financial/GLAccounts": tuple(
        {
            "Code": code,
            "Description": description,
            "SearchCode": code,
            "Type": kind,
            "TypeDescription": description,
            "BalanceType": balance,
            "BalanceSide": side,
            "IsBlocked": False,
        }
        for code, description, kind, balance, side in CHART
    ),
    "financial/Journals": tuple(
        {"Code": code, "Description": description, "Type": kind, "Currency": "EUR", "IsBlocked": False}
        for code, description, kind in JOURNALS
    ),
    "vat/VATCodes": tuple(
        {"Code": code, "Description": description, "Percentage": rate, "IsBlocked": False}
        for code, description, rate in VAT_CODES
    ),
    "general/Currencies": tuple(
        {"Code": code, "Description": description, "AmountPrecision": 0.01, "PricePrecision": 0.001}
        for code, description in CURRENCIES
    ),
    "cashflow/PaymentConditions": tuple(
        {"Code": code, "Description": description, "PaymentDays": days}
        for code, description, days in CONDITIONS
    ),
}
