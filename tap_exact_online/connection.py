"""From settings to a client that can read."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import version

from tap_exact_online.auth.exchange import Exchange
from tap_exact_online.auth.form import Form
from tap_exact_online.auth.haven import Haven
from tap_exact_online.auth.rotation import Rotation
from tap_exact_online.auth.stores import Store, open_store, state_file
from tap_exact_online.auth.tokens import fingerprint
from tap_exact_online.reading import Client, Limits, Patience
from tap_exact_online.settings import Settings
from tap_exact_online.spoken import keep_secret
from tap_exact_online.wire import Transport


def connect(
    settings: Settings,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    rest: Callable[[float], None] | None = None,
) -> Client:
    """Return a client for the server and the app of the settings. Nothing is sent before it is used.

    Args:
        settings: The checked settings.
        clock: Returns the time in epoch seconds.
        sleep: Waits for a number of seconds.
        rest: The same where Exact's limits are what is waited for; None for `sleep`.

    Raises:
        ConfigurationError: The setting `store` names no kind of store.
    """
    keep_secret(settings.client_secret, settings.refresh_token, *settings.store_keys)
    form = Form(fingerprint(settings.client_id, settings.server), settings.store_keys)
    rotation = Rotation(
        store=store_of(settings, form),
        exchange=Exchange(settings.base_url, settings.client_id, settings.client_secret, sleep),
        owner=form.owner,
        seed=settings.refresh_token,
        clock=clock,
        sleep=sleep,
        haven=Haven(state_file(settings.server, settings.client_id, "emergency"), form),
        patience=settings.maintenance,
    )
    transport = Transport(f"tap-exact-online/{version('tap-exact-online')}")
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


def store_of(settings: Settings, form: Form) -> Store:
    """Return the store that the settings name.

    Raises:
        ConfigurationError: The setting `store` names no kind of store.
    """
    return open_store(settings.store, form, state_file(settings.server, settings.client_id))
