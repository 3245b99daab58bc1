"""A Meltano project that several processes run at once: each gets a system folder of its own.

Meltano writes catalog, configuration and state of a plugin to `.meltano/run/<plugin>/`, whoever runs it: of two runs in one
folder, one may read what the other wrote. Everything else in `.meltano` (plugins, the system database, state files) is
shared by links, so nothing is installed twice and no state is lost.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

_ROOT, _SYSTEM = "MELTANO_PROJECT_ROOT", "MELTANO_SYS_DIR_ROOT"
_SUFFIX = "MELTANO_RUN_STATE_ID_SUFFIX"
_OWN = "run"
# What Meltano may make only once a worker runs: it is to be there for all of them, also when the worker has ended.
_FOLDERS = ("extractors", "loaders", "mappers", "utilities")
_DATABASE = "meltano.db"


def own_state(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variable that gives a `meltano run` a state of its own. A suffix that is set already stays in front."""
    given = environment.get(_SUFFIX)
    return {_SUFFIX: f"{given}-{name}" if given else name}


@contextmanager
def own_system_folder(project: Path | None, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Make a system folder for one worker, and remove it at the end.

    Args:
        project: The Meltano project; None: there is none, and nothing to do.
        environment: The environment, which may name another system folder than the project's own.

    Yields:
        The variables that lead Meltano to it.
    """
    if project is None:
        yield {}
        return
    shared = Path(environment.get(_SYSTEM) or project / ".meltano").resolve()
    with tempfile.TemporaryDirectory(prefix="exact-online-work-", ignore_cleanup_errors=True) as folder:
        own = Path(folder).resolve()
        for name in _FOLDERS:
            with suppress(OSError):  # a project that cannot be written has what it needs
                (shared / name).mkdir(parents=True, exist_ok=True)
        names = {path.name for path in shared.iterdir()} if shared.is_dir() else set[str]()
        for name in {*names, _DATABASE} - {_OWN}:
            (own / name).symlink_to(shared / name)
        (own / _OWN).mkdir()
        try:
            yield {_ROOT: str(project.resolve()), _SYSTEM: str(own)}
        finally:
            _bring_home(own, shared)


def _bring_home(own: Path, shared: Path) -> None:
    """Move what a command made in its own folder to where the next one looks for it, and nobody else has made."""
    for path in own.iterdir():
        home = shared / path.name
        if path.name != _OWN and not path.is_symlink() and not home.exists():
            with suppress(OSError):
                shutil.move(path, home)
