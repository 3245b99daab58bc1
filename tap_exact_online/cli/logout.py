"""`exact-online logout`: forget the connection."""

from __future__ import annotations

import sys

import click

from tap_exact_online.cli.options import has_terminal, with_settings
from tap_exact_online.connection import kept
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.settings import Settings
from tap_exact_online.wire import APP_PERMISSIONS


@click.command("logout")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_settings
def command(settings: Settings, *, yes: bool) -> None:
    """Forget the stored connection. The next run needs a new login.

    Exact Online is not told: it goes on listing the app under user menu > My Exact Online > Security Centre > My
    app's permissions, where you can remove it.

    Exit codes: 0 nothing is stored any more; 1 not confirmed; 2 a setting or the store cannot be used, or
    there is no terminal to ask on and no --yes.
    """
    places = kept(settings)
    place = places.store.place
    stored = places.store.read()
    left = places.left(stored)
    if stored is None and left is None:
        click.echo(f"Nothing is stored in {place}.")
    else:
        if not yes:
            if not has_terminal():
                msg = "There is no terminal to ask on: confirm with --yes."
                raise ConfigurationError(msg)
            question = f"Forget the connection in {place}? Everything that shares it needs a new login then."
            click.confirm(question, abort=True, err=not sys.stdout.isatty())
        with places.store.lock():
            try:
                places.store.forget()
                if left is not None:
                    places.haven.drop(left)
            except OSError as error:
                msg = f"The token store {place} cannot be removed ({error.strerror or error}). Check its rights."
                raise ConfigurationError(msg) from error
        click.echo(f"Forgotten: nothing is stored in {place} any more.")
        click.echo(f"Exact Online was not told and still lists the app. Remove it there: {APP_PERMISSIONS}.")
    if settings.refresh_token:
        click.echo("The setting `refresh_token` is still set: the next run starts from it. Remove it too.")
