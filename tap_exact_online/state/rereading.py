"""What a run is told to read anew: its bookmarks are forgotten, and no others. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tap_exact_online.catalog import check_streams
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.state.bookmarks import forget
from tap_exact_online.surroundings import how_to


@dataclass(frozen=True, slots=True)
class Reread:
    """The setting `reread`.

    Attributes:
        streams: The streams to read anew; empty for all that the run reads.
        divisions: The divisions to read anew; empty for all that the run reads.
    """

    streams: frozenset[str] = frozenset()
    divisions: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Reread | None:
        """Read the setting, for example `{"streams": ["items"], "divisions": [123456]}`.

        Returns:
            What is named, or None where nothing is.

        Raises:
            ConfigurationError: It has another form, or names a stream that there is not.
        """
        streams, divisions = (_listed(value, name, kind) for name, kind in _LISTS.items())
        if unknown := sorted({*value} - {*_LISTS}):
            msg = f"`reread` knows {' and '.join(_LISTS)}, not {', '.join(unknown)}."
            raise ConfigurationError(msg)
        check_streams(streams, "`reread`: ")
        return cls(frozenset(streams), frozenset(divisions)) if streams or divisions else None

    def apply(
        self, state: Any, streams: Collection[str], divisions: Collection[int], others: Collection[int] = ()
    ) -> None:
        """Forget how far the run has read what it is told to read anew. What it does not read keeps its bookmarks.

        Args:
            state: The state of the tap, which is changed.
            streams: The streams that the run reads.
            divisions: The divisions that the run reads.
            others: Divisions that other runs of the same settings read: the other parts of `shard`.

        Raises:
            ConfigurationError: It names what is not read; the state is as it was.
        """
        if unread := sorted(self.streams - {*streams}):
            msg = f"`reread` names streams that are not selected: {', '.join(unread)}."
            raise ConfigurationError(msg)
        if gone := sorted(self.divisions - {*divisions, *others}):
            msg = (
                f"`reread` names divisions that are not read: {', '.join(map(str, gone))}. They are not granted to this app,"
                f" or the settings `divisions` and `exclude_divisions` leave them out; `{how_to('divisions')}` lists"
                " what is granted."
            )
            raise ConfigurationError(msg)
        forget(
            state, self.streams or streams, (self.divisions & {*divisions}) if self.divisions else divisions
        )


_LISTS: Mapping[str, type] = {"streams": str, "divisions": int}


def _listed(value: Mapping[str, Any], name: str, kind: type) -> list[Any]:
    """Return one of the lists; one that is missing or empty stands for all."""
    listed = value.get(name) or []
    if not isinstance(listed, list) or not all(type(each) is kind for each in listed):
        wanted = "names of streams" if kind is str else "numbers of divisions"
        msg = f'`reread`: \'{name}\' is no list of {wanted}, as in {{"streams": ["items"], "divisions": [123456]}}.'
        raise ConfigurationError(msg)
    return listed
