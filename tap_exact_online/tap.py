"""What the SDK asks of a tap. What a run does stands in `run`, what the command line says of failures in `command`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

from singer_sdk import Stream
from singer_sdk.singerlib import Catalog, CatalogEntry, MetadataMapping, Schema
from typing_extensions import override

from tap_exact_online import settings as _settings
from tap_exact_online.catalog import (
    BY_NAME,
    FILES,
    READS,
    STREAMS,
    Chosen,
    Entry,
    Personal,
    Resource,
    Told,
    Unknown,
    check_rules,
    chosen,
    forget_words,
    schema_of,
    treated,
    unknown_in,
)
from tap_exact_online.command import CommandTap
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.run import Run
from tap_exact_online.spoken import spoken
from tap_exact_online.state import BELONGS_TO, COLUMN_NAMES, check_state
from tap_exact_online.streams import ExactStream, stream_of


class TapExactOnline(CommandTap):
    """Extracts everything that Exact Online lets be read, as typed streams, from every division that is granted."""

    name = "tap-exact-online"
    package_name = "tap-exact-online"
    config_jsonschema = _settings.config_jsonschema()

    @cached_property
    def exact(self) -> Run:
        """The run that this tap is for."""
        return Run(self)

    @override
    def discover_streams(self) -> Sequence[ExactStream]:
        """Make one stream for each row of the catalog, in a run for each that is needed. Needs no connection."""
        made = [stream_of(self, self.exact, resource) for resource in STREAMS if self._needs(resource)]
        forget_words()
        return made

    @property
    @override
    def streams(self) -> dict[str, Stream]:
        """The streams, in the order in which they are read: the SDK goes by name, and what tells of reads comes last."""
        found = super().streams
        if READS in found and next(reversed(found)) != READS:
            found[READS] = found.pop(READS)
        return found

    def _needs(self, resource: Resource) -> bool:
        if not self.only_selected or resource.name == "divisions":
            return True
        if self.input_catalog is None:
            return resource.selected
        entry = self.input_catalog.get_stream(resource.name)
        return entry is not None and is_selected(entry)

    @property
    @override
    def catalog(self) -> Catalog:
        """The catalog of the streams there are: the SDK copies all of it several times."""
        if self._catalog is None and self.input_catalog is not None:
            self._catalog = Catalog(
                (name, self.input_catalog[name]) for name in self.streams if name in self.input_catalog
            )
        return super().catalog

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        """Take a state that is ours; refuse one that is not, before anything is read."""
        for name in check_state(state):
            self.logger.warning(
                "The state knows a stream '%s' that this version does not have; it is kept.", spoken(name, 60)
            )
        super().load_state(state)
        taken: dict[str, Any] = self.state  # type: ignore[assignment]  # with words beside the bookmarks
        # The SDK takes the bookmarks only.
        taken |= {word: state[word] for word in (BELONGS_TO, COLUMN_NAMES) if word in state}

    @classmethod
    @override
    def _from_command_line(cls, config: Any, state: Any = None, catalog: Any = None) -> Self:
        # Where Meltano does not run the tap, nobody makes a catalog of the rules that are given.
        if catalog is None and (told := Told.of(os.environ)) is not None:
            catalog = cls(config=config.config if config else {}, setup_mapper=False).catalog_dict
            mark(catalog, told.entries())
        return super()._from_command_line(config, state, catalog)

    @override
    def choose(self) -> None:
        """Take of the catalog what the user chose, and say what is not read that it selects."""
        catalog = self.input_catalog
        if catalog is None:
            return
        found, unknown, warnings = choice(
            catalog, os.environ, everything=self.exact.settings.select_everything
        )
        for name, former in unknown.former.items():
            for field in former:
                catalog[name].metadata["properties", field].selected = False
        for name, selected in found.streams.items():
            catalog[name].metadata.root.selected = selected
        for name, fields in found.fields.items():
            for field, selected in fields.items():
                catalog[name].metadata["properties", field].selected = selected
        for line in warnings:
            self.logger.warning("%s", line)
        protect(catalog, self.exact.settings.personal)

    @override
    def check(self) -> None:
        """Check settings, catalog and state, before anything is sent."""
        filing = self.exact.filing
        self.exact.own(os.environ)
        wanting = [
            each.name for each in FILES if each.name in self.streams and self.streams[each.name].selected
        ]
        if wanting and filing is None:
            msg = (
                f"`files` is not set, but {' and '.join(wanting)} cannot be read without: name the folder or bucket where the files"
                " are to go, or deselect the stream."
            )
            raise ConfigurationError(msg)
        if not any(stream.selected for stream in self.streams.values()):
            msg = (
                "Nothing is selected, so nothing would be read. Under Meltano select streams with"
                " `meltano select tap-exact-online accounts '*'`, or in `meltano.yml` under `select`;"
                ' elsewhere with `"selected": true` in the catalog.'
            )
            raise ConfigurationError(msg)

    @override
    def read(self) -> bool:
        if self.exact.settings.schemas_only:
            self.exact.tell_schemas()
            return True
        self.exact.read()
        return self.exact.whole

    @property
    @override
    def has_skipped(self) -> bool:
        return bool(self.exact.report.skipped)

    @override
    def test(self) -> None:
        self.exact.test()


def choice(
    catalog: Catalog, environment: Mapping[str, str], *, everything: bool
) -> tuple[Chosen, Unknown, Sequence[str]]:
    """Return what is read of a catalog, what of it is not known here, and warnings.

    Args:
        catalog: The catalog.
        environment: The environment, in which Meltano says what it was told.
        everything: A catalog that selects everything is meant.

    Raises:
        ConfigurationError: It selects what there is not.
    """
    said, told = entries(catalog), Told.of(environment)
    found = chosen(said, told, everything=everything)
    rules = check_rules(told) if told is not None and told.fits(said) else ()
    unknown = Unknown(()) if found.nothing else unknown_in(said)
    unknown.check()
    return found, unknown, (*unknown.warnings, *rules, *found.warnings)


def mark(catalog: dict[str, Any], selected: Mapping[str, Entry]) -> None:
    """Let a catalog say which streams and fields are selected.

    Args:
        catalog: The catalog, which is changed.
        selected: What is selected, by stream.
    """
    for stream in catalog["streams"]:
        entry = selected[stream["tap_stream_id"]]
        for each in stream["metadata"]:
            *_, name = each["breadcrumb"] or ("",)
            each["metadata"]["selected"] = entry.fields.get(name) if name else entry.selected


def entries(catalog: Catalog) -> dict[str, Entry]:
    """Return what a catalog says of each stream."""
    return {name: _entry(entry) for name, entry in catalog.items()}


def _entry(entry: CatalogEntry) -> Entry:
    said = {crumb[1]: each.selected for crumb, each in entry.metadata.items() if len(crumb) == _OF_A_FIELD}
    if not is_selected(entry):
        return Entry(selected=False, fields=said)
    resolved = entry.metadata.resolve_selection()
    asked = frozenset(crumb[1] for crumb, asked in resolved.items() if asked and len(crumb) == _OF_A_FIELD)
    return Entry(selected=True, fields=said, asked=asked, columns=frozenset(entry.schema.properties or ()))


_OF_A_FIELD = 2
"""Parts of the place of a field in a catalog, `properties` and its name; more are a part of one."""


def protect(catalog: Catalog, personal: Personal) -> None:
    """Let a catalog, which may have been made with another setting, say what becomes of the fields that tell of a person."""
    if personal is Personal.KEEP:
        return
    for name, entry in catalog.items():
        if name not in BY_NAME or not is_selected(entry):
            continue
        resource = BY_NAME[name]
        columns, becomes = schema_of(resource, personal)["properties"], treated(resource, personal)
        given = entry.schema.properties or {}
        for field in becomes.dropped:
            entry.metadata["properties", field].selected = False
        for field in becomes.hashed & given.keys():
            given[field] = Schema.from_dict(columns[field])


def is_selected(entry: CatalogEntry) -> bool:
    """Tell whether a catalog selects a stream, without looking at its fields."""
    return MetadataMapping({(): entry.metadata.root}).resolve_selection().get((), False)
