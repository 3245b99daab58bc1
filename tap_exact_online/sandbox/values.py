"""Plausible values by property name and EDM type. Everything is a pure function of the words it is given."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b

from tap_exact_online import edm

Value = str | int | float | bool | None

ZERO_GUID = "00000000-0000-0000-0000-000000000000"
DAY = 86_400_000
FIRST_DAY = 1_609_459_200_000  # 2021-01-01 in milliseconds: the first day of the generated books
LAST_DAY = 1_767_139_200_000  # 2025-12-31

_COMPANIES = (
    "Jansen & Zonen B.V.",
    "De Gouden Molen",
    "B\u00e4ckerei S\u00fc\u00df GmbH",
    "\u00c6r\u00f8 Handel A/S",
    "Cafe\u0301 de Flore",  # e and a combining acute: two code points, one letter
    "\u4e2d\u6751\u5546\u4e8b\u682a\u5f0f\u4f1a\u793e",
    "\u0645\u0642\u0647\u0649 \u0627\u0644\u0633\u0644\u0627\u0645",  # right to left
    "\U0001f6b2 Fietswereld",  # beyond the basic plane
    "Kruidenier 't Hoekje",
    'Bouwbedrijf "De Steen"',
    "Loodgieter\\Installatie",
    "Van den Berg Transport",
    "Ontwerpstudio Lijn 3",
    "Groothandel Noord",
    "Van Dijk Advies",
    "Smit Metaal",
)
_TOWNS = ("Amsterdam", "Rotterdam", "Utrecht", "Delft", "'s-Hertogenbosch", "Li\u00e8ge", "K\u00f6ln")
_PEOPLE = ("A. de Vries", "Zo\u00eb Bakker", "M. \u00d6zt\u00fcrk", "J.J. Visser", "\u0141ucja Nowak")
_TEXTS = (
    "Factuur 2024-117",
    "Kantoorartikelen",
    "Huur bedrijfspand",
    "Reiskosten \u20ac 12,50",
    "Creditnota",
    "Abonnement kwartaal 2",
    "line one\nline two\ttabbed",
    "padded at the end  ",
    "nul\u0000teken",  # seen in text fields: some databases refuse U+0000
    "\u05e9\u05dc\u05d5\u05dd \U0001f600 na\u00efve",
    "<b>bold</b> & 'quoted' \"text\"",
    "Onderhoud installatie",
)
_UNITS = ("pc", "kg", "hour", "m2")
COUNTRIES = ("NL ", "BE ", "DE ", "FR ", "GB ")
CURRENCIES = ("EUR", "EUR", "EUR", "EUR", "USD", "GBP")


def number(*words: object) -> int:
    """Return a stable 64-bit number for some words."""
    return int.from_bytes(blake2b("\x1f".join(map(str, words)).encode(), digest_size=8).digest())


def guid(*words: object) -> str:
    """Return a stable lower-case Guid for some words."""
    text = blake2b("\x1f".join(map(str, words)).encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def company(index: int) -> str:
    """Return the name of the relation with that index."""
    return f"{_COMPANIES[index % len(_COMPANIES)]} {index + 1}"


def person(index: int) -> str:
    """Return the full name of a user or employee."""
    return _PEOPLE[index % len(_PEOPLE)]


def text(index: int) -> str:
    """Return a line of text as people type it, awkward characters included."""
    return _TEXTS[index % len(_TEXTS)]


_ENDINGS: Mapping[str, Callable[[int], Value]] = {
    "Email": lambda h: f"info{h % 997}@example.com",
    "FullName": person,
    "AccountName": lambda h: company(h % 500),
    "Name": lambda h: company(h % 500),
    "Description": text,
    "Subject": text,
    "Notes": lambda h: text(h) if h % 3 == 0 else None,
    "Remarks": lambda h: text(h) if h % 3 == 0 else None,
    "City": lambda h: _TOWNS[h % len(_TOWNS)],
    "CountryName": lambda _: "Nederland",
    "Country": lambda h: COUNTRIES[h % len(COUNTRIES)],
    "Currency": lambda h: CURRENCIES[h % len(CURRENCIES)],
    "State": lambda h: ("ZH", "NH", "UT", "", None)[h % 5],
    "Legislation": lambda h: COUNTRIES[h % len(COUNTRIES)].strip(),
    "Unit": lambda h: _UNITS[h % len(_UNITS)],
    "UnitCode": lambda h: _UNITS[h % len(_UNITS)],
    "CostUnitCode": lambda h: f"KD{h % 25 + 1:05d}",
    "VATCode": lambda h: f"{h % 9:<3}",
    "CurrencyCode": lambda h: CURRENCIES[h % len(CURRENCIES)],
    "Language": lambda _: "NL-NL",
    "Postcode": lambda h: f"{1000 + h % 9000} AB",
    "Phone": lambda h: f"+31 10 {h % 10_000_000:07d}",
    "AddressLine1": lambda h: f"Dorpsstraat {h % 200 + 1}",
    "AccountCode": lambda h: f"{h % 500 + 1:>18}",
    "Code": lambda h: f"{h % 900 + 100}",
    "Url": lambda h: f"https://example.com/picture/{h % 1000}" if h % 4 == 0 else None,
    "BankAccountNumber": lambda h: f"NL91ABNA{h % 10**10:010d}",
    "VATNumber": lambda h: f"NL{h % 10**9:09d}B01",
    "YourRef": lambda h: f"REF-{h % 100_000}",
    "CustomField": lambda _: None,
}


def _string(name: str, h: int) -> Value:
    """Return text by the longest known ending of the name, else short text that is often missing."""
    for start in range(len(name)):
        made = _ENDINGS.get(name[start:])
        if made is not None:
            return made(h)
    return (None, "", f"{name[:12]} {h % 1000}")[h % 3]


def _double(name: str, h: int) -> Value:
    if "Percentage" in name:
        return (0.0, 0.09, 0.21, 6.0, None)[h % 5]
    if "Rate" in name:
        return 1.0 if h % 4 else 1.0873456
    if h % 11 == 0:
        return None
    if h % 13 == 0:
        return (h % 10**9) / 7  # every digit a double has
    return (h % 2_000_000 - 500_000) / 100


def _date(name: str, h: int) -> Value:
    """Return wall-clock milliseconds: a midnight for dates, with some far past and future, else a moment."""
    if h % 5 == 0:
        return None
    if name.startswith(("Birth", "Established")) or h % 17 == 0:
        return (h // 17 % 40_000 - 30_000) * DAY  # mostly before 1970: the number is negative
    day = FIRST_DAY + h // 17 % 1800 * DAY
    return day if name.endswith(("Date", "Since")) else day + h // 7 % DAY


def _of_the_calendar(name: str, h: int) -> int | None:
    """Return a year or a period of the books, where a number of that name is one."""
    if name.endswith("Year"):
        return 2021 + h % 5
    return h % 12 + 1 if name.endswith("Period") else None


def _guid(name: str, h: int) -> Value:
    if name in {"Creator", "Modifier", "DeletedBy"}:
        return guid("user", h % 5)
    return (None, None, ZERO_GUID, guid(name, h % 1000))[h % 4]


_MAKERS: Mapping[str, Callable[[str, int], Value]] = {
    "String": _string,
    "Double": _double,
    "DateTime": _date,
    "Guid": _guid,
    "Boolean": lambda _, h: h % 2 == 0,
    "Byte": lambda _, h: h % 2,
    "Int16": lambda name, h: _of_the_calendar(name, h) or h % 60 - (h % 7 == 0),
    "Int32": lambda name, h: (
        _of_the_calendar(name, h)
        or (None if h % 6 == 0 else (h % 5 if name.endswith("Type") else h % 100_000))
    ),
    "Int64": lambda _, h: h % 10**12,
    "Binary": lambda _, h: base64.b64encode(b"%d" % h).decode() if h % 16 == 0 else None,
}


_WIDTHS: Mapping[str, int] = {
    "Unit": 8,  # but not `UnitCode` of other tables, which names the same units
    "Language": 10,
    "SearchCode": 9,
    "State": 3,
    "Legislation": 3,
}
"""Texts that Exact keeps in columns of fixed width, beside the codes and countries that are padded where they are made."""


def padded(row: Mapping[str, Value]) -> dict[str, Value]:
    """Return a row with its texts filled up with spaces to the width of their columns."""
    return {
        name: value.ljust(_WIDTHS[name]) if name in _WIDTHS and isinstance(value, str) else value
        for name, value in row.items()
    }


def sortable(key: Value) -> int | str:
    """Return what a key is sorted by: a Guid as SQL Server sorts its uniqueidentifiers, the last group first.

    The bytes of its first three groups are turned around, and count least.
    """
    if isinstance(key, int):
        return key
    groups = str(key).split("-")
    if len(groups) != 5:  # noqa: PLR2004 - the groups of a Guid
        return str(key)
    return groups[4] + groups[3] + "".join(_turned(group) for group in groups[2::-1])


def _turned(group: str) -> str:
    return "".join(group[at - 2 : at] for at in range(len(group), 0, -2))


def row(properties: Iterable[edm.Property], seed: int, of: object, *nth: int) -> dict[str, Value]:
    """Return plausible values for the properties of a row; what it is of, and its number there, tell rows apart."""
    return {p.name: value(p.name, p.type, number(seed, of, p.name, *nth)) for p in properties}


def value(name: str, kind: str, h: int) -> Value:
    """Return a plausible value of an EDM type.

    Args:
        name: The property's name, which says what it holds.
        kind: The EDM type without `Edm.`; collections and complex types give None.
        h: A number that varies from row to row.

    Returns:
        DateTimes are milliseconds of the Dutch wall clock; Int64 is an int; Binary is base64 text.
    """
    maker = _MAKERS.get(kind)
    return None if maker is None else maker(name, h)
