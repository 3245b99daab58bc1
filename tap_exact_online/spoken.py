"""Foreign text on its way to a person or a file: on one line, all of it printable, and without the secrets in use.

What a server says, what a file or a setting holds and what a person typed goes through `spoken` before it becomes an
error, a log line, a state or part of a store. A gateway may echo the request that it refuses, with the token in it; a
company may have a name that clears the screen.
"""

from __future__ import annotations

import html
import json
from urllib.parse import quote, quote_plus

LONGEST = 300
"""Characters of foreign text in one message."""
PARAGRAPH = 2000
"""Characters of a text that holds foreign text among our own."""

_SHORTEST = 6  # what is shorter is part of ordinary words
_PIECE = 12  # so many characters in a row of a secret are no accident: a server may cut what it echoes
_LOOKED_AT = 20_000
_MASK = "***"
# An entry for each spelling, in the order in which they were named. Tokens die within minutes, but what was sent can be
# echoed until the run ends.
_secrets: dict[str, None] = {}


def keep_secret(*secrets: str | None) -> None:
    """Name secrets that are in use from here on; None and what is too short to be one are passed over.

    Args:
        secrets: As they are used; how they look in a form, in JSON and in HTML is known by itself.
    """
    for secret in secrets:
        if secret and len(secret) >= _SHORTEST and secret not in _secrets:
            _secrets.update(dict.fromkeys(_spellings(secret)))


def spoken(text: object, most: int = LONGEST) -> str:
    """Return foreign text as it can be shown.

    Args:
        text: What was said by someone else. Of more than 20,000 characters the rest is not looked at.
        most: Characters to return at most.
    """
    whole = str(text)[:_LOOKED_AT]
    # Both before and after: a secret may be broken by what is taken out, and hold what is taken out.
    line = " ".join(_printable(_without_secrets(whole)).split())
    line = _without_secrets(line)
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def unstopped(text: object) -> str:
    """Return a text without its full stop, for a sentence of ours that ends behind it: others end theirs as they like."""
    return str(text).rstrip(" .")


def _spellings(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), quote_plus(secret), html.escape(secret), json.dumps(secret)[1:-1]}


def _printable(text: str) -> str:
    """Replace what is not printable, whether it moves the cursor or the eye: escapes, line ends, marks of direction."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _without_secrets(text: str) -> str:
    """Replace each secret, also the larger part of one."""
    places: dict[str, list[int]] = {}
    for at in range(len(text) - _PIECE + 1):
        places.setdefault(text[at : at + _PIECE], []).append(at)
    hidden = [False] * len(text)
    for secret in _secrets:
        for piece in _pieces(secret):
            # Taken out: a secret that repeats itself would else be hidden again for each time, for minutes.
            found = places.pop(piece, ()) if len(piece) == _PIECE else _found(text, piece)
            for at in found:
                hidden[at : at + len(piece)] = [True] * len(piece)
    return "".join(_shown(text, hidden))


def _pieces(secret: str) -> list[str]:
    if len(secret) <= _PIECE:
        return [secret]
    return [secret[at : at + _PIECE] for at in range(len(secret) - _PIECE + 1)]


def _found(text: str, piece: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(piece, at)] if piece in text else []


def _shown(text: str, hidden: list[bool]) -> list[str]:
    """Return the letters that are shown, with one mask for each run of those that are not."""
    letters, before = [], False
    for letter, hide in zip(text, hidden, strict=True):
        if not hide:
            letters.append(letter)
        elif not before:
            letters.append(_MASK)
        before = hide
    return letters
