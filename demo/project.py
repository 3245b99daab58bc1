"""A copy of the Meltano project in a folder of its own.

It shares the plugins that are installed in the repository, and nothing else: its state, its logs and its database live
in its folder, and neither a `.env` file nor variables of the caller's shell reach it. So a demonstration or a test can
never write to somebody's real database.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.processes import BIN, run

ROOT = Path(__file__).resolve().parents[1]
_NEEDED = ("extractors/tap-exact-online", "loaders/target-postgres", "utilities/exact-online")
_EXTRA = ("utilities/ledger", "loaders/target-jsonl")
_FOREIGN = ("DBT_", "DEMO_", "EXACT_ONLINE_", "MELTANO_", "PG", "TAP_", "TARGET_")


class PluginsMissing(Exception):  # noqa: N818  the name says what is wrong
    """The plugins are not installed in the repository."""


@dataclass(frozen=True, slots=True)
class Project:
    """A Meltano project.

    Attributes:
        folder: Where it is.
        variables: What is set in the environment of every command, on top of the caller's own.
    """

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        """The environment of every command: the caller's, without whatever would configure Meltano or a plugin."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        return {**own, "MELTANO_AUTO_INSTALL": "false", "NO_COLOR": "1", **self.variables}

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of a Meltano command in this project."""
        return [str(BIN / "meltano"), "--log-format=uncolored", f"--cwd={self.folder}", *arguments]

    def meltano(self, *arguments: str, log: Path | None = None) -> str:
        """Run a Meltano command to its end and return what it wrote.

        Raises:
            ProgramFailed: It ended with an error; the message shows the last lines.
        """
        log = log or self.folder / "meltano.log"
        run(self.command(*arguments), log, env=self.env, cwd=self.folder)
        return log.read_text(encoding="utf-8", errors="replace")

    def keep_variables(self) -> None:
        """Write what is set in the environment of every command into `.env`, where Meltano finds it without this program."""
        file = self.folder / ".env"
        file.touch(mode=0o600)
        file.write_text(
            "".join(f"{name}='{value}'\n" for name, value in self.variables.items()), encoding="utf-8"
        )


def copy_project(folder: Path, variables: Mapping[str, str] | None = None) -> Project:
    """Make a copy of the project in a folder, which is made.

    Raises:
        PluginsMissing: The plugins are not installed in the repository yet.
    """
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "meltano.yml", folder)
    for plugin in (*_NEEDED, *_EXTRA):
        installed = ROOT / ".meltano" / plugin
        if not installed.is_dir():
            if plugin in _EXTRA:
                continue
            msg = f"The Meltano plugin {plugin} is not installed: run `make plugins` first."
            raise PluginsMissing(msg)
        link = folder / ".meltano" / plugin
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(installed, target_is_directory=True)
    return Project(folder, dict(variables or {}))
