"""What is asked for: the fields that the user selected, without those that Exact does not know (any more)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from msgspec import UNSET
from singer_sdk import Tap
from singer_sdk.singerlib import Catalog, MetadataMapping
from typing_extensions import override

from tap_exact_online import edm
from tap_exact_online.catalog import (
    ColumnNames,
    Resource,
    needed,
    schema_of,
    selected_by_default,
    treated,
)
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.settings import column_names_of, personal_of
from tap_exact_online.spoken import spoken
from tap_exact_online.state import fields
from tap_exact_online.streams.lending import Lender
from tap_exact_online.streams.pseudonyms import Pseudonyms
from tap_exact_online.streams.sdk import PageStream
from tap_exact_online.wire import Selection, compiled


class SelectingStream(PageStream):
    """A stream of one endpoint that knows what to ask of it."""

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog.

        Args:
            tap: The tap, as the SDK knows it.
            lender: What the stream reads with; not used before the first row is asked for.
            resource: The row of the catalog.
        """
        self.resource = resource
        self.exact = lender
        self.withdrawn: set[str] = set()
        """What Exact has refused."""
        self._selection: Selection | None = None
        self._asks_for = ""
        self._names_asked: frozenset[str] | None = None
        self.selected_by_default = resource.selected
        personal = personal_of(tap.config)
        # In whose place a hash is written, and what is not written at all.
        self.hashed, self.dropped = treated(resource, personal)
        super().__init__(tap=tap, name=resource.name, schema=schema_of(resource, personal))
        self.primary_keys = resource.primary_keys
        self.replication_key = resource.replication_key

    @property
    @override
    def metadata(self) -> MetadataMapping:
        """The catalog's metadata; what is heavy, withdrawn or nobody's business is not selected by default."""
        fresh = self._metadata is None and self._tap_input_catalog is None
        mapping = super().metadata
        if fresh:
            always = needed(self.resource)
            for name, fact in self.resource.endpoint.properties.items():
                if name not in always | self.dropped:
                    mapping["properties", name].selected_by_default = selected_by_default(self.resource, fact)
        return mapping

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take the user's selection, but neither fields nor keys that Exact does not have."""
        super().apply_catalog(catalog)
        entry = catalog.get_stream(self.name)
        if entry is None:
            return
        unknown = sorted(
            breadcrumb[1]
            for breadcrumb, selected in entry.metadata.resolve_selection().items()
            if selected and len(breadcrumb) == 2 and breadcrumb[1] not in self.schema["properties"]  # noqa: PLR2004
        )
        if unknown and self.selected:
            msg = (
                f"The catalog selects fields that the stream '{self.name}' does not have: {spoken(', '.join(unknown))}."
                " Make the catalog anew (`meltano run --refresh-catalog`, or --discover) or deselect them."
            )
            raise ConfigurationError(msg)
        self.primary_keys = self.resource.primary_keys

    @property
    def fields(self) -> list[edm.Property]:
        """The properties to ask for: the selected ones, the keys, and what the reading rests on."""
        always = needed(self.resource)
        return [
            fact
            for name, fact in self.resource.endpoint.properties.items()
            if name in always or (self._chosen(name) and name not in self.withdrawn)
        ]

    def _chosen(self, name: str) -> bool:
        return self.selected and name not in self.dropped and bool(self.mask.get(("properties", name), False))

    @cached_property
    @override
    def column_names(self) -> Mapping[str, str]:
        names = column_names_of(self.config)
        known = {*self.schema["properties"], *self.resource.endpoint.properties}
        return {} if names is ColumnNames.EXACT else {name: names.of(name) for name in known}

    @cached_property
    def _pseudonyms(self) -> Pseudonyms:
        return Pseudonyms(self.exact.settings.salt)

    @override
    def protect(self, records: list[Any]) -> None:
        names = type(records[0]).__struct_fields__ if self.hashed or self.dropped else ()
        if self.hashed:
            self._pseudonyms.replace(records, [name for name in names if name in self.hashed])
        for name in self.dropped.intersection(names):  # a read may need it all the same
            for record in records:
                setattr(record, name, UNSET)

    def as_held(self, facts: Iterable[edm.Property]) -> Iterable[str]:
        """Return the fields as the state knows them: what is hashed with another salt, or is no longer, is another field."""
        for fact in facts:
            yield fields.hashed(fact.name, self._pseudonyms.mark) if fact.name in self.hashed else fact.name

    @property
    def selection(self) -> Selection:
        """What to ask for, compiled once."""
        if self._selection is None:
            self._selection = self.compiled(self.fields)
        return self._selection

    @property
    def asks_for(self) -> str:
        """A fingerprint of the fields that are asked for, made once: every division asks for it."""
        if not self._asks_for:
            self._asks_for = fields.fingerprint(self.as_held(self.fields))
        return self._asks_for

    @property
    def names(self) -> frozenset[str]:
        """The fields that are asked for, as the state knows them, made once."""
        if self._names_asked is None:
            self._names_asked = frozenset(self.as_held(self.fields))
        return self._names_asked

    def compiled(self, facts: Iterable[edm.Property]) -> Selection:
        """Compile what to ask for, of these fields."""
        known = self.resource.endpoint.properties
        added = tuple(name for name in self.schema["properties"] if name not in known)
        lacks = frozenset(name for name in self.withdrawn if self._chosen(name))
        return compiled(tuple(facts), self.resource.keys[0], added, self.identity, lacks)

    @property
    def identity(self) -> tuple[str, ...]:
        """The properties without which a row is none."""
        return self.resource.identity

    def leave_out(self, names: Iterable[str]) -> None:
        """Go on without fields that Exact does not know, in this run and, for a day, in the next ones."""
        # Another division may have been told the same at the same time.
        if new := {*names} - self.withdrawn:
            self._do_without(new)
            now = self.exact.client.clock()
            known = fields.withdrawn(self.of_all(fields.WITHDRAWN), now)
            self.keep_of_all(fields.WITHDRAWN, {**known, **dict.fromkeys(new, int(now))})
            self.exact.report.withdrawn(self.name, new)

    def _do_without(self, names: Iterable[str]) -> None:
        """Ask for these fields no more."""
        self.withdrawn |= {*names}
        self._selection, self._asks_for, self._names_asked = None, "", None

    @override
    def prepare(self) -> None:
        """Leave out from the beginning what an earlier run of this day was refused."""
        if self.of_all(fields.WITHDRAWN) is None:
            return
        before = fields.withdrawn(self.of_all(fields.WITHDRAWN), self.exact.client.clock())
        known = {name for name in before if name in self.resource.endpoint.properties}
        if known := known - needed(self.resource):
            self._do_without(known)
            if chosen := frozenset(name for name in known if self._chosen(name)):
                self.exact.report.withdrawn(self.name, chosen)
                self.begin_without(chosen)
