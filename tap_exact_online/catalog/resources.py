"""All streams: those of the table and those that the tap makes itself, by name and by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from tap_exact_online.catalog.own import CODE_LISTS, READS
from tap_exact_online.catalog.resource import Cadence, Kind, Resource
from tap_exact_online.catalog.table import TABLE
from tap_exact_online.errors import ConfigurationError, joined
from tap_exact_online.spoken import spoken

__all__ = [
    "BY_NAME",
    "GROUPS",
    "OWN",
    "RESOURCES",
    "STREAMS",
    "Cadence",
    "Kind",
    "Resource",
    "check_streams",
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

FILES: tuple[Resource, ...] = (
    Resource("document_attachment_files", "sync/Documents/DocumentAttachments", group="documents"),
    Resource("item_pictures", "sync/Logistics/Items", group="items"),
)
"""The streams of files that rows name; what each goes by is in `filed.py`."""

STREAMS: tuple[Resource, ...] = (*RESOURCES, *FILES, *OWN)
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


def check_streams(names: Iterable[str], where: str) -> None:
    """Refuse names of streams that do not exist.

    Args:
        names: The names.
        where: What they were read from, for the message, for example "`cadence`: ".

    Raises:
        ConfigurationError: There is no such stream; the message says which one may be meant.
    """
    if unknown := sorted({*names} - BY_NAME.keys()):
        near = get_close_matches(unknown[0], BY_NAME, 1)
        msg = joined(
            f"{where}there is no stream '{spoken(unknown[0], 60)}'.",
            f"Did you mean '{near[0]}'?" if near else "",
        )
        raise ConfigurationError(msg)


def stream_of_deleted(entity_type: int | None) -> str | None:
    """Return the stream whose rows a deleted-log number stands for.

    None where the number is unknown, and for 8: sales and purchase prices share it, so the log alone cannot tell.
    """
    names = [resource.name for resource in RESOURCES if resource.deleted_type == entity_type is not None]
    return names[0] if len(names) == 1 else None
