"""What the user chose, where the catalog alone does not tell.

Meltano selects every stream and every field where it was told nothing, and a pattern as `accounts.*` selects the fields that
nobody would want by accident. It passes on to the tap what it was told, so that the tap can tell a choice from none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tap_exact_online.catalog.personal import special
from tap_exact_online.catalog.resource import Resource
from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.catalog.schemas import schema_of, selected_by_default
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import spoken

_SELECT = "MELTANO_EXTRACT__SELECT"
_FILTER = "MELTANO_EXTRACT__SELECT_FILTER"
_METADATA = "MELTANO_EXTRACT__METADATA"
_CATALOG = "MELTANO_EXTRACT__CATALOG"
_OWN = "TAP_EXACT_ONLINE__SELECT"
"""What Meltano takes `select` from, too; where it does not run the tap, nobody else reads it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a catalog says of a stream.

    Attributes:
        selected: Whether the stream is selected.
        fields: What is said of its fields, by name: selected, not selected, or None where only the default is told.
        asked: The fields that this comes to.
        columns: The fields that the catalog's own schema has.
    """

    selected: bool
    fields: Mapping[str, bool | None] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pattern:
    """One thing that Meltano was told.

    Attributes:
        stream: Which streams, with wildcards.
        field: Which of their fields, with wildcards; empty for the stream alone.
        value: Whether that is selected.
    """

    stream: str
    field: str
    value: bool

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Read a pattern of `select` or `select_filter`: `accounts.Name`, `accounts`, `!accounts.*`."""
        stream, _, name = text.removeprefix("!").partition(".")
        return cls(stream, name.partition(".")[0] or "*", not text.startswith("!"))

    @property
    def everything(self) -> bool:
        """Whether it selects all there is, as Meltano does by itself."""
        return self.value and not self.stream.strip("*") and not self.field.strip("*")

    def meets(self, stream: str) -> bool:
        """Tell whether it is about a stream."""
        return fnmatchcase(stream, self.stream)

    def covers(self, name: str) -> bool:
        """Tell whether it is about a field, or about the stream alone where there is no name."""
        return fnmatchcase(name, self.field) if name else not self.field

    def names(self, stream: str, name: str) -> bool:
        """Tell whether it selects a field by the field's own name."""
        return self.value and self.field == name and self.meets(stream)


