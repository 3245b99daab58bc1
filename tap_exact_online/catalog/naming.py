"""What the columns of a table are called: as Exact does, or in the way of databases. Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping

# Between two words: `AmountDC` is amount, DC; `GLAccount` GL, account. Words in capitals that meet are told apart where the first
# of them is known: `AmountVATFC`.
_SEAM = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=VAT)(?=[A-Z])")
_ODD: Mapping[str, str] = {
    "CustomerPOnumber": "customer_po_number",
    "EMail": "email",
    "GLAP": "gl_ap",
    "GLAR": "gl_ar",
}


def snake(name: str) -> str:
    """Return a name in lower case, with `_` between its words; one that is in lower case stays as it is."""
    return _ODD.get(name) or _SEAM.sub("_", name).lower()


class ColumnNames(enum.Enum):
    """What columns are called: the setting `column_names`."""

    EXACT = "exact"
    SNAKE = "snake_case"

    def of(self, name: str) -> str:
        """Return what the column of a field is called."""
        return snake(name) if self is ColumnNames.SNAKE else name
