"""`exact-online ledger`: the dbt package that makes a ledger of the rows, written into a project, or built."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import platformdirs

from tap_exact_online.cli import running
from tap_exact_online.cli.certificate import certificate_of, of_a_ledger, show_certificate
from tap_exact_online.errors import ConfigurationError, TapError, joined
from tap_exact_online.ledger import building, package
from tap_exact_online.ledger.building import Job
from tap_exact_online.ledger.databases import parts_of
from tap_exact_online.ledger.package import Act
from tap_exact_online.ledger.profile import DATABASES, profile
from tap_exact_online.spoken import unstopped
from tap_exact_online.surroundings import how_to_build
from tap_exact_online.telling import words

_FOLDER = "ledger"
_PROFILES = "profiles.yml"


@click.group("ledger")
def command() -> None:
    """Make a ledger of the rows that were loaded: trial balance, statements, open items, and the certificate.

    The dbt package comes with the tap. `build` builds it as it is, `init` writes it into a project, to be changed there.

    Exit codes: those of the command; `exact-online ledger COMMAND --help` tells them.
    """


@command.command("init", short_help="Write the dbt package into a folder, to change it.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=_FOLDER)
@click.option(
    "--database",
    type=click.Choice(DATABASES),
    default=DATABASES[0],
    show_default=True,
    help="Where the rows are.",
)
@click.option("--force", is_flag=True, help="Write anew also what you changed.")
def init(*, folder: Path, database: str, force: bool) -> None:
    """Write the dbt package into FOLDER, `ledger` unless said otherwise, with a profile for the database. Needs no network.

    Run it again after an update: what you did not touch is brought up to date, what you changed is kept and listed.

    Exit codes: 0 written; 2 an option or the folder cannot be used.
    """
    wanted = package.files(package.folder())
    wanted |= {_PROFILES: profile(database).encode()}
    noted = package.read_note(folder)
    try:
        if noted is None and folder.is_dir() and any(folder.iterdir()) and not force:
            msg = (
                f"{folder} is not empty, and this command has not written it: give a folder of its own, or --force to write into"
                " this one."
            )
            raise ConfigurationError(msg)
        there = package.present(folder, {*wanted, *(noted or {})})
        decided = package.steps(wanted, there, noted or {}, force=force)
        package.write(folder, wanted, decided, noted or {})
    except OSError as error:
        msg = f"{folder} cannot be written: {unstopped(error.strerror)}."
        raise ConfigurationError(msg) from None
    for line in _told(folder, decided):
        click.echo(line)
    click.echo(_NEXT.format(folder=folder, leads=_LEADS[database]))


def _told(folder: Path, decided: Sequence[package.Step]) -> Iterator[str]:
    """Say what became of the files."""
    paths = {act: [step.path for step in decided if step.act is act] for act in Act}
    parts = [f"{words.counted(len(paths[act]), 'file')} {act.value}" for act in Act if paths[act]]
    yield f"The dbt package is in {folder}: {', '.join(parts)}."
    if paths[Act.KEEP]:
        yield "Kept, because you changed them (--force writes them anew):"
        yield from (f"  {path}" for path in paths[Act.KEEP])


_LEADS: Mapping[str, str] = {
    "postgres": "PostgreSQL is found by PGHOST, PGUSER and so on, or by EXACT_ONLINE_LEDGER_URL.",
    "duckdb": "Say in EXACT_ONLINE_LEDGER_DUCKDB which file the rows are in.",
}
_NEXT = """
Next: {leads}

  exact-online ledger build {folder}
  exact-online certificate

