"""Schemes that classify ledger accounts: the company's own, and two versions of RGS, the newer one almost complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tap_exact_online.sandbox.chart import CHART

_RGS: Mapping[str, str] = {
    "B": "Balans",
    "BMva": "Materi\u00eble vaste activa",
    "BMvaBeg": "Bedrijfsgebouwen",
    "BMvaBei": "Inventaris",
    "BFva": "Financi\u00eble vaste activa",
    "BVrd": "Voorraden",
    "BVrdHan": "Handelsgoederen",
    "BVor": "Vorderingen",
    "BVorDeb": "Vorderingen op handelsdebiteuren",
    "BVorOva": "Overlopende activa",
    "BLim": "Liquide middelen",
    "BLimKas": "Kasmiddelen",
    "BLimBan": "Tegoeden op bankrekeningen",
    "BEiv": "Eigen vermogen",
    "BEivGok": "Gestort en opgevraagd kapitaal",
    "BEivOvr": "Overige reserves",
    "BLas": "Langlopende schulden",
    "BLasSak": "Schulden aan kredietinstellingen",
    "BSch": "Kortlopende schulden",
    "BSchVob": "Vooruitontvangen op bestellingen",
    "BSchCre": "Schulden aan leveranciers en handelskredieten",
    "BSchCreHac": "Handelscrediteuren nominaal",
    "BSchBep": "Belastingen en premies sociale verzekeringen",
    "BSchBepBtw": "Te betalen omzetbelasting",
    "BSchSal": "Schulden ter zake van salarissen",
    "BSchOpa": "Overlopende passiva",
    "W": "Winst-en-verliesrekening",
    "WOmz": "Netto-omzet",
    "WOmzNoh": "Netto-omzet handelsgoederen",
    "WOmzNod": "Netto-omzet diensten",
    "WKpr": "Kostprijs van de omzet",
    "WKprInh": "Inkoopwaarde handelsgoederen",
    "WPer": "Lasten uit hoofde van personeelsbeloningen",
    "WPerLes": "Lonen en salarissen",
    "WPerSol": "Sociale lasten",
    "WAfs": "Afschrijvingen",
    "WAfsAmv": "Afschrijvingen op materi\u00eble vaste activa",
    "WBed": "Overige bedrijfskosten",
    "WBedKan": "Kantoorkosten",
    "WBedAlk": "Algemene kosten",
    "WOvb": "Overige bedrijfsopbrengsten",
    "WFbe": "Financi\u00eble baten en lasten",
    "WFbeRlm": "Rentebaten en soortgelijke opbrengsten",
    "WBel": "Belastingen",
}
_GROUPS: Mapping[str, str] = {
    "1": "Balans",
    "10": "Vaste activa",
    "11": "Vlottende activa",
    "12": "Eigen vermogen",
    "13": "Schulden",
    "2": "Resultaat",
    "20": "Opbrengsten",
    "21": "Kosten",
    "22": "Rente en belastingen",
}
_GROUP_OF_TYPE: Mapping[int, str] = {
    **dict.fromkeys((30, 32, 35), "10"),
    **dict.fromkeys((10, 12, 14, 16, 20, 26, 40, 90), "11"),
    **dict.fromkeys((50, 52), "12"),
    **dict.fromkeys((21, 22, 24, 25, 27, 29, 55, 60, 100), "13"),
    **dict.fromkeys((110, 140), "20"),
    **dict.fromkeys((111, 120, 121, 122, 123, 125, 126, 130), "21"),
    **dict.fromkeys((150, 160), "22"),
}
_RGS_OF_TYPE: Mapping[int, str] = {
    10: "BLimKas",
    12: "BLimBan",
    14: "BLimBan",
    16: "BLimBan",
    20: "BVorDeb",
    21: "BSchVob",
    22: "BSchCreHac",
    24: "BSchBepBtw",
    25: "BSchSal",
    26: "BVorOva",
    27: "BSchOpa",
    29: "BSchBep",
    30: "BMvaBei",
    32: "BFva",
    35: "BMvaBei",
    40: "BVrdHan",
    50: "BEivGok",
    52: "BEivOvr",
    55: "BLasSak",
    60: "BSch",
    100: "BSchBep",
    110: "WOmzNoh",
    111: "WKprInh",
    120: "WBedAlk",
    121: "WBedKan",
    122: "WAfsAmv",
    123: "WBedAlk",
    125: "WPerLes",
    126: "WPerSol",
    130: "WBedAlk",
    140: "WOvb",
    150: "WBel",
    160: "WFbeRlm",
}
_RGS_OF_ACCOUNT: Mapping[str, str] = {"0100": "BMvaBeg", "0110": "BMvaBeg", "8010": "WOmzNod", "4910": "WFbe"}
_UNMAPPED = frozenset({"2000", "4900"})
"""Accounts that nobody has mapped to RGS."""
_OLD: Mapping[str, str] = {name: _RGS[name] for name in ("B", "BLim", "BLimBan", "W", "WOmz", "WOmzNoh")}


class Scheme(NamedTuple):
    """A scheme.

    Attributes:
        code: Its code.
        description: Its name.
        main: Whether it is the company's default.
    """

    code: str
    description: str
    main: bool


class Node(NamedTuple):
    """A classification of a scheme.

    Attributes:
        scheme: Its scheme, as an index into `SCHEMES`.
        code: Its code.
        name: Its name.
        parent: What it is part of, as an index into `NODES`; None at the top.
        instant: Whether it holds balances; otherwise it holds what happens in a period.
        debit: Whether it is a debit balance.
    """

    scheme: int
    code: str
    name: str
    parent: int | None
    instant: bool
    debit: bool


class Mapped(NamedTuple):
    """That a ledger account has a classification.

    Attributes:
        account: The account, as an index into `chart.CHART`.
        node: The classification, as an index into `NODES`.
    """

    account: int
    node: int


SCHEMES = (
    Scheme("1", "Standaard", main=True),
    Scheme("RGS versie 3.2", "Referentiegrootboekschema 3.2", main=False),
    Scheme("RGS versie 3.5", "Referentiegrootboekschema 3.5", main=False),
)
_DEBIT = (
    "BMva",
    "BFva",
    "BVrd",
    "BVor",
    "BLim",
    "WKpr",
    "WPer",
    "WAfs",
    "WBed",
    "WBel",
    "10",
    "11",
    "21",
    "22",
)


def _nodes() -> tuple[Node, ...]:
    found: list[Node] = []
    for scheme, (names, step) in enumerate(((_GROUPS, 1), (_OLD, 3), (_RGS, 3))):
        known: dict[str, int] = {}
        for code, name in names.items():
            parent = known.get(code[: max(1, len(code) - step)]) if len(code) > 1 else None
            known[code] = len(found)
            found.append(Node(scheme, code, name, parent, code[0] in "B1", code.startswith(_DEBIT)))
    return tuple(found)


def _rgs(code: str, kind: int) -> str | None:
    return None if code in _UNMAPPED else _RGS_OF_ACCOUNT.get(code, _RGS_OF_TYPE[kind])


def _mapped() -> tuple[Mapped, ...]:
    places = {(node.scheme, node.code): index for index, node in enumerate(NODES)}
    found = []
    for account, (code, _, kind, _, _) in enumerate(CHART):
        wanted = (_GROUP_OF_TYPE[kind], _rgs(code, kind), _rgs(code, kind))
        found += [
            Mapped(account, places[scheme, name])
            for scheme, name in enumerate(wanted)
            if name is not None and (scheme, name) in places
        ]
    return tuple(found)


NODES = _nodes()
MAPPED = _mapped()
