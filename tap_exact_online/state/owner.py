"""What a state belongs to: a run that is given another's would take for read what never reached its tables. Pure.

Meltano keeps the state of all runs of a project folder in one file while they start. Of two that start at once, one may be given
the other's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import spoken
from tap_exact_online.state.form import has_bookmarks
from tap_exact_online.surroundings import how_to

BELONGS_TO = "belongs_to"
"""Under this name the state says it, beside `bookmarks`."""
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a state is.

    Attributes:
        shard: The setting `shard`, empty for all divisions.
        divisions: The setting `divisions`, empty for all.
        environment: The environment of Meltano, empty where there is none.
    """

    shard: str = ""
    divisions: frozenset[int] = frozenset()
    environment: str = ""

    @classmethod
    def read(cls, note: Any) -> Owner:
        """Read what a state says; one of an earlier version says nothing."""
        if not isinstance(note, Mapping):
            return cls()
        shard, environment, divisions = (note.get(name) for name in ("shard", "environment", "divisions"))
        return cls(
            shard if isinstance(shard, str) else "",
            frozenset(code for code in divisions if isinstance(code, int))
            if isinstance(divisions, list)
            else frozenset(),
            environment if isinstance(environment, str) else "",
        )

    def note(self) -> dict[str, Any] | None:
        """Return what the state is to hold; None for nothing."""
        said = {"shard": self.shard, "divisions": sorted(self.divisions), "environment": self.environment}
        return {name: value for name, value in said.items() if value} or None

    def check(self, state: Mapping[str, Any]) -> None:
        """Refuse a state that is another's. One that is about no row yet is anybody's.

        The state of a run over all divisions may be taken over by one of a part of them, and divisions may come and go.

        Args:
            state: The state.

        Raises:
            ConfigurationError: It belongs to another run.
        """
        if not has_bookmarks(state) or (differs := self._differs(Owner.read(state.get(BELONGS_TO)))) is None:
            return
        whose, mine = differs
        msg = (
            f"The state belongs to {whose}, and this run {mine}. Nothing was read. Of two runs that start at once in one Meltano"
            f" project folder, one may be given the other's state: let `{how_to('work')}` start them, or give each a folder and a"
            f" --state-id-suffix of its own. If this state is meant, take `{BELONGS_TO}` out of it (`meltano state get`, `meltano"
            " state set`)."
        )
        raise ConfigurationError(msg)

    def _differs(self, other: Owner) -> tuple[str, str] | None:
        """Say whose a state is and why that is not this run; None where it may be."""
        if other.shard and other.shard != self.shard:
            mine = f"reads shard {spoken(self.shard, _SHOWN)}" if self.shard else "reads no shard"
            return f"shard {spoken(other.shard, _SHOWN)}", mine
        if other.environment and self.environment and other.environment != self.environment:
            whose = f"the environment '{spoken(other.environment, _SHOWN)}'"
            return whose, f"is one of '{spoken(self.environment, _SHOWN)}'"
        if other.divisions and self.divisions and not other.divisions & self.divisions:
            return "a run over other divisions", "reads none of them"
        return None
