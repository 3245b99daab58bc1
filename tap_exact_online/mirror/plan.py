"""What a script that mirrors deletes is to do, and how the loader spells names. Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tap_exact_online.catalog import BY_NAME, RESOURCES, Resource
from tap_exact_online.errors import ConfigurationError

DEFAULT_SCHEMA = "exact_online"
DEFAULT_COLUMN = "_deleted_at"

# What a loader may call a table, and nothing that ends a quoted name or a dollar-quoted block, or that PostgreSQL's
# format() takes for a blank.
_NAME = re.compile(r"[\w -]+")


class Mode(enum.Enum):
    """What becomes of a row that is gone in Exact."""

    REMOVE = "remove"
    MARK = "mark"


class Case(enum.Enum):
    """How a loader spells the names that the tap gives."""

    AS_IS = "as-is"
    LOWER = "lower"
    UPPER = "upper"

    def spell(self, name: str) -> str:
        """Return a name as it is in the database."""
        if self is Case.LOWER:
            return name.lower()
        return name.upper() if self is Case.UPPER else name


@dataclass(frozen=True, slots=True)
class Plan:
    """What a script is to do.

    Attributes:
        streams: The streams whose deletes are mirrored.
        mode: Remove the rows, or mark them.
        schema: Where the tables are: a schema, or a dataset in BigQuery. A database, catalog or project may stand in
            front, with a dot between, except in PostgreSQL. Empty: wherever the session looks.
        prefix: What the loader puts in front of the names of tables.
        case: How the loader spells names.
        column: The column that marks a row.
    """

    streams: Sequence[Resource]
    mode: Mode = Mode.REMOVE
    schema: str = DEFAULT_SCHEMA
    prefix: str = ""
    case: Case = Case.AS_IS
    column: str = DEFAULT_COLUMN

    def check(self) -> None:
        """Refuse names that would break out of their quotes.

        Raises:
            ConfigurationError: A name cannot be used.
        """
        for option, names in (
            ("--schema", self.schema.split(".") if self.schema else []),
            ("--prefix", [self.prefix] if self.prefix else []),
            ("--column", [self.column]),
        ):
            if not all(map(_NAME.fullmatch, names)):
                msg = f"{option}: a name is made of letters, digits, blanks, '_' and '-'."
                raise ConfigurationError(msg)

    @property
    def schema_parts(self) -> list[str]:
        """The schema as the database has it, with what stands in front of it first; nothing where it is empty."""
        return [self.case.spell(part) for part in self.schema.split(".")] if self.schema else []

    def table(self, stream: str) -> str:
        """Return the name of a stream's table, without its schema."""
        return self.case.spell(self.prefix + stream)

    def columns(self, quote: str) -> Mapping[str, str]:
        """Return the columns that the rule speaks of, in quotes, by the names that the templates use."""
        named = {
            "division": "Division",
            "timestamp": "Timestamp",
            "entity_type": "EntityType",
            "entity_key": "EntityKey",
            "deleted_date": "DeletedDate",
            "mark": self.column,
        }
        return {blank: quoted(quote, self.case.spell(name)) for blank, name in named.items()}


def quoted(quote: str, *names: str) -> str:
    """Put names in quotes and join them with dots."""
    return ".".join(f"{quote}{name}{quote}" for name in names)


def logged(names: Iterable[str] = ()) -> list[Resource]:
    """Return streams whose deletes Exact logs, in the order of the catalog: those that are named, else all of them.

    Raises:
        ConfigurationError: A name is no stream, or Exact does not log its deletes.
    """
    chosen = set(names)
    if unknown := sorted(chosen - BY_NAME.keys()):
        msg = f"--streams: there is no stream {', '.join(unknown)}."
        raise ConfigurationError(msg)
    if silent := sorted(name for name in chosen if BY_NAME[name].deleted_type is None):
        msg = f"--streams: Exact does not log the deletes of {', '.join(silent)}."
        raise ConfigurationError(msg)
    return [
        resource
        for resource in RESOURCES
        if resource.deleted_type is not None and (not chosen or resource.name in chosen)
    ]
