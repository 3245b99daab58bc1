"""Where a token waits on this machine that its store did not take."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores.file import FileStore
from tap_exact_online.auth.tokens import Tokens, fingerprint
from tap_exact_online.errors import ConfigurationError

_log = logging.getLogger("tap-exact-online.auth")


class Haven:
    """Files in the user's state folder, each named by the token that the store still holds.

    So two stores never share a file, whatever app they belong to, and what came of one token overwrites nothing but what
    came of it before.
    """

    def __init__(self, path: Path, form: Form) -> None:
        """Name the files; nothing is touched before it is needed.

        Args:
            path: What the names begin with.
            form: How a connection is written down.
        """
        self._path = path
        self._form = form

    def place(self, tokens: Tokens) -> str:
        """Return the file of a record."""
        return self._file(_root(tokens)).place

    def save(self, tokens: Tokens) -> None:
        """Keep a record."""
        self._file(_root(tokens)).write(tokens)

    def find(self, spent: frozenset[str]) -> Sequence[Tokens]:
        """Return what was saved of what came of these tokens."""
        found = []
        for each in sorted(spent):
            try:
                tokens = self._file(each).read()
            except ConfigurationError as error:
                _log.warning("%s It is left alone.", error)
            else:
                found += [tokens] if tokens else []
        return found

    def drop(self, tokens: Tokens) -> None:
        """Forget a record, and those that led to it."""
        for each in tokens.spent:
            self._file(each).forget()

    def _file(self, spent: str) -> FileStore:
        return FileStore(self._path.with_name(f"{self._path.stem}-{spent}.json"), self._form)


def _root(tokens: Tokens) -> str:
    """Return the fingerprint of the token that the store still holds."""
    return tokens.spent[-1] if tokens.spent else fingerprint(tokens.refresh_token)
