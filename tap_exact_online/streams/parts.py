"""Streams that have to be asked for in parts: one year, one scheme or one date at a time."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import Any

from singer_sdk import Tap
from typing_extensions import override

from tap_exact_online.catalog import Cadence, Resource
from tap_exact_online.errors import Denied, Refused
from tap_exact_online.state import is_due, parts
from tap_exact_online.streams import calendar
from tap_exact_online.streams.calendar import Value
from tap_exact_online.streams.lending import Condition, Lender, partition_of
from tap_exact_online.streams.sdk import Outgoing
from tap_exact_online.streams.stream import ExactStream
from tap_exact_online.wire import Need

_ALL, _TODAY, _BESIDE = "*", "today", "~"
_REFUSED, _BESIDE_REFUSED, _YEARS = "refused_parts", "refused_beside", "years"


class PartsStream(ExactStream):
    """A stream that is asked for part by part.

    Years that the company has closed are asked for once and then weekly, the others at each run. Where the parts are a filter,
    more of them ask for what lies beside all years, so that no row is missed that nobody thought of.
    """

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog."""
        self._names: dict[int, list[str]] = {}
        self._spoilt: set[tuple[int, str]] = set()
        super().__init__(tap, lender, resource)

    @property
    @override
    def goes_by(self) -> Sequence[str]:
        return (calendar.PERIODS, calendar.STATUSES, calendar.SCHEMES)

    @override
    def begin(self, division: int) -> Generator[Need, Any, Sequence[Condition]]:
        told = self.resource.endpoint.parameters
        if self.is_refused(_REFUSED):
            # What cannot be asked for is not gone: no read is whole without it.
            self._names[division] = [_TODAY, _BESIDE] if told else [_ALL]
            return [Condition(part=_TODAY if told else _ALL, whole=not told)]
        axes = yield from self._axes(division)
        if not told and not all(axes):
            self._names[division] = [_ALL]
            return [Condition(part=_ALL)]
        conditions, all_parts = {}, []
        for values in product(*axes):
            name = " ".join(each.name for each in values)
            conditions[name] = self._condition(name, values)
            all_parts.append(parts.Part(name, settled=all(each.settled for each in values)))
        unasked = not told and self.is_refused(_BESIDE_REFUSED)
        if not told and not unasked:
            known = [int(each.literal) for each in axes[0]]
            for name, text in calendar.beside(self.resource.axes[0], known).items():
                conditions[name] = Condition(text, part=name)
                all_parts.append(parts.Part(name, settled=True))
        names = [part.name for part in all_parts]
        self._names[division] = [*names, _BESIDE] if unasked else names
        partition = partition_of(division)
        noted = parts.without_gone(self.note(partition, parts.PARTS), names)
        self.keep_note(partition, parts.PARTS, noted)
        wanted = parts.due(all_parts, noted, self.asks_for, self.exact.client.clock())
        if not all_parts:
            self.reckoning.asked(division, (), whole=True)
        whole = len(wanted) == len(names) and not unasked
        return [replace(conditions[name], whole=whole) for name in wanted]

    def _condition(self, name: str, values: Sequence[Value]) -> Condition:
        named = zip(self.resource.axes, values, strict=True)
        if self.resource.endpoint.parameters:
            return Condition(parameters={axis: value.literal for axis, value in named}, part=name)
        return Condition(" and ".join(f"{axis} eq {value.literal}" for axis, value in named), part=name)

    def _axes(self, division: int) -> Generator[Need, Any, list[list[Value]]]:
        axes: list[list[Value]] = []
        for axis in self.resource.axes:
            values = yield from self._values(axis, division)
            axes.append(values)
        return axes

    def _values(self, axis: str, division: int) -> Generator[Need, Any, list[Value]]:
        """Return what to ask for one by one."""
        client = self.exact.client
        if axis == "focusDate":
            return calendar.dates(client.clock())
        if axis == "glScheme":
            return (yield from calendar.schemes(client, division))
        try:
            ends = yield from calendar.ends_of_years(client, division)
        except Denied:
            if self.resource.endpoint.parameters:
                raise
            self.remark("the user may not see the financial periods, so it is read whole, not year by year.")
            return []
        if not ends:
            return []
        shown = yield from self._shown(division)
        return calendar.years(ends, shown, client.clock())

    def _shown(self, division: int) -> Generator[Need, Any, calendar.Shown]:
        """Return which years are open and which closed, as it was seen today: a long list for what changes seldom."""
        partition, now = partition_of(division), self.exact.client.clock()
        noted = self.note(partition, _YEARS)
        if isinstance(noted, Mapping) and not is_due(Cadence.DAILY, noted.get("at"), now):
            return calendar.Shown.read(noted)
        shown = yield from calendar.shown_years(self.exact.client, division)
        self.keep_note(partition, _YEARS, shown and shown.note(now))
        return shown or calendar.Shown()

    @override
    def without_filter(self, division: int, condition: Condition, error: Refused) -> Condition | None:
        """Read whole what may not be filtered; leave it at the years where only what is beside them may not be asked for."""
        if not condition.text:
            raise error
        if condition.part.startswith(_BESIDE):
            self.remark(
                f"whether there are rows outside of the years {self._span(division)} cannot be asked for here ({error})."
            )
            self.keep_refused(_BESIDE_REFUSED)
            self.reckoning.not_whole(division)
            return None
        self.remark(f"Exact does not take a filter on `{self.resource.each}` here, so it is read whole.")
        self.keep_refused(_REFUSED)
        return Condition(part=_ALL)

    @override
    def without_parameters(self, division: int, condition: Condition, error: Refused) -> Condition | None:
        """Do without a parameter that may be left out."""
        kinds = self.resource.endpoint.parameters
        if not all(kinds[name].endswith("?") for name in condition.parameters):
            raise error
        self.remark(f"Exact does not take `{self.resource.each}` here, so only what is so today is read.")
        self.keep_refused(_REFUSED)
        return Condition(part=_TODAY, whole=False)

    def _span(self, division: int) -> str:
        years = [name for name in self._names[division] if not name.startswith(_BESIDE)]
        return f"{min(years)} to {max(years)}"

    @override
    def written(self, division: int, page: Outgoing) -> None:
        part = (division, page.part)
        if page.rejected:
            self._spoilt.add(part)
        elif page.next_link is None and part not in self._spoilt:
            for name in self._names[division] if page.part == _ALL else [page.part]:
                self._keep_part(division, name)

    def _keep_part(self, division: int, name: str) -> None:
        partition = partition_of(division)
        note = self.note(partition, parts.PARTS)
        # Should the clock go back meanwhile, rows look older than their read: never later than they were written.
        began = min(self.asked_at[division], self.exact.client.clock())
        self.keep_note(partition, parts.PARTS, parts.after(note, self.asks_for, name, began))

    @override
    def whole_since(self, division: int) -> datetime | None:
        return parts.since(self.note(partition_of(division), parts.PARTS), self._names.get(division, ()))
