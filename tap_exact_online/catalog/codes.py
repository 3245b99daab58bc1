"""What the codes in the fields mean: as a sentence behind a description, and as the rows of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from tap_exact_online.catalog.resources import RESOURCES
from tap_exact_online.edm.codes import Codes, codes

MOST = 1000
"""Characters of a description: BigQuery takes no more than 1,024."""
_ELSEWHERE = "and more, see the stream code_lists"
_UNSURE: Mapping[str, str] = {"one source": " (from one source)", "guess": " (a guess)"}


def codes_of(path: str, name: str) -> Codes | None:
    """Return the codes of a property of an endpoint, where it has some that are known."""
    return codes().get(path, {}).get(name)


def listed(known: Codes, room: int = MOST) -> str:
    """Write codes as a sentence, and say where their meaning is not sure.

    Args:
        known: The codes.
        room: How many characters it may take. What does not fit is left out, and where to find it is said.
    """
    front, note = f"Codes{_UNSURE.get(known.sure, '')}: ", f" {known.note}" if known.note else ""
    pairs = [f"{code} = {meaning}" for code, meaning in known.meanings.items()]
    if len(text := f"{front}{'; '.join(pairs)}.{note}") <= room:
        return text
    left = room - len(front) - len(note) - len(_ELSEWHERE) - 1
    ends = accumulate(len(pair) + 2 for pair in pairs)
    shown = [pair for pair, end in zip(pairs, ends, strict=True) if end <= left]
    return f"{front}{'; '.join([*shown, _ELSEWHERE])}.{note}"


def code_rows() -> list[dict[str, str]]:
    """Return the rows of the stream that tells what codes mean, in the order of the streams and of their lists."""
    return [
        {
            "Stream": resource.name,
            "Field": name,
            "Code": code,
            "List": known.name,
            "Meaning": meaning,
            "Sure": known.sure_of(code),
        }
        for resource in RESOURCES
        for name, known in codes().get(resource.path, {}).items()
        for code, meaning in known.meanings.items()
    ]
