"""`exact-online status`: how the connection is doing, without using it."""

from __future__ import annotations

import json
import time

import click

from tap_exact_online.cli.options import with_settings
from tap_exact_online.connection import kept
from tap_exact_online.settings import Settings


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object, for monitoring.")
@with_settings
def command(settings: Settings, *, as_json: bool) -> None:
    """Show where the connection is kept, how old it is and who used it last.

    Nothing is sent to Exact Online, no token is spent and none is shown. From the 20th day without a run a warning
    says when the connection lapses.

    Exit codes: 0 the next run can work, with or without a warning; 3 a login is needed; 2 a setting or the store cannot
    be used.
    """
    health = kept(settings).health(time.time())
    if as_json:
        click.echo(json.dumps(health.document(), indent=1))
    else:
        click.echo("\n".join(health.lines()))
    raise SystemExit(health.exit_code)