In a dbt project of your own, name it in packages.yml, and run `dbt deps`:

  packages:
  - local: {folder}"""


@dataclass(frozen=True, slots=True)
class _Dbt:
    """dbt, which ends when we are to."""

    program: str
    environment: Mapping[str, str]
    signals: running.Signals
    leash: running.Leash

    def run(self, arguments: Sequence[str]) -> int:
        """Run it to its end; return its exit code."""
        sys.stdout.flush()
        command = [self.program, *arguments]
        code = running.run(command, self.environment, self.leash, lambda: self.signals.came is not None)
        if self.signals.came is not None:
            raise SystemExit(self.signals.exit_code)
        return code


@command.command("build", short_help="Build the ledger with dbt, and show the certificate.")
@click.argument(
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=False,
    envvar="EXACT_ONLINE_LEDGER_FOLDER",
)
@click.option("--no-tests", is_flag=True, help="Leave out the tests: models and certificate only.")
@click.option(
    "--vars",
    "given",
    default="{}",
    envvar="EXACT_ONLINE_LEDGER_VARS",
    metavar="JSON",
    help='Variables of the package, such as {"divisions": [1]}; the prefix exact_online_ may be left out.',
)
@click.option(
    "--source-schema",
    envvar=["EXACT_ONLINE_LEDGER_SOURCE_SCHEMA", "EXACT_ONLINE_DELETES_SCHEMA"],
    metavar="NAME",
    help="Where the rows are that the loader wrote. Default: as dbt_project.yml says, exact_online.",
)
@click.option(
    "--prefix",
    envvar="EXACT_ONLINE_DELETES_PREFIX",
    help="What the loader puts in front of the tables' names.",
)
@click.option(
    "--case",
    type=click.Choice(["as-is", "lower", "upper"]),
    envvar="EXACT_ONLINE_DELETES_CASE",
    help="How the loader spells names, of columns too.",
)
@of_a_ledger
def build(  # noqa: PLR0913 - one for each option
    *,
    folder: Path | None,
    no_tests: bool,
    given: str,
    source_schema: str | None,
    prefix: str | None,
    case: str | None,
    url: str | None,
    duckdb: Path | None,
    schema: str,
) -> None:
    """Build the ledger with dbt: all models, then all tests; then show the certificate, whatever the tests said.

    FOLDER is where `exact-online ledger init` wrote the package. Without it, the package that came with the tap is built as
    it is. dbt has to be there: install dbt-core and dbt-postgres, or dbt-duckdb, beside the tap. Nothing is looked up elsewhere.

    Exit codes: 0 built, the tests pass and nothing differs; 1 the ledger cannot be built, a test fails, or the certificate does;
    2 an option cannot be used; 143 terminated (130 after Ctrl-C).
    """
    variables = building.variables(source_schema, prefix, case, _object(given or "{}"))
    environment = {
        "DBT_USE_COLORS": str(sys.stdout.isatty()),  # dbt colours a log, too
        **_leading(url or "", duckdb, schema),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    target = "duckdb" if duckdb else "postgres"
    program = _dbt()
    running.check([program])
    signals, leash = running.Signals(), running.Leash()
    try:
        dbt = _Dbt(program, environment, signals, leash)
        with signals.noted(), _places(folder, target) as (project, profiles, kept):
            # What dbt itself is told of where to put things counts.
            made, logs = (
                kept / name if kept and variable not in os.environ else None
                for name, variable in (("target", "DBT_TARGET_PATH"), ("logs", "DBT_LOG_PATH"))
            )
            job = Job(project, profiles, made, logs, target, variables)
            if dbt.run(job.models()):
                msg = "dbt could not build the ledger: what it says is above. Nothing was compared."
                raise TapError(msg)
            failed = not no_tests and bool(dbt.run(job.tests()))
    finally:
        leash.close()
    found = certificate_of(url, duckdb, schema)
    code = found.exit_code()
    click.echo()
    show_certificate(found, code)
    if failed:
        click.echo("Error: tests of the ledger fail: dbt names them above.", err=True)
    raise SystemExit(code or int(failed))


def _object(text: str) -> dict[str, Any]:
    """Read the variables.

    Raises:
        ConfigurationError: They are no JSON object.
    """
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        msg = '--vars: give a JSON object, for example {"divisions": [1, 2]}.'
        raise ConfigurationError(msg)
    return found


def _dbt() -> str:
    """Return the program: beside ours, where both are installed into one environment, or else on PATH."""
    beside = Path(sys.executable).with_name("dbt")
    program = str(beside) if beside.is_file() else shutil.which("dbt")
    if program is None:
        told = (
            'dbt is not there. Install it beside the tap: pip install "dbt-core<1.12" dbt-postgres, or dbt-duckdb for DuckDB; with'
            ' uv: uv tool install --force "tap-exact-online[postgres]" --with "dbt-core<1.12" --with dbt-postgres.'
        )
        here = how_to_build()
        msg = joined(told, f"In this project use `{here}`." if here.startswith("meltano") else "")
        raise ConfigurationError(msg)
    return program


def _leading(url: str, duckdb: Path | None, schema: str) -> dict[str, str]:
    """Return the environment that leads dbt to the database.

    Raises:
        ConfigurationError: The address is none.
    """
    environment = {**os.environ, "EXACT_ONLINE_LEDGER_SCHEMA": schema}
    if duckdb is not None:
        return {**environment, "EXACT_ONLINE_LEDGER_DUCKDB": str(duckdb.resolve())}
    if not url:
        return environment
    return building.reaching(*parts_of(url), environment)


@contextmanager
def _places(folder: Path | None, target: str) -> Iterator[tuple[Path, Path, Path | None]]:
    """Provide the folders of the package, of the profile, and of what dbt makes: None for the package's own.

    Raises:
        ConfigurationError: The folder holds no package.
    """
    if folder is not None:
        if not (folder / "dbt_project.yml").is_file():
            msg = (
                f"There is no dbt package in {folder}: write it there with exact-online ledger init {folder}."
            )
            raise ConfigurationError(msg)
        click.echo(f"Building the ledger of {folder}.")
        yield folder.resolve(), folder.resolve(), None
        return
    click.echo("Building the ledger as it came with the tap.")
    with tempfile.TemporaryDirectory(prefix="exact-online-ledger-") as profiles:
        Path(profiles, _PROFILES).write_text(profile(target), encoding="utf-8")
        yield package.folder(), Path(profiles), _kept() or Path(profiles)


def _kept() -> Path | None:
    """Return where dbt keeps what makes the next build quicker, or None where nothing can be kept."""
    place = platformdirs.user_cache_path("tap-exact-online") / _FOLDER
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return place if os.access(place, os.W_OK) else None
