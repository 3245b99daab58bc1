"""Write what the codes of fields mean, and which stream stands for an endpoint that is read by none.

Usage: python scripts/write_codes.py code-lists.json streams-to-be.json

Writes `code_lists.json` and `twins.json` in `tap_exact_online/edm/`, from what was collected beside the reference: the meaning
of codes, with how well it is known, and which endpoints give the rows of another one. Fields with the same codes share a list.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tap_exact_online import edm
from tap_exact_online.catalog import snake
from tap_exact_online.catalog.resources import RESOURCES

_FOLDER = Path(edm.__file__).parent
_MARKS = {
    "[doc]": "documented",
    "[seen]": "seen",
    "[one]": "one source",
    "[guess]": "guess",
    # collected by a program from the reference, and looked at by nobody
    "[doc], taken over by rule, not read one by one": "one source",
    "[doc] to 15, 16 to 21 unknown": "documented",
}
_GUESSED_TYPES = "[guess] (20, 21, 30, 40, 50 of ReportingBalance: [one])"
_SEEN_TYPES = "20 21 30 40 50"
_NOTES = {
    "write only: reads come empty": "Only for writing: a read gives none.",
    "powers of two; whether they add up is not said": "Whether they add up is not known.",
    "null: not a customer": "Empty: not a customer.",
    "also readable as the stream gl_transaction_types (financial/GLTransactionTypes)": (
        "They are in `gl_transaction_types`, too."
    ),
    "null: as the parent": "Empty: as the row above it.",
    "null: approval is not switched on, or the invoice is older": (
        "Empty: approval is not switched on, or the invoice is older."
    ),
    "52 unknown": "52 is not known.",
    "which figure of the discount leads": "",
    "Invantive also names 100 to 102": "There are others from 100 on.",
    "other numbers than system/Divisions": "",
}
_NAMES = {
    "activities/AnnualStatements.Status": "activity_status",
    "sync/CRM/Accounts.Status": "account_status",
    "sync/CRM/Accounts.IncotermVersionPurchase": "incoterm_version",
    "sync/Financial/TransactionLines.Type": "transaction_type",
    "sync/Financial/TransactionLines.Status": "entry_status",
    "generaljournalentry/GeneralJournalEntries.Status": "entry_status_with_rejected",
    "sync/SalesOrder/SalesOrderHeaders.Status": "sales_order_progress",
    "sync/PurchaseOrder/PurchaseOrders.InvoiceStatus": "purchase_order_progress",
    "sync/Financial/SalesEntries.PaymentConditionPaymentMethod": "payment_method_of_conditions",
    "vat/VATCodes.Type": "vat_type",
    "subscription/SubscriptionTypes.SubscriptionPeriodUnit": "period_unit",
    "sync/Payroll/EmploymentSalaries.Frequency": "payroll_frequency",
    "sync/Project/Projects.BudgetOverrunHours": "budget_overrun",
    "sync/Financial/GLAccounts.UseCostcenter": "use_of_cost_centers_and_units",
    "manufacturing/TimeTransactions.Activity": "setup_or_run",
    "sync/Logistics/Items.UnitType": "unit_type",
    "sync/Manufacturing/BillOfMaterialMaterials.Type": "material_or_by_product",
    "sync/Project/ProjectWBS.Type": "wbs_type",
    "sync/HRM/LeaveRegistrations.Status": "leave_status",
    "sync/HRM/ScheduleEntries.Day": "weekday",
    "sync/Project/ProjectPlanning.Status": "planning_status",
    "sync/Manufacturing/BillOfMaterialVersions.Status": "version_status",
    "sync/Manufacturing/BillOfMaterialVersions.Type": "version_type",
    "sync/Manufacturing/ShopOrderMaterialPlans.Status": "material_plan_status",
    "inventory/StockCounts.Status": "stock_count_status",
    "inventory/StockCounts.Source": "stock_count_source",
    "sync/Cashflow/PaymentTerms.Status": "payment_term_status",
    "sync/Cashflow/PaymentTerms.PaymentMethod": "payment_method",
    "financial/Journals.Type": "journal_type",
    "purchaseentry/PurchaseEntries.Type": "purchase_entry_type",
    "salesentry/SalesEntries.Type": "sales_entry_type",
    "sync/Payroll/EmploymentContracts.Type": "contract_type",
    "sync/Project/Projects.Type": "project_type",
    "manufacturing/TimeTransactions.Status": "time_transaction_status",
    "users/UserRoles.RoleLevel": "role_level",
    "sync/Cashflow/PaymentTerms.ApprovalStatus": "payment_term_approval",
    "sync/SalesOrder/SalesOrderHeaders.ApprovalStatus": "order_approval",
}
"""The names of lists that more than one field has, or whose field's name says too little."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SPELLED = {
    **{day.lower(): day for day in _DAYS},
    "send via email": "by e-mail",
    "send via digital postbox": "by digital postbox",
    "send via peppol": "by Peppol",
    "send based on account": "as the account says",
    "based on account": "as the account says",
    "create documents": "only made as documents",
    "company email address": "e-mail address of the company",
    "main user email address": "e-mail address of the main user",
}