@dataclass(frozen=True, slots=True)
class Told:
    """What Meltano was told, as it passes it on to the tap.

    Attributes:
        select: The patterns of `select`.
        filters: Those of `select_filter`, for one run.
        metadata: What the extra `metadata` says of `selected`.
    """

    select: Sequence[Pattern]
    filters: Sequence[Pattern] = ()
    metadata: Sequence[Pattern] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Told | None:
        """Read it from the environment of the tap; None where Meltano told nothing or had no say.

        It has none over a catalog of the user's own (its extra `catalog`). Where Meltano does not run the tap, the rules count that
        it would have read.

        Raises:
            ConfigurationError: A variable does not hold what belongs there.
        """
        if environment.get(_CATALOG):
            return None
        if _SELECT not in environment:
            return cls.by(_rules(text)) if (text := environment.get(_OWN)) else None
        select, filters = (
            tuple(map(Pattern.parse, _json(environment, name, list))) for name in (_SELECT, _FILTER)
        )
        return cls(select, filters, tuple(_selections(_json(environment, _METADATA, dict))))

    @classmethod
    def by(cls, rules: Iterable[str]) -> Told:
        """Return what rules of `select` say."""
        return cls(tuple(map(Pattern.parse, rules)))

    @property
    def nothing(self) -> bool:
        """Whether `select` is what Meltano takes where it was told nothing."""
        return bool(self.select) and all(pattern.everything for pattern in self.select)

    def fits(self, catalog: Mapping[str, Entry]) -> bool:
        """Tell whether a catalog selects those streams that Meltano would select: otherwise it is not Meltano's."""
        return all(self.takes(name) is entry.selected for name, entry in catalog.items())

    def entries(self) -> dict[str, Entry]:
        """Return the catalog that Meltano makes of it: a field is selected that a pattern meets, and none leaves out."""
        return {
            name: Entry(self.takes(name), {each: self._takes_field(name, each) for each in _columns(name)})
            for name in BY_NAME
        }

    def _takes_field(self, stream: str, name: str) -> bool:
        met = [each for each in self.select if each.meets(stream) and each.covers(name)]
        taken = any(each.value for each in met) and all(each.value for each in met)
        return self.of_metadata(stream, name, otherwise=taken)

    def takes(self, stream: str) -> bool:
        """Tell whether Meltano selects a stream."""
        met = [pattern for pattern in self.select if pattern.meets(stream)]
        taken = any(pattern.value for pattern in met)
        taken = taken and all(pattern.value or pattern.field != "*" for pattern in met)
        return self.of_metadata(stream, "", otherwise=taken) and not self.filtered_out(stream)

    def filtered_out(self, stream: str) -> bool:
        """Tell whether `select_filter` leaves a stream out."""
        left_out = any(each.meets(stream) for each in self.filters if not each.value)
        return left_out or (self.one_by_one and not self.picked(stream))

    @property
    def one_by_one(self) -> bool:
        """Whether `select_filter` says which streams to read, and not only which to leave out."""
        return any(pattern.value for pattern in self.filters)

    def picked(self, stream: str) -> bool:
        """Tell whether `select_filter` says to read a stream."""
        return any(pattern.value and pattern.meets(stream) for pattern in self.filters)

    def of_metadata(self, stream: str, name: str, *, otherwise: bool) -> bool:
        """Return what the extra `metadata` says of a stream or one of its fields; the last word counts."""
        said = [each.value for each in self.metadata if each.meets(stream) and each.covers(name)]
        return said[-1] if said else otherwise

    def names(self, stream: str, name: str) -> bool:
        """Tell whether a field is named, rather than met by a pattern."""
        return any(each.names(stream, name) for each in (*self.select, *self.metadata))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is read of what a catalog selects.

    Attributes:
        streams: Whether a stream is read, by name.
        fields: Whether a field is read, by stream and name, where the catalog does not say so.
        nothing: Nothing was chosen, so what is on by default is read.
        unnamed: The special personal fields that are selected, but not by their name, and so are not read.
    """

    streams: Mapping[str, bool]
    fields: Mapping[str, Mapping[str, bool]]
    nothing: bool = False
    unnamed: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def warnings(self) -> Sequence[str]:
        """What the catalog selects and is not read, in words, with how to choose it."""
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[str]:
        if self.nothing:
            read = ", ".join(name for name in BY_NAME if self.streams.get(name)) or "nothing"
            yield (
                "Nothing was chosen: that every stream is selected is what Meltano does then. What is read is, with the fields that"
                f" are on by default: {read}. Choose streams with `meltano select tap-exact-online accounts '*'`; to read every"
                " stream there is, set `select_everything`."
            )
        if self.unnamed:
            unnamed = ", ".join(
                f"{stream}.{name}" for stream, names in self.unnamed.items() for name in names
            )
            yield (
                "Special personal fields are read where they are named, not where a pattern meets them. Not read:"
                f" {unnamed}. Name those that you need, as in `meltano select tap-exact-online employees BirthDate`, and"
                " exclude the others."
            )


def chosen(catalog: Mapping[str, Entry], told: Told | None, *, everything: bool) -> Chosen:
    """Find out what the user chose.

    Args:
        catalog: What the catalog says, by stream.
        told: What Meltano was told, or None where it has no part in this.
        everything: A catalog that selects everything is meant.
    """
    if told is not None and not told.fits(catalog):
        told = None  # a catalog that somebody else made
    if not everything and (_all_of_it(catalog) if told is None else told.nothing):
        return _default(catalog, told or Told(()))
    fields: dict[str, dict[str, bool]] = {}
    unnamed: dict[str, list[str]] = {}
    for stream, entry in _read(catalog):
        for name in _special(stream):
            meant = entry.fields.get(name) is True
            if meant and (told is None or told.names(stream, name)):
                continue
            fields.setdefault(stream, {})[name] = False
            if meant:
                unnamed.setdefault(stream, []).append(name)
    return Chosen({name: entry.selected for name, entry in catalog.items()}, fields, unnamed=unnamed)


def patterns(resources: Sequence[Resource]) -> list[str]:
    """Return the patterns that select streams with the fields that are on by default.

    Meltano selects every field that `stream.*` meets, whatever the catalog says about its own defaults, so the fields that are
    off by default are taken out one by one.
    """
    left_out = [
        f"!{resource.name}.{fact.name}"
        for resource in resources
        for fact in resource.endpoint.properties.values()
        if not selected_by_default(resource, fact)
    ]
    return [*(f"{resource.name}.*" for resource in resources), *left_out]


def _all_of_it(catalog: Mapping[str, Entry]) -> bool:
    """Tell whether a catalog selects every stream of this tap and takes no field out of any.

    Nobody who knows them would choose that, and a tool that was told nothing does.
    """
    known = [catalog[name] for name in BY_NAME if name in catalog]
    whole = all(entry.selected and False not in entry.fields.values() for entry in known)
    return whole and len(known) == len(BY_NAME)


def _default(catalog: Mapping[str, Entry], told: Told) -> Chosen:
    """Return what is on by default, with what Meltano was told about single streams and fields."""
    streams: dict[str, bool] = {}
    for name in catalog:
        usual = name in BY_NAME and (told.picked(name) if told.one_by_one else BY_NAME[name].selected)
        streams[name] = told.of_metadata(name, "", otherwise=usual) and not told.filtered_out(name)
    fields = {}
    for stream in (name for name in streams if streams[name] and name in BY_NAME):
        usual_fields = _fields_by_default(stream)
        fields[stream] = {
            name: _of_metadata(told, stream, name, usual=usual_fields.get(name, False))
            for name in {**catalog[stream].fields, **usual_fields}
        }
    return Chosen(streams, fields, nothing=True)


def _of_metadata(told: Told, stream: str, name: str, *, usual: bool) -> bool:
    said = told.of_metadata(stream, name, otherwise=usual)
    return said and (name not in _special(stream) or told.names(stream, name))


def _fields_by_default(stream: str) -> Mapping[str, bool]:
    resource = BY_NAME[stream]
    facts = resource.endpoint.properties
    return {
        name: name not in facts or selected_by_default(resource, facts[name]) for name in _columns(stream)
    }


def _columns(stream: str) -> list[str]:
    return [*schema_of(BY_NAME[stream])["properties"]]


def _read(catalog: Mapping[str, Entry]) -> Iterator[tuple[str, Entry]]:
    yield from ((name, entry) for name, entry in catalog.items() if entry.selected and name in BY_NAME)


def _special(stream: str) -> Sequence[str]:
    resource = BY_NAME[stream]
    return [name for name in resource.endpoint.properties if special(resource.path, name)]


def _selections(metadata: Mapping[str, Any]) -> Iterator[Pattern]:
    """Yield what the extra `metadata` says of `selected`: of a stream, or one level deeper of a field."""
    for stream, facts in metadata.items():
        for name, value in facts.items() if isinstance(facts, dict) else ():
            if name == "selected":
                yield Pattern(stream, "", bool(value))
            elif isinstance(value, dict) and "selected" in value:
                yield Pattern(stream, name, bool(value["selected"]))


def _rules(text: str) -> list[str]:
    try:
        rules = json.loads(text)
    except (ValueError, RecursionError):
        rules = None
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        msg = f'TAP_EXACT_ONLINE__SELECT: \'{spoken(text)}\' is not a JSON list of rules, as ["journals.*", "accounts.Name"].'
        raise ConfigurationError(msg)
    return rules


def _json(environment: Mapping[str, str], variable: str, kind: type) -> Any:
    """Read a variable that Meltano sets."""
    value: Any
    try:
        value = json.loads(environment.get(variable) or json.dumps(kind()))
    except ValueError:
        value = None
    whole = isinstance(value, kind)
    if not whole or (kind is list and not all(isinstance(each, str) for each in value)):
        msg = (
            f"The variable {variable} does not hold what Meltano puts there. Unset it, if you set it yourself; otherwise this"
            " version of Meltano is not known to the tap: report it."
        )
        raise ConfigurationError(msg)
    return value
