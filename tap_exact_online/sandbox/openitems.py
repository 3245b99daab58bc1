"""What is open with customers and suppliers today: as lists of invoices, by age, and in all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from tap_exact_online.sandbox.books import ACCOUNTS, TERMS
from tap_exact_online.sandbox.computed import Computed
from tap_exact_online.sandbox.ledger import Term
from tap_exact_online.sandbox.moment import Moment
from tap_exact_online.sandbox.values import Value

Side = Literal["receivable", "payable"]
AGES = (("<= 30", 30), ("31 - 60", 60), ("61 - 90", 90), ("> 90", None))
_FIRST_HID = 10_000
_IN_TRANSIT = (30, 40)  # selected for payment, and paid but not matched


def _open(moment: Moment, side: Side) -> list[tuple[int, Term]]:
    return [(index, term) for index, term in moment.open_terms if term.side == side]


def _owed(term: Term, cents: int) -> int:
    """Return an amount of a term as it is owed: what suppliers are owed is positive as well."""
    return cents if term.side == "receivable" else -cents


def _age(moment: Moment, term: Term) -> int:
    """Return the age group of a term, from 0."""
    since = term.due if moment.options.aging_by == "due" else term.day
    days = moment.day - since
    return next(group for group, (_, most) in enumerate(AGES) if most is None or days <= most)


def _list(side: Side) -> Callable[[Moment], Computed]:
    """Return what computes the list of what is open with customers, or with suppliers."""

    def computed(moment: Moment) -> Computed:
        found = _open(moment, side)
        shelf = moment.alive.shelf(TERMS)
        own = moment.options.open_items_currency == "invoice"

        def row(index: int) -> dict[str, Value]:
            place, term = found[index]
            stored = shelf.row(place)
            amount = _owed(term, term.foreign if own else term.cents) / 100
            told = {
                "HID": _FIRST_HID + place,
                "AccountCode": stored["AccountCode"],
                "AccountId": stored["Account"],
                "AccountName": stored["AccountName"],
                "Amount": amount,
                "AmountInTransit": amount if term.status in _IN_TRANSIT else 0.0,
                "CurrencyCode": stored["Currency"] if own else moment.currency,
                "Description": stored["Description"],
                "DueDate": stored["DueDate"],
                "EntryNumber": stored["EntryNumber"],
                "Id": stored["ID"],
                "InvoiceDate": stored["InvoiceDate"],
                "InvoiceNumber": stored["InvoiceNumber"],
                "JournalCode": stored["Journal"],
                "JournalDescription": stored["JournalDescription"],
                "Notes": None,
                "YourRef": stored["YourRef"],
            }
            return told | ({"ApprovalStatus": stored["ApprovalStatus"]} if side == "payable" else {})

        return Computed([_FIRST_HID + place for place, _ in found], row)

    return computed


def _by_relation(side: Side) -> Callable[[Moment], Computed]:
    """Return what computes how old the debts of each customer are, or those to each supplier."""

    def computed(moment: Moment) -> Computed:
        amounts: dict[int, list[int]] = {}
        for _, term in _open(moment, side):
            if term.relation is not None:
                ages = amounts.setdefault(term.relation, [0] * len(AGES))
                ages[_age(moment, term)] += _owed(term, term.cents)
        relations = sorted(amounts)
        shelf = moment.alive.shelf(ACCOUNTS)

        def row(index: int) -> dict[str, Value]:
            relation = shelf.row(relations[index])
            ages = amounts[relations[index]]
            told: dict[str, Value] = {}
            for nth, ((name, _), cents) in enumerate(zip(AGES, ages, strict=True), start=1):
                told |= {
                    f"AgeGroup{nth}": nth,
                    f"AgeGroup{nth}Amount": cents / 100,
                    f"AgeGroup{nth}Description": name,
                }
            return told | {
                "AccountId": shelf.identity(relations[index]),
                "AccountCode": relation["Code"],
                "AccountName": relation["Name"],
                "CurrencyCode": moment.currency,
                "TotalAmount": sum(ages) / 100,
            }

        return Computed([shelf.identity(relation) for relation in relations], row)

    return computed


def aging_overview(moment: Moment) -> Computed:
    """Return how old all debts are: one row for each age."""
    ages = {side: [0] * len(AGES) for side in _SIDES}
    for side in _SIDES:
        for _, term in _open(moment, side):
            ages[side][_age(moment, term)] += _owed(term, term.cents)
    return Computed(
        range(1, len(AGES) + 1),
        lambda i: {
            "AgeGroup": i + 1,
            "AgeGroupDescription": AGES[i][0],
            "AmountPayable": ages["payable"][i] / 100,
            "AmountReceivable": ages["receivable"][i] / 100,
            "CurrencyCode": moment.currency,
        },
    )


def outstanding(moment: Moment) -> Computed:
    """Return how much is open, and how much of it is overdue."""
    told: dict[str, Value] = {"CurrencyCode": moment.currency}
    for side, name in _SIDES.items():
        terms = [term for _, term in _open(moment, side)]
        for word, chosen in (
            ("Outstanding", terms),
            ("Overdue", [term for term in terms if term.due < moment.day]),
        ):
            told[f"{word}{name}InvoiceAmount"] = sum(_owed(term, term.cents) for term in chosen) / 100
            told[f"{word}{name}InvoiceCount"] = float(len({(term.entry, term.number) for term in chosen}))
    return Computed([moment.currency], lambda _: dict(told))


_SIDES: Mapping[Side, str] = {"receivable": "Receivable", "payable": "Payable"}

MAKERS: Mapping[str, Callable[[Moment], Computed]] = {
    "read/financial/ReceivablesList": _list("receivable"),
    "read/financial/PayablesList": _list("payable"),
    "read/financial/AgingReceivablesList": _by_relation("receivable"),
    "read/financial/AgingPayablesList": _by_relation("payable"),
    "read/financial/AgingOverview": aging_overview,
    "read/financial/OutstandingInvoicesOverview": outstanding,
}
