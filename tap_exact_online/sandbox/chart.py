"""The fixed parts of every set of books: chart of accounts, journals, VAT codes, currencies, payment conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tap_exact_online.sandbox.values import Value

_NAMED = (
    # code, description, type, balance sheet or profit and loss, debit or credit
    ("0100", "Gebouwen", 30, "B", "D"),
    ("0110", "Afschrijving gebouwen", 35, "B", "C"),
    ("0200", "Inventaris", 30, "B", "D"),
    ("0210", "Afschrijving inventaris", 35, "B", "C"),
    ("0300", "Waarborgsommen", 32, "B", "D"),
    ("0500", "Aandelenkapitaal", 50, "B", "C"),
    ("0510", "Ingehouden winsten", 52, "B", "C"),
    ("0700", "Hypothecaire lening", 55, "B", "C"),
    ("0750", "Aflossing komend jaar", 60, "B", "C"),
    ("1000", "Kas", 10, "B", "D"),
    ("1100", "ABN AMRO", 12, "B", "D"),
    ("1110", "ING", 12, "B", "D"),
    ("1120", "Valutarekening", 12, "B", "D"),
    ("1150", "Creditcard", 14, "B", "C"),
    ("1160", "Betaaldienst webshop", 16, "B", "D"),
    ("1300", "Debiteuren", 20, "B", "D"),
    ("1310", "Vooruitontvangen van debiteuren", 21, "B", "C"),
    ("1400", "Vooruitbetaalde kosten", 26, "B", "D"),
    ("1500", "Af te dragen btw hoog", 24, "B", "C"),
    ("1505", "Af te dragen btw verlegd", 24, "B", "C"),
    ("1510", "Af te dragen btw laag", 24, "B", "C"),
    ("1520", "Te vorderen btw", 24, "B", "D"),
    ("1540", "Btw volgens aangifte", 24, "B", "C"),
    ("1600", "Crediteuren", 22, "B", "C"),
    ("1700", "Te betalen lonen", 25, "B", "C"),
    ("1710", "Af te dragen loonheffing", 100, "B", "C"),
    ("1720", "Te betalen vennootschapsbelasting", 29, "B", "C"),
    ("1800", "Nog te betalen kosten", 27, "B", "C"),
    ("2000", "Kruisposten", 90, "B", "D"),
    ("3000", "Voorraad", 40, "B", "D"),
    ("4100", "Lonen en salarissen", 125, "W", "D"),
    ("4110", "Sociale lasten", 126, "W", "D"),
    ("4200", "Afschrijvingskosten", 122, "W", "D"),
    ("4300", "Ontwikkelingskosten", 123, "W", "D"),
    ("4400", "Overige lasten", 120, "W", "D"),
    ("4800", "Rente", 160, "W", "D"),
    ("4900", "Afrondingsverschillen", 121, "W", "D"),
    ("4910", "Koersverschillen", 160, "W", "D"),
    ("7000", "Inkoopwaarde omzet", 111, "W", "D"),
    ("8000", "Omzet binnenland", 110, "W", "C"),
    ("8010", "Omzet diensten", 110, "W", "C"),
    ("8020", "Omzet buitenland", 110, "W", "C"),
    ("9000", "Buitengewone lasten", 130, "W", "D"),
    ("9010", "Buitengewone baten", 140, "W", "C"),
    ("9100", "Vennootschapsbelasting", 150, "W", "D"),
)
_GROUPS = 75  # accounts for costs: with them the chart has 120 accounts
CHART = (
    *_NAMED,
    *((f"{4000 + 7 * k}", f"Kosten groep {k}", 121, "W", "D") for k in range(1, _GROUPS + 1)),
)
GL: Mapping[str, int] = {account[0]: index for index, account in enumerate(CHART)}
RECEIVABLES, PAYABLES = "1300", "1600"
CURRENCY_BANK, EXCHANGE, RETAINED = "1120", "4910", "0510"
VAT_RETURN = "1540"
_FIRST_OF_RESULT = 110


def of_result(code: str) -> bool:
    """Tell whether an account belongs to the profit and loss, by its type."""
    return CHART[GL[code]][2] >= _FIRST_OF_RESULT


class Journal(NamedTuple):
    """A journal.

    Attributes:
        code: Its code.
        description: Its name.
        kind: Its type: 10 cash, 12 bank, 20 sales, 22 purchase, 90 general.
        gl: Its ledger account, if it has one.
        iban: Its bank account, if it is one.
    """

    code: str
    description: str
    kind: int
    gl: str = ""
    iban: str = ""


JOURNALS = (
    Journal("10", "Kas", 10, "1000"),
    Journal("20", "ABN AMRO", 12, "1100", "NL91ABNA0417164300"),
    Journal("21", "ING", 12, "1110", "NL20INGB0001234567"),
    Journal("22", "Valutarekening", 12, CURRENCY_BANK, "GB29NWBK60161331926819"),
    Journal("23", "Creditcard", 12, "1150"),
    Journal("60", "Inkoopboek", 22, PAYABLES),
    Journal("70", "Verkoopboek", 20, RECEIVABLES),
    Journal("71", "Verkoopboek webshop", 20, RECEIVABLES),
    Journal("90", "Memoriaal", 90),
    Journal("91", "Salarissen", 90),
)
JOURNAL_NAMES: Mapping[str, str] = {journal.code: journal.description for journal in JOURNALS}


class VatCode(NamedTuple):
    """A VAT code.

    Attributes:
        code: Its code, padded as Exact stores it.
        description: Its name.
        rate: The percentage, as a fraction.
        kind: `Type`: B base only, E excluding, I including, N none.
        side: `VATTransactionType`: S sales, P purchases, B both.
        to_pay: The ledger account for what is to be paid.
        to_claim: The ledger account for what is to be claimed.
        charged: Whether it is reverse charge.
        listing: `EUSalesListing`: L goods, N not listed.
    """

    code: str
    description: str
    rate: float
    kind: str
    side: str
    to_pay: str = "1500"
    to_claim: str = "1520"
    charged: bool = False
    listing: str = "N"


NO_VAT, LOW, HIGH, INCLUDING, CHARGED, ABROAD = "0  ", "1  ", "2  ", "4  ", "6  ", "7  "
VAT_CODES = (
    VatCode(NO_VAT, "Geen btw", 0.0, "N", "B"),
    VatCode(LOW, "Btw laag, exclusief", 0.09, "E", "B", "1510"),
    VatCode(HIGH, "Btw hoog, exclusief", 0.21, "E", "B"),
    VatCode(INCLUDING, "Btw hoog, inclusief", 0.21, "I", "B"),
    VatCode(CHARGED, "Btw verlegd, inkoop", 0.21, "E", "P", "1505", charged=True),
    VatCode(ABROAD, "Leveringen buiten Nederland", 0.0, "B", "S", listing="L"),
    VatCode("8  ", "Btw verlegd, verkoop", 0.0, "B", "S"),
)
VAT: Mapping[str, VatCode] = {each.code: each for each in VAT_CODES}
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
        {
            "Code": each.code,
            "Description": each.description,
            "Type": each.kind,
            "IsBlocked": False,
            "GLAccountType": CHART[GL[each.gl]][2] if each.gl else None,
            "BankAccountIBAN": each.iban or None,
            "BankAccountIncludingMask": each.iban or None,
        }
        for each in JOURNALS
    ),
    "vat/VATCodes": tuple(
        {
            "Code": each.code,
            "Description": each.description,
            "Percentage": each.rate,
            "Type": each.kind,
            "VATTransactionType": each.side,
            "Charged": each.charged,
            "EUSalesListing": each.listing,
            "IsBlocked": False,
        }
        for each in VAT_CODES
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
