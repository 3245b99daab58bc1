"""Where the settings keep the connection, and how it is doing."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tap_exact_online.auth.form import Form
from tap_exact_online.auth.health import Health
from tap_exact_online.auth.stores import Store, state_file
from tap_exact_online.auth.stores.file import FileStore
from tap_exact_online.auth.tokens import fingerprint
from tap_exact_online.connection import store_of
from tap_exact_online.settings import Settings


@dataclass(frozen=True, slots=True)
class Kept:
    """The places of a connection.

    Attributes:
        settings: The settings that name them.
        owner: The fingerprint that what is stored must carry.
        store: The store.
        emergency: Where a token waits that the store did not take.
    """

    settings: Settings
    owner: str
    store: Store
    emergency: Store

    def health(self) -> Health:
        """Look at what is stored. Nothing is sent to Exact, and no token is spent.

        Raises:
            ConfigurationError: The store cannot be read, or holds something else.
        """
        stored, saved = self.store.read(), self.emergency.read()
        waits = (
            stored is not None and saved is not None and saved.previous == fingerprint(stored.refresh_token)
        )
        return Health(
            place=self.store.place,
            server=self.settings.server,
            now=time.time(),
            tokens=saved if waits else stored,
            seed=self.settings.refresh_token,
            saved=self.emergency.place if waits else None,
        )


def kept(settings: Settings) -> Kept:
    """Return where the settings keep the connection. Nothing is touched yet.

    Raises:
        ConfigurationError: The setting `store` names no kind of store.
    """
    form = Form(fingerprint(settings.client_id, settings.server), settings.store_keys)
    emergency = FileStore(state_file(settings.server, settings.client_id, "emergency"), form)
    return Kept(settings, form.owner, store_of(settings, form), emergency)
