"""Where the settings keep the connection, and how it is doing."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tap_exact_online.auth import tries
from tap_exact_online.auth.form import Form
from tap_exact_online.auth.haven import Haven
from tap_exact_online.auth.health import Health
from tap_exact_online.auth.stores import Store, state_file
from tap_exact_online.auth.tokens import Tokens, fingerprint
from tap_exact_online.connection import store_of
from tap_exact_online.settings import Settings
from tap_exact_online.spoken import keep_secret


@dataclass(frozen=True, slots=True)
class Kept:
    """The places of a connection.

    Attributes:
        settings: The settings that name them.
        owner: The fingerprint that what is stored must carry.
        store: The store.
        haven: Where a token waits that the store did not take.
    """

    settings: Settings
    owner: str
    store: Store
    haven: Haven

    def health(self) -> Health:
        """Look at what is stored. Nothing is sent to Exact, and no token is spent.

        Raises:
            ConfigurationError: The store cannot be read, or holds something else.
        """
        stored = self.store.read()
        saved = self.left(stored)
        return Health(
            place=self.store.place,
            server=self.settings.server,
            now=time.time(),
            tokens=saved or stored,
            seed=self.settings.refresh_token,
            saved=self.haven.place(saved) if saved else None,
        )

    def left(self, stored: Tokens | None) -> Tokens | None:
        """Return what came of the stored token (or of the seed) and waits elsewhere on this machine, if anything does."""
        spent = tries.awaited(stored, self.settings.refresh_token)
        return tries.newest([*self.store.leftovers(), *self.haven.find(spent)], spent)


def kept(settings: Settings) -> Kept:
    """Return where the settings keep the connection. Nothing is touched yet.

    Raises:
        ConfigurationError: The setting `store` names no kind of store.
    """
    keep_secret(settings.client_secret, settings.refresh_token, *settings.store_keys)
    form = Form(fingerprint(settings.client_id, settings.server), settings.store_keys)
    haven = Haven(state_file(settings.server, settings.client_id, "emergency"), form)
    return Kept(settings, form.owner, store_of(settings, form), haven)
