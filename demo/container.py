"""What `compose.yaml` runs beside the sandbox: the pipeline, connected to it, and a day of changes in its books.

Both find the sandbox by the file that it writes when it is ready: `SANDBOX_READY_FILE`, at the address `SANDBOX_URL`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from demo import changes
from tap_exact_online.sandbox.control import Control


@click.group()
def main() -> None:
    """Work with a sandbox that runs in another container."""


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--ready-file", envvar="SANDBOX_READY_FILE", required=True, type=click.Path(path_type=Path))
@click.option("--url", envvar="SANDBOX_URL", required=True)
def connected(command: tuple[str, ...], ready_file: Path, url: str) -> None:
    """Run a command in the environment `demo` of `meltano.yml`, connected to the sandbox."""
    facts = json.loads(ready_file.read_bytes())
    names = ("client_id", "client_secret", "refresh_token")
    given = {f"DEMO_{name.upper()}": facts[name] for name in names}
    os.execvpe(command[0], command, {**os.environ, "DEMO_BASE_URL": url, **given})  # noqa: S606  a command line as given


@main.command("changes")
@click.option("--url", envvar="SANDBOX_URL", required=True)
def changes_command(url: str) -> None:
    """Change the books of the first company as a day does."""
    control = Control(url)
    division = control.divisions()[0]["Code"]
    outcome = changes.apply(control, division)
    click.echo(f"In division {division}\n{changes.describe(outcome)}")


if __name__ == "__main__":
    main()
