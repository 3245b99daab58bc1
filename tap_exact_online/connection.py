"""From settings to where the connection is kept, and to a client that can read."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from tap_exact_online.auth.exchange import Exchange
from tap_exact_online.auth.form import Form
from tap_exact_online.auth.health import Health
from tap_exact_online.auth.rotation import Rotation
from tap_exact_online.auth.stores import Store, open_store, state_file
from tap_exact_online.auth.stores.file import FileStore
from tap_exact_online.auth.tokens import fingerprint
from tap_exact_online.evidence import Recorder, both
from tap_exact_online.reading import Client, Limits, Patience
from tap_exact_online.settings import Settings
from tap_exact_online.wire import Transport, Watcher


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

    def health(self, now: float) -> Health:
        """Look at what is stored. Nothing is sent to Exact, and no token is spent.

        Args:
            now: The time in epoch seconds.

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
            now=now,
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
    store = open_store(settings.store, form, state_file(settings.server, settings.client_id))
    emergency = FileStore(state_file(settings.server, settings.client_id, "emergency"), form)
    return Kept(settings, form.owner, store, emergency)


def connect(
    settings: Settings,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    rest: Callable[[float], None] | None = None,
    watch: Watcher | None = None,
) -> Client:
    """Return a client for the server and the app of the settings. Nothing is sent before it is used.

    Args:
        settings: The checked settings.
        clock: Returns the time in epoch seconds.
        sleep: Waits for a number of seconds.
        rest: The same where Exact's limits are what is waited for; None for `sleep`.
        watch: Is told of every answer of the API, besides a recorder where the settings want one.

    Raises:
        ConfigurationError: The setting `store` names no kind of store, or `record` no folder that can be used.
    """
    places = kept(settings)
    rotation = Rotation(
        store=places.store,
        exchange=Exchange(settings.base_url, settings.client_id, settings.client_secret, sleep),
        owner=places.owner,
        seed=settings.refresh_token,
        clock=clock,
        sleep=sleep,
        emergency=places.emergency,
    )
    recorder = None if settings.record is None else Recorder(settings.record, settings.base_url)
    transport = Transport(f"tap-exact-online/{version('tap-exact-online')}", both(recorder, watch))
    limits = Limits(clock, settings.reserved_calls)
    return Client(
        settings.base_url,
        rotation,
        limits,
        clock,
        sleep,
        transport,
        Patience(settings.maintenance),
        rest=rest,
    )
