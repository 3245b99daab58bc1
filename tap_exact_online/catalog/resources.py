"""All streams: those of the table and those that the tap makes itself, by name and by group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tap_exact_online.catalog.own import CODE_LISTS, READS
from tap_exact_online.catalog.resource import Cadence, Kind, Resource
from tap_exact_online.catalog.table import TABLE

__all__ = [
    "BY_NAME",
    "GROUPS",
    "OWN",
    "RESOURCES",
    "STREAMS",
    "Cadence",
    "Kind",
    "Resource",
    "stream_of_deleted",
]

RESOURCES: tuple[Resource, ...] = tuple(
    replace(resource, group=group) for group, rows in TABLE.items() for resource in rows
)
"""The streams of an endpoint."""

OWN: tuple[Resource, ...] = (
    Resource(CODE_LISTS, "", key="Stream Field Code", group="settings"),
    Resource(READS, "", key="Stream Division", selected=True, group="settings"),
)
"""The streams that the tap makes itself."""

STREAMS: tuple[Resource, ...] = (*RESOURCES, *OWN)
"""All streams."""

BY_NAME: Mapping[str, Resource] = {resource.name: resource for resource in STREAMS}

GROUPS: Mapping[str, str] = {
    "settings": "Companies, users, and what the tap has to know of them",
    "ledger": "Entries, accounts, journals and periods",
    "finance": "Balances, budgets, VAT, currencies and assets",
    "cash_flow": "What is to be paid and received, and how old it is",
    "relations": "Customers, suppliers and other relations, and what happens with them",
    "documents": "Documents, their files, and mail",
    "sales": "Quotations, orders, invoices, deliveries and subscriptions",
    "purchase": "Purchase orders, invoices and receipts",
    "items": "Items and their prices",
    "stock": "Warehouses and what lies in them",
    "manufacturing": "What is made, of what, and on what",
    "projects": "Projects, time and costs",
    "people": "Employees, contracts, pay, leave and absence",
}
"""What the streams of a group are about."""


def stream_of_deleted(entity_type: int | None) -> str | None:
    """Return the stream whose rows a deleted-log number stands for.

    None where the number is unknown, and for 8: sales and purchase prices share it, so the log alone cannot tell.
    """
    names = [resource.name for resource in RESOURCES if resource.deleted_type == entity_type is not None]
    return names[0] if len(names) == 1 else None
