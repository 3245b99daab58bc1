"""What a script that mirrors deletes is to do, and how the loader spells names. Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tap_exact_online.catalog import BY_NAME, RESOURCES, ColumnNames, Resource
from tap_exact_online.errors import ConfigurationError

DEFAULT_SCHEMA = "exact_online"
DEFAULT_COLUMN = "_deleted_at"
DEFAULT_EXTRACTED = "_sdc_extracted_at"

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
        streams: The streams whose deletes are mirrored. Those that Exact logs nothing for need `extracted`.
        mode: Remove the rows, or mark them.
        schema: Where the tables are: a schema, or a dataset in BigQuery. A database, catalog or project may stand in
            front, with a dot between, except in PostgreSQL. Empty: wherever the session looks.
        prefix: What the loader puts in front of the names of tables.
        case: How the loader spells names.
        column: The column that marks a row.
        extracted: The column that tells when the tap read a row. Empty: only the log tells what is gone.
        names: What the tap calls columns.
    """

    streams: Sequence[Resource]
    mode: Mode = Mode.REMOVE
    schema: str = DEFAULT_SCHEMA
    prefix: str = ""
    case: Case = Case.AS_IS
    column: str = DEFAULT_COLUMN
    extracted: str = DEFAULT_EXTRACTED
    names: ColumnNames = ColumnNames.EXACT

    def check(self) -> None:
        """Refuse names that would break out of their quotes.

        Raises:
            ConfigurationError: A name cannot be used.
        """
        for option, names in (
            ("--schema", self.schema.split(".") if self.schema else []),
            ("--prefix", [self.prefix] if self.prefix else []),
            ("--column", [self.column]),
            ("--extracted", [self.extracted] if self.extracted else []),
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

    def spell(self, field: str) -> str:
        """Return the name of a field's column."""
        return self.case.spell(self.names.of(field))

    def columns(self, quote: str) -> Mapping[str, str]:
        """Return the columns that the rules speak of, in quotes, by the names that the templates use."""
        named = {
            "division": "Division",
            "timestamp": "Timestamp",
            "entity_type": "EntityType",
            "entity_key": "EntityKey",
            "deleted_date": "DeletedDate",
            "stream": "Stream",
            "whole_began": "WholeBeganAt",
        }
        own = {"extracted": self.extracted, "mark": self.column}
        spelled = {
            **{blank: self.spell(name) for blank, name in named.items()},
            **{blank: self.case.spell(name) for blank, name in own.items()},
        }
        return {blank: quoted(quote, name) for blank, name in spelled.items()}


def quoted(quote: str, *names: str) -> str:
    """Put names in quotes and join them with dots."""
    return ".".join(f"{quote}{name}{quote}" for name in names)


def mirrored(names: Iterable[str] = (), *, vanishing: bool = True) -> list[Resource]:
    """Return streams whose rows can be gone, in the order of the catalog: those that are named, else all of them.

    Args:
        names: Only these.
        vanishing: Also those whose deletes Exact does not log: a whole read shows what is gone.

    Raises:
        ConfigurationError: A name is no stream, or nothing tells what is gone from it.
    """
    chosen = set(names)
    if unknown := sorted(chosen - BY_NAME.keys()):
        msg = f"--streams: there is no stream {', '.join(unknown)}."
        raise ConfigurationError(msg)
    telling = [each for each in RESOURCES if each.divided and each.name != "deleted"]
    if lasting := sorted(chosen - {each.name for each in telling}):
        msg = f"--streams: no row is ever deleted from {', '.join(lasting)}."
        raise ConfigurationError(msg)
    silent = {each.name for each in telling if each.deleted_type is None and not vanishing}
    if chosen & silent:
        msg = f"--streams: Exact does not log the deletes of {', '.join(sorted(chosen & silent))}; it takes --extracted."
        raise ConfigurationError(msg)
    return [each for each in telling if each.name not in silent and (not chosen or each.name in chosen)]
