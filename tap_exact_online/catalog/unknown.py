"""Names that somebody selected and that do not exist: in the rules that Meltano was told, and in a catalog. Pure.

Meltano passes over a rule that meets nothing, and the rest is read as if all were well. A field that Exact withdraws stays in our
table of facts, marked as absent, so an update of the tap makes no rule and no catalog unknown by that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache

from tap_exact_online.catalog.chosen import Entry, Pattern, Told
from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.catalog.schemas import schema_of
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import spoken

_SHOWN = 60
_MOST = 10
"""So many names are told: of somebody else's catalog all of them are unknown."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a catalog selects and this tap does not have.

    Attributes:
        streams: Streams.
        fields: Fields that the catalog's own schema does not have either, by stream: somebody has mistyped them.
        former: Fields that its schema has, by stream: another version of the tap had them.
    """

    streams: Sequence[str]
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    former: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse what was mistyped.

        Raises:
            ConfigurationError: Streams or fields do not exist; the message says which ones may be meant.
        """
        if names := [*(_stream(name) for name in self.streams), *_each(self.fields)]:
            msg = (
                f"The catalog selects what this tap does not have: {_together(names)}. Nothing was read. Correct it, or make the catalog"
                " anew (`meltano run --refresh-catalog`, or --discover)."
            )
            raise ConfigurationError(msg)

    @property
    def warnings(self) -> Sequence[str]:
        """What is left out though it is selected, in words."""
        return [*self._warnings()]

    def _warnings(self) -> Iterator[str]:
        if self.former:
            yield (
                "The catalog was made by another version of this tap, and selects fields that this one does not have:"
                f" {_together(_each(self.former))}. They are left out, and stay in your tables as they are; everything else is read. Make"
                " the catalog anew (`meltano run --refresh-catalog`, or --discover)."
            )


def unknown_in(catalog: Mapping[str, Entry]) -> Unknown:
    """Return what a catalog selects and this tap does not have."""
    streams = sorted(name for name, entry in catalog.items() if entry.selected and name not in BY_NAME)
    fields: dict[str, list[str]] = {}
    former: dict[str, list[str]] = {}
    for stream, entry in catalog.items():
        if entry.selected and stream in BY_NAME:
            for name in sorted(entry.asked - _fields(stream)):
                (former if name in entry.columns else fields).setdefault(stream, []).append(name)
    return Unknown(streams, fields, former)


def check_rules(told: Told) -> Sequence[str]:
    """Look whether the rules that Meltano was told meet anything.

    Returns:
        Warnings: rules that exclude what there is not.

    Raises:
        ConfigurationError: Rules select what there is not; the message says what may be meant.
    """
    rules = [*told.select, *told.filters, *told.metadata]
    if wrong := [*_meeting_nothing(rule for rule in rules if rule.value)]:
        msg = (
            f"The selection names what this tap does not have: {_together(wrong)}. Nothing was read. Correct it where it stands: in"
            " `select` of `meltano.yml`, in TAP_EXACT_ONLINE__SELECT, or on the command line. If an earlier version of the tap had"
            " it, take it out (`meltano select --remove`): what was loaded stays in your tables."
        )
        raise ConfigurationError(msg)
    idle = [*_meeting_nothing(rule for rule in rules if not rule.value)]
    return [*_warnings(idle)]


def _warnings(names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"The selection excludes what this tap does not have, so that nothing is left out by it: {_together(names)}."


def suggested(name: str, known: Collection[str], before: str = "") -> str:
    """Return a name for a message, with the one that may be meant.

    Args:
        name: The name.
        known: Those that there are.
        before: What stands in front of both.
    """
    by_letters = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), by_letters, 1)
    meant = f" (did you mean `{before}{by_letters[near[0]]}`?)" if near else ""
    return f"`{spoken(before + name, _SHOWN)}`{meant}"


def _meeting_nothing(rules: Iterable[Pattern]) -> Iterator[str]:
    told = set()
    for rule in rules:
        streams = [name for name in BY_NAME if rule.meets(name)]
        if not streams:
            text = _stream(rule.stream)
        elif rule.field.strip("*") and not any(_has(stream, rule.field) for stream in streams):
            text = _field(rule.stream, rule.field, streams)
        else:
            continue
        if text not in told:
            told.add(text)
            yield text


def _has(stream: str, pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in _fields(stream))


def _stream(name: str) -> str:
    return f"the stream {suggested(name, BY_NAME)}"


def _field(stream: str, name: str, streams: Sequence[str]) -> str:
    known = _fields(streams[0]) if len(streams) == 1 else ()
    return f"the field {suggested(name, known, f'{stream}.')}"


def _each(fields: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for stream, names in fields.items():
        yield from (_field(stream, name, [stream]) for name in names)


def _together(texts: Iterable[str]) -> str:
    listed = [*texts]
    more = f" and {len(listed) - _MOST:,} more" if len(listed) > _MOST else ""
    return f"{', '.join(listed[:_MOST])}{more}"


@cache
def _fields(stream: str) -> frozenset[str]:
    return frozenset(schema_of(BY_NAME[stream])["properties"])
