"""What lies around the working folder: a `.env` file, a Meltano project, and so how a command of ours is run here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tap_exact_online.errors import ConfigurationError

_ROOT, _PLUGIN = "MELTANO_PROJECT_ROOT", "MELTANO_EXTRACTOR_NAME"
_TAP = "tap-exact-online"
IN_MELTANO: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("divisions", "doctor", "hint", "ledger", "login", "logout", "peek", "plan", "prepare"),
            *("status", "streams", "work"),
        ),
        "",
    ),
    # The plugin beside the tap, which knows the database.
    **dict.fromkeys(("certificate", "deletes", "verify"), "exact-online"),
}
"""The commands that `meltano.yml` has, each with the plugin that it belongs to; empty for the tap."""
_HAS_OURS = re.compile(r"\"?executable\"?: \"?exact-online\b")
_BY_PLUGIN, _BY_COMMAND = "meltano run ledger:build", "exact-online ledger build"
_RUN_BY_MELTANO = "meltano run tap-exact-online target-postgres exact-online:deletes"
_RUN_ALONE = "tap-exact-online … | target-postgres … && exact-online deletes --apply"
_HAS_LEDGER = re.compile(r"\"?args\"?: \"?ledger build\b")


def project_folder(start: Path, environment: Mapping[str, str]) -> Path | None:
    """Return the Meltano project that a command would run in: the nearest folder upwards with a `meltano.yml`, or None."""
    named = environment.get(_ROOT)
    return Path(named) if named else _upwards(start, "meltano.yml")


def env_file(start: Path) -> Path | None:
    """Return the nearest `.env` file upwards, or None."""
    folder = _upwards(start, ".env")
    return None if folder is None else folder / ".env"


def read_env_file(start: Path, environment: MutableMapping[str, str]) -> Path | None:
    """Put what the nearest `.env` file upwards says into an environment. What is there already stays, as under Meltano.

    Returns:
        The file, None where there is none.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no text.
    """
    file = env_file(start)
    if file is None:
        return None
    from dotenv.main import DotEnv  # noqa: PLC0415 - takes time, and few need it

    # Some editors put a mark in front of the first name.
    said = DotEnv(file, encoding="utf-8-sig", override=False).dict()
    for name, value in said.items():
        if value is not None:
            environment.setdefault(name, value)
    return file


@contextmanager
def postgres_extra() -> Iterator[None]:
    """Say what to install where what is imported to reach PostgreSQL is not there.

    Raises:
        ConfigurationError: It is not.
    """
    try:
        yield
    except ImportError as error:
        msg = f'PostgreSQL needs one more package: pip install "tap-exact-online[postgres]" ({error})'
        raise ConfigurationError(msg) from None


_OF_POSTGRESQL = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE")
_ADDRESS = "EXACT_ONLINE_DELETES_URL"
_OF_OURS = (_ADDRESS, "EXACT_ONLINE_LEDGER_URL")
_LOADER = "TARGET_POSTGRES_"


def reach_loader(environment: MutableMapping[str, str]) -> None:
    """Lead the commands of the database to where Meltano's loader writes, unless something says where else to look.

    `meltano.yml` does the same for the plugins beside the tap.

    Args:
        environment: The environment, into which the address and the schema are put.
    """
    if any(environment.get(name) for name in (*_OF_POSTGRESQL, *_OF_OURS)):
        return
    address = environment.get(f"{_LOADER}SQLALCHEMY_URL") or _address_of_loader(environment)
    if address:
        environment[_ADDRESS] = address
    if schema := environment.get(f"{_LOADER}DEFAULT_TARGET_SCHEMA"):
        environment.setdefault("EXACT_ONLINE_DELETES_SCHEMA", schema)


def address_told(url: str, environment: Mapping[str, str]) -> str:
    """Say what the address of a database comes from, and where to set another. It shows nothing of the address.

    Args:
        url: What was tried; empty: as PGHOST and so on say.
        environment: The environment.
    """
    before = f", or set {_ADDRESS}, which takes precedence"
    if not url:
        named = ", ".join(name for name in _OF_POSTGRESQL if environment.get(name))
        if not named:
            return f"Nothing says where it is: set PGHOST, PGUSER, PGPASSWORD and PGDATABASE, or {_ADDRESS}."
        return f"Where it is comes from {named}: correct it there{before}."
    if url == environment.get(f"{_LOADER}SQLALCHEMY_URL"):
        return f"Where it is comes from the loader's {_LOADER}SQLALCHEMY_URL: correct it there{before}."
    if url == _address_of_loader(environment):
        return f"Where it is comes from the loader's {_LOADER}HOST and so on: correct it there{before}."
    for name in _OF_OURS:
        if environment.get(name) == url:
            return f"Where it is comes from {name}: correct it there."
    return "Where it is comes from --url: correct it there."


def _address_of_loader(environment: Mapping[str, str]) -> str:
    """Put together what the loader is told in parts; empty where it is told none."""
    user, password, host, port, database = (
        quote(environment.get(f"{_LOADER}{part}") or "", safe="")
        for part in ("USER", "PASSWORD", "HOST", "PORT", "DATABASE")
    )
    if not (host or user or database):
        return ""
    login = f"{user}:{password}@" if password else f"{user}@" if user else ""
    return f"postgresql://{login}{host}{f':{port}' if port else ''}/{database}"


def how_to(command: str) -> str:
    """Return how a command of ours is run here, for a message: `exact-online login`, or what Meltano calls it.

    Args:
        command: Its name, with arguments behind it where there are some.
    """
    return named(command, Path.cwd(), os.environ)


def named(command: str, start: Path, environment: Mapping[str, str]) -> str:
    """Return how a command of ours is run in a folder.

    In a Meltano project only Meltano knows all the settings. One that was put together by hand has no commands.

    Args:
        command: Its name, with arguments behind it where there are some.
        start: The working folder.
        environment: The environment, in which Meltano tells what it calls the plugin.
    """
    name, _, arguments = command.partition(" ")
    project = project_folder(start, environment)
    if name not in IN_MELTANO or project is None or not _has_ours(project):
        return f"exact-online {command}"
    plugin = IN_MELTANO[name] or environment.get(_PLUGIN) or _TAP
    return f"meltano invoke {plugin}:{name} {arguments}".rstrip()


def how_to_run(reread: str = "") -> str:
    """Return how a run is begun here that mirrors deletes, too, for a message.

    Args:
        reread: What it is to read anew, as the setting takes it; empty for nothing.
    """
    return running_in(Path.cwd(), os.environ, reread)


def running_in(start: Path, environment: Mapping[str, str], reread: str = "") -> str:
    """Return how a run is begun in a folder that mirrors deletes, too.

    Args:
        start: The working folder.
        environment: The environment.
        reread: What it is to read anew.
    """
    again = f"TAP_EXACT_ONLINE_REREAD='{reread}' " if reread else ""
    return again + (_RUN_ALONE if project_folder(start, environment) is None else _RUN_BY_MELTANO)


def how_to_build() -> str:
    """Return how the ledger is built here, for a message."""
    return building_in(Path.cwd(), os.environ)


def building_in(start: Path, environment: Mapping[str, str]) -> str:
    """Return how the ledger is built in a folder. In a Meltano project a plugin does, which has a dbt of its own.

    Args:
        start: The working folder.
        environment: The environment.
    """
    project = project_folder(start, environment)
    has_plugin = project is not None and _HAS_LEDGER.search(_text(project / "meltano.yml"))
    return _BY_PLUGIN if has_plugin else _BY_COMMAND


def how_to_set(variables: Sequence[str]) -> str:
    """Return where settings can be put here, for a message.

    Args:
        variables: Their variables.
    """
    return settable(variables, Path.cwd(), os.environ)


def settable(variables: Sequence[str], start: Path, environment: Mapping[str, str]) -> str:
    """Return where settings can be put in a folder. A value is asked for, since one that is typed in a command is kept by the shell.

    Args:
        variables: Their variables.
        start: The working folder.
        environment: The environment, in which Meltano tells what it calls the plugin.
    """
    lines = " and ".join(f"{variable}=…" for variable in variables)
    project = project_folder(start, environment)
    plugin = environment.get(_PLUGIN) or (_TAP if project is not None and _has_ours(project) else "")
    if project is None or not plugin:
        return f"Put {lines} into the environment, into .env, or as settings into a file for --config."
    return f"Put {lines} into .env, or let `meltano config set {plugin} --interactive` ask for it."


def _has_ours(project: Path) -> bool:
    """Tell whether the tap has its commands in a project: in its file, or in the definition that came from the Hub."""
    files = [project / "meltano.yml", *(project / "plugins" / "extractors").glob("*.lock")]
    return any(_HAS_OURS.search(_text(file)) for file in files)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _upwards(start: Path, name: str) -> Path | None:
    """Return the nearest folder upwards that holds a file."""
    try:
        return next((folder for folder in (start, *start.parents) if (folder / name).is_file()), None)
    except OSError:  # a folder that may not be looked into
        return None
