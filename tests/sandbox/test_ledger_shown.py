"""The same books, where other endpoints show them: schemes that classify accounts, and entries in endpoints of their own."""

from __future__ import annotations

import pytest

from tests.sandbox.ledgers import Books, grouped


def test_schemes_classify_all_accounts_but_two(books: Books) -> None:
    schemes = {row["ID"]: row for row in books.rows("financial/GLSchemes")}
    assert [row["Code"] for row in schemes.values() if row["Main"]] == ["1"]
    assert {"RGS versie 3.2", "RGS versie 3.5"} < {row["Code"] for row in schemes.values()}
    nodes = {row["ID"]: row for row in books.rows("sync/Financial/GLClassifications")}
    for node in nodes.values():
        assert node["TaxonomyNamespace"] in schemes
        rgs = schemes[node["TaxonomyNamespace"]]["Code"].startswith("RGS")
        parent = nodes[node["Parent"]]["Code"] if node["Parent"] else None
        if rgs:
            assert parent == (node["Code"][:-3] or None if len(node["Code"]) > 1 else None)
            assert node["PeriodType"] == ("instant" if node["Code"].startswith("B") else "duration")
    by_scheme = grouped(
        books.rows("financial/GLAccountClassificationMappings"), lambda row: row["GLSchemeCode"]
    )
    for code, unmapped in (("1", set()), ("RGS versie 3.5", {"2000", "4900"})):
        mapped = {row["GLAccountCode"] for row in by_scheme[code]}
        assert {row["Code"] for row in books.accounts.values()} - mapped == unmapped
    for row in books.rows("financial/GLAccountClassificationMappings"):
        assert nodes[row["Classification"]]["Code"] == row["ClassificationCode"]
        assert nodes[row["Classification"]]["TaxonomyNamespace"] == row["GLSchemeID"]
        assert books.accounts[row["GLAccount"]]["Code"] == row["GLAccountCode"]


SHOWN = {
    "sync/Financial/SalesEntries": {20, 21},
    "sync/Financial/PurchaseEntries": {30, 31},
    "salesentry/SalesEntryLines": {20, 21},
    "purchaseentry/PurchaseEntryLines": {30, 31},
    "financialtransaction/BankEntryLines": {40},
    "financialtransaction/CashEntryLines": {40},
    "generaljournalentry/GeneralJournalEntryLines": {90},
}


@pytest.mark.parametrize("path", SHOWN)
def test_entries_are_shown_as_their_transaction_lines(books: Books, path: str) -> None:
    lines = {(row["EntryID"], row["LineNumber"]): row for row in books.lines}
    shown = books.rows(path)
    assert len(shown) > 10
    for row in shown:
        line = lines[row["EntryID"], row["LineNumber"]]
        assert line["Type"] in SHOWN[path]
        for name in ("AmountDC", "AmountFC", "GLAccount", "VATCode", "CostCenter", "EntryNumber", "Status"):
            assert row.get(name, line[name]) == line[name], name
        assert row.get("Date", row.get("EntryDate", line["Date"])) == line["Date"]
    if path.startswith("sync/"):
        assert len(shown) == sum(1 for row in books.lines if row["Type"] in SHOWN[path])
        return
    folder, name = path.split("/")
    headers = {row["EntryID"]: row for row in books.rows(f"{folder}/{name.replace('yLines', 'ies')}")}
    assert {row["EntryID"] for row in shown} <= set(headers)
    for header in headers.values():
        line = lines[header["EntryID"], 0]
        assert header["EntryNumber"] == line["EntryNumber"]
        assert header.get("AmountDC", line["AmountDC"]) == line["AmountDC"]
        assert header.get("FinancialPeriod", header.get("ReportingPeriod")) == line["FinancialPeriod"]
        assert header.get("JournalCode", header.get("Journal")) == line["JournalCode"]
