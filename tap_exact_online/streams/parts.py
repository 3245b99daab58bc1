"""Streams that have to be asked for in parts: one year, one scheme or one date at a time."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from singer_sdk import Tap
from typing_extensions import override

from tap_exact_online.catalog import Resource
from tap_exact_online.errors import Denied, ReadError, Refused
from tap_exact_online.state import fields, parts
from tap_exact_online.streams.gathering import gathered
from tap_exact_online.streams.lending import Condition, Lender, partition_of
from tap_exact_online.streams.sdk import Outgoing
from tap_exact_online.streams.stream import ExactStream
from tap_exact_online.wire import Need, datetime_literal

_PERIODS = "financial/FinancialPeriods"
_STATUSES = "read/financial/JournalStatusList"
_SCHEMES = "financial/GLSchemes"
_OTHERS = "others"
_OPEN = 0
_FIRST_PAYROLL_YEAR = 2020
_BOOKS_STAY_OPEN = timedelta(days=550)
"""A year whose status cannot be seen counts as open for so long after its end: the accounts of the last year are made in it."""


@dataclass(frozen=True, slots=True)
class _Value:
    """One of the things to ask for.

    Attributes:
        name: What the state calls it.
        literal: As the query string has it.
        settled: What it stands for changes seldom.
    """

    name: str
    literal: str
    settled: bool = False


class PartsStream(ExactStream):
    """A stream that is asked for part by part.

    Years that the company has closed are asked for once and then weekly, the others at each run. Where the parts are a filter,
    one more asks for what lies outside of all of them, so that no row is missed that nobody thought of.
    """

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog."""
        self._names: dict[int, list[str]] = {}
        self._spoilt: set[tuple[int, str]] = set()
        super().__init__(tap, lender, resource)

    @property
    def _mark(self) -> str:
        """A fingerprint of the fields that are asked for."""
        return fields.fingerprint(fact.name for fact in self.selection.fields)

    @override
    def begin(self, division: int) -> Generator[Need, Any, Sequence[Condition]]:
        axes = yield from self._axes(division)
        if not self.resource.endpoint.parameters and not all(axes):
            self._names[division] = [_ALL]
            return [Condition(part=_ALL)]
        conditions, all_parts = {}, []
        for values in product(*axes):
            name = " ".join(each.name for each in values)
            conditions[name] = self._condition(name, values)
            all_parts.append(parts.Part(name, settled=all(each.settled for each in values)))
        if others := self._others(axes[0]):
            conditions[_OTHERS] = others
            all_parts.append(parts.Part(_OTHERS, settled=True))
        names = [part.name for part in all_parts]
        self._names[division] = names
        partition = partition_of(division)
        noted = parts.without_gone(self.note(partition, parts.PARTS), names)
        self.keep_note(partition, parts.PARTS, noted)
        wanted = parts.due(all_parts, noted, self._mark, self.exact.client.clock())
        if not all_parts:
            self.reckoning.asked(division, (), whole=True)
        return [replace(conditions[name], whole=len(wanted) == len(names)) for name in wanted]

    def _condition(self, name: str, values: Sequence[_Value]) -> Condition:
        named = zip(self.resource.axes, values, strict=True)
        if self.resource.endpoint.parameters:
            return Condition(parameters={axis: value.literal for axis, value in named}, part=name)
        return Condition(" and ".join(f"{axis} eq {value.literal}" for axis, value in named), part=name)

    def _others(self, values: Sequence[_Value]) -> Condition | None:
        """Return the condition for what lies before the first and behind the last year."""
        if self.resource.endpoint.parameters:
            return None
        axis, years = self.resource.axes[0], [int(each.literal) for each in values]
        return Condition(f"{axis} lt {min(years)} or {axis} gt {max(years)}", part=_OTHERS)

    def _axes(self, division: int) -> Generator[Need, Any, list[list[_Value]]]:
        axes: list[list[_Value]] = []
        for axis in self.resource.axes:
            values = yield from self._values(axis, division)
            axes.append(values)
        return axes

    def _values(self, axis: str, division: int) -> Generator[Need, Any, list[_Value]]:
        """Return what to ask for one by one."""
        if axis == "focusDate":
            return self._dates()
        if axis == "glScheme":
            rows = yield from gathered(self.exact.client, _SCHEMES, division, ["ID"])
            return [_Value(row["ID"], f"guid'{row['ID']}'", settled=True) for row in rows]
        return (yield from self._years(division))

    def _dates(self) -> list[_Value]:
        today = datetime.fromtimestamp(self.exact.client.clock(), UTC)
        firsts = [datetime(year, 1, 1) for year in range(_FIRST_PAYROLL_YEAR, today.year + 1)]  # noqa: DTZ001  a wall clock has no zone
        now = _Value("today", datetime_literal(datetime(today.year, today.month, today.day)))  # noqa: DTZ001
        return [*(_Value(f"{day:%Y}", datetime_literal(day), settled=True) for day in firsts), now]

    def _years(self, division: int) -> Generator[Need, Any, list[_Value]]:
        """Return every year between the first and the last of which the company has periods."""
        try:
            rows = yield from gathered(self.exact.client, _PERIODS, division, ["ID", "FinYear", "EndDate"])
        except Denied:
            if self.resource.endpoint.parameters:
                raise
            self.remark("the user may not see the financial periods, so it is read whole, not year by year.")
            rows = []
        ends: dict[int, str] = {}
        for row in rows:
            if (year := row["FinYear"]) is not None:
                ends[year] = max(ends.get(year, ""), row["EndDate"] or "")
        if not ends:
            return []
        shown = yield from self._statuses(division)
        return [
            _Value(
                f"{year}",
                f"{year}",
                settled=year < max(ends) and self._is_settled(ends.get(year), shown.get(year)),
            )
            for year in range(min(ends), max(ends) + 1)
        ]

    def _statuses(self, division: int) -> Generator[Need, Any, Mapping[int, bool]]:
        """Return of each year whether a journal of it is open; nothing where the user may not see that."""
        names = ["Journal", "Year", "Period", "Status"]
        try:
            rows = yield from gathered(self.exact.client, _STATUSES, division, names)
        except ReadError as error:
            self.logger.debug("Division %d does not say which years are closed: %s", division, error)
            return {}
        shown: dict[int, bool] = {}
        for row in rows:
            shown[row["Year"]] = shown.get(row["Year"], False) or row["Status"] == _OPEN
        return shown

    def _is_settled(self, end: str | None, is_open: bool | None) -> bool:  # noqa: FBT001  what was shown, or nothing
        if is_open is not None:
            return not is_open
        now = datetime.fromtimestamp(self.exact.client.clock(), UTC).replace(tzinfo=None)
        return bool(end) and datetime.fromisoformat(str(end)) + _BOOKS_STAY_OPEN < now

    @override
    def without_filter(self, division: int, condition: Condition, error: Refused) -> Condition | None:
        """Read whole what may not be filtered; leave it at the years where only what is outside of them may not be asked for."""
        if condition.part == _OTHERS:
            self.remark(
                f"whether there are rows outside of the years {self._span(division)} cannot be asked for here ({error})."
            )
            self._keep_part(division, _OTHERS)
            return None
        if not condition.text:
            raise error
        self.remark(f"Exact does not take a filter on `{self.resource.each}` here, so it is read whole.")
        return Condition(part=_ALL)

    @override
    def without_parameters(self, division: int, condition: Condition, error: Refused) -> Condition | None:
        """Do without a parameter that may be left out."""
        kinds = self.resource.endpoint.parameters
        if not all(kinds[name].endswith("?") for name in condition.parameters):
            raise error
        self.remark(f"Exact does not take `{self.resource.each}` here, so only what is so today is read.")
        return Condition(part=_ALL)

    def _span(self, division: int) -> str:
        years = [name for name in self._names[division] if name != _OTHERS]
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
        after = parts.after(note, self._mark, name, self.asked_at[division])
        self.keep_note(partition, parts.PARTS, after)

    @override
    def whole_since(self, division: int) -> datetime | None:
        return parts.since(self.note(partition_of(division), parts.PARTS), self._names.get(division, ()))


_ALL = "*"
