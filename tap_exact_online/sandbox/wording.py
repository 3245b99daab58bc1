"""The words in which Exact refuses a call, and the names that it gives to the types of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tap_exact_online import edm
from tap_exact_online.sandbox.options import Options

_MODELS = "Exact.Web.Api.Models"
_MOST_FIELDS = 70  # of those that a refusal for a missing filter lists

# Where the folder of a path, or a whole path, does not tell the namespace of its type. Some types have none.
_NAMESPACES: Mapping[str, str] = {
    "crm": "",
    "sync/financial/glaccounts": "",
    "salesorder": "SalesOrders",
    "financialtransaction": "FinancialTransaction",
    "purchaseentry": "PurchaseEntry",
    "salesentry": "SalesEntry",
    "hrm": "HRM",
    "vat": "VAT",
}
_SINGULAR = (("ies", "y"), ("sses", "ss"), ("s", ""))

_UNKNOWN_PROPERTY: Mapping[str, str] = {
    "sync": "Type '{refused}' does not have a property named '{name}'.",
    "odata": "Could not find a property named '{name}' on type '{refused}'.",
    "write": "The property name '{name}' specified for type '{type}' is not valid.",
    "silent": "Bad Request",
}
_REFUSED_FILTER: Mapping[str, str] = {
    "fields": "Filtering on these fields is not supported: {names}",
    "resource": "This $filter parameter is not supported for this resource",
}


def type_name(endpoint: edm.Endpoint) -> str:
    """Return the name of an endpoint's row type, as `__metadata` gives it: singular, with a namespace.

    `sync/CRM/Accounts` has `Exact.Web.Api.Models.Account`, `system/Divisions` has `Exact.Web.Api.Models.System.Division`.
    """
    *_, folder, plural = endpoint.path.split("/")
    by_folder = _NAMESPACES.get(folder.lower(), folder[:1].upper() + folder[1:])
    space = _NAMESPACES.get(endpoint.path.lower(), by_folder)
    return ".".join(part for part in (_MODELS, space, _singular(plural)) if part)


def _singular(plural: str) -> str:
    for ending, instead in _SINGULAR:
        if plural.endswith(ending):
            return plural.removesuffix(ending) + instead
    return plural


def unknown_property(name: str, endpoint: edm.Endpoint, options: Options) -> str:
    """Say that a selected property does not exist. A Sync endpoint names a type of its own: `...GLAccountSync`."""
    known = type_name(endpoint)
    refused = f"{known}Sync" if endpoint.path.startswith("sync/") else known
    return _UNKNOWN_PROPERTY[options.unknown_property].format(name=name, type=known, refused=refused)


def mandatory_filter(names: Iterable[str]) -> str:
    """Say that a filter is missing, and which fields it may be on: none of them is at fault."""
    return (
        "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter parameter"
        f" with one of the following fields in the url:{','.join(list(names)[:_MOST_FIELDS])}"
    )


def refused_filter(names: Iterable[str], options: Options) -> str:
    """Say that an endpoint does not filter on these fields."""
    return _REFUSED_FILTER[options.filter_refusal].format(names=",".join(names))
