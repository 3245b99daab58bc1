"""What the documents are that files belong to: asked for by their keys, since an attachment does not say."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tap_exact_online import edm
from tap_exact_online.errors import Refused
from tap_exact_online.reading import Client
from tap_exact_online.wire import Need, Page, call_to, compiled

_PATH = "documents/Documents"
_FIELDS = ("ID", "Type", "Created")
AT_ONCE = 60
"""Documents in a call: a full page, in an address of 3,600 characters, of which 6,000 are allowed."""


@dataclass(slots=True)
class Documents:
    """Asks for documents by their keys.

    Attributes:
        client: What to ask with.
    """

    client: Client
    _one_by_one: bool = field(default=False, init=False)

    def find(self, division: int, keys: Iterable[str]) -> Generator[Need, Any, Mapping[str, Any]]:
        """Return the documents with these keys that there are, each with `Type` and `Created`: a conversation."""
        left, found = sorted(keys), {}
        while left:
            some = left[: 1 if self._one_by_one else AT_ONCE]
            try:
                page = yield from self._asked(division, some)
            except Refused as error:
                # That a filter may name several keys is the rule of OData, and not documented for each endpoint.
                if error.status != HTTPStatus.BAD_REQUEST or len(some) == 1:
                    raise
                self._one_by_one = True
                continue
            found.update({document.ID.lower(): document for document in page.records})
            left = left[len(some) :]
        return found

    def _asked(self, division: int, keys: Sequence[str]) -> Generator[Need, Any, Page]:
        endpoint = edm.load(_PATH)
        selection = compiled(tuple(endpoint.properties[name] for name in _FIELDS), "ID", (), ("ID",))
        options = selection.options(" or ".join(f"ID eq guid'{key}'" for key in keys))
        call = call_to(endpoint, self.client.base_url, division, options)
        return (yield from self.client.ask(call, selection.decoder.patient()))
