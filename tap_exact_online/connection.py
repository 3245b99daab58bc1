"""From settings to where the connection is kept, and to a client that can read."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from tap_exact_online.auth import tries
from tap_exact_online.auth.exchange import Exchange
from tap_exact_online.auth.form import Form
from tap_exact_online.auth.haven import Haven
from tap_exact_online.auth.health import Health
from tap_exact_online.auth.rotation import Rotation
from tap_exact_online.auth.stores import Store, open_store, state_file
from tap_exact_online.auth.tokens import Tokens, fingerprint
from tap_exact_online.board import Board, open_board
from tap_exact_online.evidence import Recorder, both
from tap_exact_online.reading import Budget, Client, Limits, Patience
from tap_exact_online.settings import Settings
from tap_exact_online.spoken import keep_secret
from tap_exact_online.wire import Transport, Watcher


@dataclass(frozen=True, slots=True)
class Kept:
    """The places of a connection.

    Attributes:
        settings: The settings that name them.
        owner: The fingerprint that what is stored must carry.
        store: The store.
        haven: Where a token waits that the store did not take.
        board: What all processes of the connection share beside the tokens.
    """

    settings: Settings
    owner: str
    store: Store
    haven: Haven
    board: Board

    def health(self, now: float) -> Health:
        """Look at what is stored. Nothing is sent to Exact, and no token is spent.

        Args:
            now: The time in epoch seconds.

        Raises:
            ConfigurationError: The store cannot be read, or holds something else.
        """
        stored = self.store.read()
        saved = self.left(stored)
        return Health(
            place=self.store.place,
            server=self.settings.server,
            now=now,
            tokens=saved or stored,
            seed=self.settings.refresh_token,
            saved=self.haven.place(saved) if saved else None,
        )

    def left(self, stored: Tokens | None) -> Tokens | None:
        """Return what came of the stored token (or of the seed) and waits elsewhere on this machine, if anything does."""
        spent = tries.awaited(stored, self.settings.refresh_token)
        return tries.newest([*self.store.leftovers(), *self.haven.find(spent)], spent)

    def budget(self, clock: Callable[[], float] = time.time) -> Budget:
        """Return the calls of the contract, as all processes count them.

        Args:
            clock: Returns the time in epoch seconds.
        """
        return Budget(self.settings.contract_calls, self.settings.spread, self.board, clock)

    def connect(
        self,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        rest: Callable[[float], None] | None = None,
        watch: Watcher | None = None,
    ) -> Client:
        """Return a client for the server and the app of the settings. Nothing is sent before it is used.

        Args:
            clock: Returns the time in epoch seconds.
            sleep: Waits for a number of seconds.
            rest: The same where Exact's limits are what is waited for; None for `sleep`.
            watch: Is told of every answer of the API, besides a recorder where the settings want one.

        Raises:
            ConfigurationError: The setting `record` names no folder that can be used.
        """
        settings = self.settings
        rotation = Rotation(
            store=self.store,
            exchange=Exchange(settings.base_url, settings.client_id, settings.client_secret, sleep),
            owner=self.owner,
            seed=settings.refresh_token,
            clock=clock,
            sleep=sleep,
            haven=self.haven,
            patience=settings.maintenance,
        )
        recorder = None if settings.record is None else Recorder(settings.record, settings.base_url)
        transport = Transport(f"tap-exact-online/{version('tap-exact-online')}", both(recorder, watch))
        return Client(
            settings.base_url,
            rotation,
            Limits(clock, settings.reserved_calls),
            clock,
            sleep,
            transport,
            Patience(settings.maintenance),
            rest=rest,
            budget=self.budget(clock),
        )


def kept(settings: Settings) -> Kept:
    """Return where the settings keep the connection. Nothing is touched yet.

    Raises:
        ConfigurationError: The setting `store` names no kind of store.
    """
    keep_secret(settings.client_secret, settings.refresh_token, *settings.store_keys)
    form = Form(fingerprint(settings.client_id, settings.server), settings.store_keys)
    default = state_file(settings.server, settings.client_id)
    store = open_store(settings.store, form, default)
    board = open_board(settings.store, form.owner, default)
    haven = Haven(state_file(settings.server, settings.client_id, "emergency"), form)
    return Kept(settings, form.owner, store, haven, board)
