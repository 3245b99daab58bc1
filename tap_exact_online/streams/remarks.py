"""What a person should know of a page, although its rows are rows. Pure."""

from __future__ import annotations

from msgspec import UNSET

from tap_exact_online.wire import Page, Selection

_LEFT_AS_IT_IS = (
    "What your table holds there was left as it is; read the stream anew once that is over, see `reread`."
)
_CONTROLS = "texts with raw control characters came twice in the same bytes, and were read as they are. Check them in your table."


def remarks_on(page: Page, selection: Selection) -> tuple[str, ...]:
    """Say what is odd about the rows of a page, although they are rows."""
    remarks = [_CONTROLS] if page.doubtful else []
    if page.partial:
        names = [
            fact.name
            for fact in selection.fields
            if any(getattr(record, fact.name) is UNSET for record in page.records)
        ]
        if names:
            remarks.append(f"{', '.join(names)}: asked for, but some rows came without. {_LEFT_AS_IT_IS}")
    return tuple(remarks)
