"""The form in which a connection is stored: JSON that says whose it is, plain or sealed with a key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from tap_exact_online.auth.responses import is_token
from tap_exact_online.auth.tokens import VERSION, Tokens
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import keep_secret

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

# Said in the clear too where all is sealed, so that a store can be refused without its key.
_OPEN = ("version", "owner")
_END_OF_TIME = 1e11  # the year 5138, in epoch seconds


class Form:
    """Writes and reads one connection.

    Attributes:
        owner: The fingerprint of the client id and the server that stored data must carry.
    """

    def __init__(self, owner: str, keys: Sequence[str] = ()) -> None:
        """Prepare the keys.

        Args:
            owner: The fingerprint that stored data must carry.
            keys: Fernet keys; the first seals, all of them open. None: stored in the clear.

        Raises:
            ConfigurationError: A key is not a Fernet key, or the extra for encryption is missing.
        """
        self.owner = owner
        self._fernet = _fernet(keys) if keys else None

    def write(self, tokens: Tokens) -> bytes:
        """Return the tokens as they are stored."""
        document = asdict(tokens)
        if self._fernet is not None:
            sealed = self._fernet.encrypt(json.dumps(document).encode()).decode()
            document = {**{name: document[name] for name in _OPEN}, "sealed": sealed}
        return json.dumps(document, indent=1).encode()

    def read(self, content: bytes, place: str) -> Tokens:
        """Read stored tokens; those in the clear are read with keys too, and sealed when they are next written.

        Args:
            content: What `write` gave.
            place: Where it was found, for messages.

        Raises:
            ConfigurationError: It is damaged, sealed with another key, belongs to another app or server, or was
                written by a newer version.
        """
        document = _document(content, place)
        self._check(document, place)
        if "sealed" in document:
            document = _document(self._opened(document["sealed"], place), place)
            self._check(document, place)  # again: what is said in the clear can be said by anyone
        try:
            tokens = msgspec.convert(document, Tokens)
        except (msgspec.ValidationError, RecursionError, OverflowError):
            raise damaged(place) from None
        if not _sound(tokens):
            raise damaged(place)
        keep_secret(tokens.refresh_token, tokens.access_token)
        return tokens

    def _check(self, document: Mapping[str, Any], place: str) -> None:
        version = document.get("version")
        if type(version) is not int:
            raise damaged(place)
        if version > VERSION:
            raise newer(place)
        if not isinstance(document.get("owner"), str):
            raise damaged(place)
        if document["owner"] != self.owner:
            msg = (
                f"The token store {place} belongs to another client id or region. It was left untouched."
                " Set `store` to a place of its own for this one."
            )
            raise ConfigurationError(msg)

    def _opened(self, sealed: Any, place: str) -> bytes:
        if not isinstance(sealed, str) or not sealed.isascii():
            raise damaged(place)
        if self._fernet is None:
            msg = f"The token store {place} is encrypted: set `store_key` to the key it was written with."
            raise ConfigurationError(msg)
        from cryptography.fernet import InvalidToken  # noqa: PLC0415  an extra

        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            msg = f"None of the keys in `store_key` opens the token store {place}. Add the key it was written with."
            raise ConfigurationError(msg) from None


def _sound(tokens: Tokens) -> bool:
    """Tell whether values of the right types can be what was once written: anybody may have edited them since.

    A token with a line end would end up in the message that says it cannot be sent; a time beyond all calendars is
    none.
    """
    moments = (
        tokens.refresh_issued,
        tokens.access_issued,
        tokens.tried_at,
        tokens.again,
        tokens.other_at,
        tokens.expires_in,
    )
    return (
        is_token(tokens.refresh_token or "-")
        and is_token(tokens.access_token or "-")
        and all(moment is None or 0 <= moment <= _END_OF_TIME for moment in moments)
    )


def newer(place: str) -> ConfigurationError:
    """Return the failure of a store that a later version of this tap has written."""
    return ConfigurationError(
        f"The token store {place} was written by a newer version of this tap."
        " Upgrade this one, or set `store` elsewhere."
    )


def damaged(place: str) -> ConfigurationError:
    """Return the failure of a store that holds something else, or only a part."""
    return ConfigurationError(
        f"The token store {place} does not hold a connection of this tap."
        " If it is damaged, delete it and connect again; if it belongs to something else, set `store` elsewhere."
    )


def _document(content: bytes, place: str) -> dict[str, Any]:
    try:
        document: Any = msgspec.json.decode(
            content
        )  # stricter than json: no NaN, which would make a token eternal
    except (msgspec.DecodeError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise damaged(place)
    return document


def _fernet(keys: Sequence[str]) -> MultiFernet:
    try:
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415  an extra
    except ImportError:
        msg = '`store_key` needs an extra: pip install "tap-exact-online[encryption]".'
        raise ConfigurationError(msg) from None
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        msg = (
            "`store_key` does not hold Fernet keys, which are 44 characters each. Make one with: python -c"
            ' "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        )
        raise ConfigurationError(msg) from None
