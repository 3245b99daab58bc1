"""Rules that make the description of a property: its own words, or what follows from the words of the one it stands beside.

Own words are in `field_words.toml`. A rule says no more than the name and the type do, and what no rule fits stays
undescribed: a test counts those.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tap_exact_online import edm

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_SPELLED = {"gl": "ledger", "vat": "VAT", "wbs": "WBS", "workcenter": "work center"}
_NO_NOUN = re.compile(r"(?:Whether|How|When|Where|What|After|By|To|1 where|The|Free|Who|Which|Identifies)\b")
_WHOLE = ("Int16", "Int32", "Int64", "Byte")


@dataclass(frozen=True, slots=True)
class FieldWords:
    """What `field_words.toml` says.

    Attributes:
        names: What a property of that name is, whatever endpoint it is of.
        of: What one property of one endpoint is: `path.Name`.
        unsure: Names that stay undescribed although a rule fits, because what it would say is not certain.
    """

    names: Mapping[str, str]
    of: Mapping[str, str]
    unsure: frozenset[str] = frozenset()

    @classmethod
    def read(cls, file: Path) -> FieldWords:
        """Read the file."""
        said = tomllib.loads(file.read_text(encoding="utf-8"))
        return cls(said["names"], said["of"], frozenset(said["unsure"]))


def words_of(name: str) -> str:
    """Take a name apart: `DirectDebitMandate` is "direct debit mandate"."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    return " ".join(_SPELLED.get(part, part) for part in parts)


def noun_of(said: str) -> str | None:
    """Return what others can be said to be of, from a description: "Relation to deliver to." gives "relation to deliver to".

    None where it is no thing: "Whether it is blocked."
    """
    if _NO_NOUN.match(said):
        return None
    noun = re.split(r"[;:(]", said.removesuffix("."))[0].strip()
    return noun if noun[:2].isupper() else noun[:1].lower() + noun[1:]


def description(endpoint: edm.Endpoint, fact: edm.Property, words: FieldWords) -> str | None:
    """Return what a property is, or None where neither words nor rules tell."""
    if own := words.of.get(f"{endpoint.path}.{fact.name}"):
        return own
    if fact.type.startswith("Collection("):
        return f"Nested rows: {words_of(fact.type[11:-1])}."
    if "." in fact.type:
        return "Nested data."
    if own := words.names.get(fact.name):
        return own
    if fact.name in words.unsure:
        return None
    return _beside(endpoint, fact, words) or _alone(fact)


_ENDINGS: Mapping[str, str] = {
    "Description": "Name of the {}.",
    "FullName": "Name of the {}.",
    "Name": "Name of the {}.",
    "Code": "Code of the {}.",
    "HID": "Number of the {}.",
    "Hid": "Number of the {}.",
    "Number": "Number of the {}.",
    "Subject": "Subject of the {}.",
}
"""What a property says of another whose name it begins with."""


def _beside(endpoint: edm.Endpoint, fact: edm.Property, words: FieldWords) -> str | None:
    """Return what a property is that says something of another one of the same endpoint."""
    for ending, said in _ENDINGS.items():
        front = fact.name.removesuffix(ending)
        base = next((front + tail for tail in ("", "ID", "Id") if front + tail in endpoint.properties), None)
        if front in {"", fact.name} or base is None:
            continue
        other = description(endpoint, endpoint.properties[base], words)
        if other is None:
            return None
        noun = noun_of(other)
        if ending == "Description" and (noun is None or endpoint.properties[base].type in _WHOLE):
            return f"{other.removesuffix('.')}, in words."
        return said.format(noun.removeprefix("ID of the ")) if noun else None
    return None


Rule = tuple[str, tuple[str, ...], Callable[[str], str]]
_ALONE: tuple[Rule, ...] = (
    (r"FreeTextField_(\d+)", ("String",), lambda n: f"Free field {int(n)} for text."),
    (r"FreeNumberField_(\d+)", ("Double",), lambda n: f"Free field {int(n)} for a number."),
    (r"FreeBoolField_(\d+)", ("Boolean",), lambda n: f"Free field {int(n)} for yes or no."),
    (r"FreeDateField_(\d+)", ("DateTime",), lambda n: f"Free field {int(n)} for a date."),
    (r"Class_(\d+)", ("String",), lambda n: f"Class {int(n)}, of those that the company made itself."),
    (r"(?:Is|Has)([A-Z]\w*ed)", ("Boolean", "Byte"), lambda it: f"Whether it is {words_of(it)}."),
    (r"(.+?)(?:ID|Id)?", ("Guid",), lambda it: f"ID of the {words_of(it)}."),
    (r"(.+)Number", ("String", *_WHOLE), lambda it: f"Number of the {words_of(it)}."),
    (r"(.+)Date", ("DateTime",), lambda it: f"Day of the {words_of(it)}."),
    (r"(.+)DC", ("Double",), lambda it: f"{words_of(it).capitalize()}, in the currency of the company."),
    (r"(.+)FC", ("Double",), lambda it: f"{words_of(it).capitalize()}, in the currency of the transaction."),
    (
        r"(.+)Ur[lL]",
        ("String",),
        lambda it: f"Where the {words_of(it)} can be fetched, with the access token.",
    ),
)
"""What a name says by itself: the whole name as a pattern, the types it holds for, and what is said of its first group."""


def _alone(fact: edm.Property) -> str | None:
    for pattern, types, say in _ALONE:
        if fact.type in types and (match := re.fullmatch(pattern, fact.name)):
            return say(match[1])
    return None


def descriptions(words: FieldWords) -> dict[str, str]:
    """Describe every property of every endpoint.

    Returns:
        By name what is said of it in most endpoints; by `path.Name` where an endpoint has it otherwise, with nothing where
        nothing can be said there.
    """
    said: dict[str, dict[str, str | None]] = {}
    for endpoint in edm.endpoints():
        for fact in endpoint.properties.values():
            said.setdefault(fact.name, {})[endpoint.path] = description(endpoint, fact, words)
    found: dict[str, str] = {}
    for name, by_path in said.items():
        texts = [text for text in by_path.values() if text]
        if not texts:
            continue
        usual = max(dict.fromkeys(texts), key=texts.count)
        found[name] = usual
        found |= {f"{path}.{name}": text or "" for path, text in by_path.items() if text != usual}
    return dict(sorted(found.items()))
