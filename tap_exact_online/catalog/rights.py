"""What a user has to be allowed in Exact Online before a stream can be read, in the words of Exact's menus.

Two layers apply: the scopes of the app registration (`scope` in the endpoint's facts), and the rights of the user
who connected. Exact documents the second for a few endpoints only.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from tap_exact_online.catalog.resources import Resource
from tap_exact_online.errors import Denied, Refused

MENU = "Master data > Users > user > Grant rights"
MENU_DUTCH = "Stamgegevens > Overzicht | Gebruikers > Gebruiker > Rechten toekennen"
WHERE_RIGHTS = f"{MENU} (Dutch: {MENU_DUTCH})"
WHERE_SCOPES = "the app registration in the Exact Online App Centre, then connect again"

RIGHTS: Mapping[str, str] = {
    "sync/Documents/DocumentAttachments": "create, update and delete documents",
    "sync/CRM/Accounts": "view accounts",
    "hrm/Costcenters": "view financial master data",
    "financial/FinancialPeriods": "view financial master data",
    "sync/Financial/GLAccounts": "view financial master data",
    "sync/Financial/TransactionLines": "enter, modify and delete sales, purchase, general journal and cash entries",
    "sync/Cashflow/PaymentTerms": "view creditor reports and view debtor reports",
    "sync/Deleted": "enter, modify and delete requests",
}
"""The user's rights that an endpoint needs, where they are known."""

RIGHTS_DUTCH: Mapping[str, str] = {
    "create, update and delete documents": "documenten aanmaken, wijzigen en verwijderen",
    "view accounts": "relaties inzien",
    "view financial master data": "financiële stamgegevens inzien",
    "enter, modify and delete sales, purchase, general journal and cash entries": (
        "verkoop-, inkoop-, memoriaal- en kasboekingen invoeren, wijzigen en verwijderen"
    ),
    "view creditor reports and view debtor reports": "crediteurenrapporten en debiteurenrapporten inzien",
    "enter, modify and delete requests": "verzoeken invoeren, wijzigen en verwijderen",
}
"""The same rights in Dutch."""


def advice(resource: Resource, error: Exception) -> str:
    """Say what to do when a stream is denied or not there, where the refusal does not say it itself.

    Args:
        resource: The row of the catalog.
        error: Why the stream was not read.
    """
    if isinstance(error, Refused) and error.status == HTTPStatus.NOT_FOUND and resource.instead:
        return f"Exact does not have this endpoint here: select `{resource.instead}` instead of `{resource.name}`."
    if not isinstance(error, Denied) or error.whole_division or "lacks the scope" in str(error):
        return ""
    parts = []
    if scope := resource.endpoint.scope:
        parts.append(f"the scope '{scope}' in {WHERE_SCOPES}")
    right = RIGHTS.get(resource.path)
    parts.append(f"the user's right{f' to {right}' if right else 's'} under {WHERE_RIGHTS}")
    return f"Check {'; and '.join(parts)}."