def _known(collected: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lists of fields that there are, in the order of the streams."""
    order = {resource.path: number for number, resource in enumerate(RESOURCES)}
    found = {}
    for place, each in collected.items():
        path, _, name = place.rpartition(".")
        if path in order and name in edm.load(path).properties:
            codes = {code: _SPELLED.get(meaning, meaning) for code, meaning in each["codes"].items()}
            found[place] = {**each, "codes": codes}
    return dict(sorted(found.items(), key=lambda item: order[item[0].rpartition(".")[0]]))


def _names(found: Mapping[str, Any]) -> dict[str, str]:
    """Name each list of codes: by its field where no other list has a field of that name, else with the stream in front."""
    streams = {resource.path: resource.name for resource in RESOURCES}
    lists: dict[str, list[str]] = {}
    for place, each in found.items():
        lists.setdefault(json.dumps(each["codes"]), []).append(place)
    fields: dict[str, set[str]] = {}
    for codes, places in lists.items():
        for place in places:
            fields.setdefault(place.rpartition(".")[2], set()).add(codes)
    named = {}
    for codes, places in lists.items():
        path, _, name = places[0].rpartition(".")
        short = snake(name) if len(fields[name]) == 1 else f"{streams[path]}_{snake(name)}"
        named[codes] = next((_NAMES[place] for place in places if place in _NAMES), short)
    if len({*named.values()}) < len(named):
        twice = sorted(name for name in named.values() if [*named.values()].count(name) > 1)
        sys.exit(f"lists of the same name: {', '.join(twice)}")
    return named


def _fields(found: Mapping[str, Any], named: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, each in found.items():
        said: dict[str, Any] = {"list": named[json.dumps(each["codes"])]}
        if each["sure"] == _GUESSED_TYPES:
            said["sure"] = "guess"
            if "ReportingBalance" in place:
                said["but"] = {"one source": _SEEN_TYPES}
        else:
            said["sure"] = _MARKS[each["sure"]]
        if note := _NOTES[each["note"]] if "note" in each else "":
            said["note"] = note
        yield place, said


def _lines(said: Mapping[str, Any], indent: str) -> str:
    return ",\n".join(
        f"{indent}{json.dumps(name)}: {json.dumps(each, ensure_ascii=False)}" for name, each in said.items()
    )


def _twins(collected: Iterator[Mapping[str, Any]]) -> dict[str, str]:
    read = {resource.path for resource in RESOURCES}
    return {each["path"]: each["twin"] for each in collected if "twin" in each and each["path"] not in read}


def main() -> None:
    """Run the command line."""
    codes, forms = (json.loads(Path(argument).read_bytes()) for argument in sys.argv[1:])
    found = _known(codes["enumerations"])
    named = _names(found)
    lists = {name: json.loads(text) for text, name in sorted(named.items(), key=lambda item: item[1])}
    text = f'{{\n "lists": {{\n{_lines(lists, "  ")}\n }},\n "fields": {{\n{_lines(dict(_fields(found, named)), "  ")}\n }}\n}}\n'
    (_FOLDER / "code_lists.json").write_text(text, encoding="utf-8")
    twins = _twins(iter(forms["endpoints"]))
    (_FOLDER / "twins.json").write_text(f"{{\n{_lines(twins, ' ')}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
