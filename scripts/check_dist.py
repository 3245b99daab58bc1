"""Check what would be published: the files in it, what it says about itself, and that it runs once installed.

Usage: python scripts/check_dist.py FOLDER
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from email.message import Message
from email.parser import Parser
from pathlib import Path

from tap_exact_online.ledger.package import files

ROOT = Path(__file__).parents[1]
PACKAGE = "tap_exact_online"
LEDGER = f"{PACKAGE}/ledger/package"
"""Where the dbt package is in the wheel."""
_MEBIBYTE = 1 << 20
_VERSION = "Programming Language :: Python :: "
_COMMANDS = (
    ("tap-exact-online", "--version"),
    ("tap-exact-online", "--about"),
    ("tap-exact-online", "--discover"),
    ("exact-online", "--help"),
    ("exact-online", "deletes", "--dialect=duckdb"),
    ("exact-online", "ledger", "init", "books", "--force"),
)
# What each extra is for; without the extra it fails.
_EXTRAS = {
    "duckdb": "import duckdb",
    "encryption": "import cryptography.fernet",
    "object": "import obstore",
    "postgres": "import psycopg",
    "sandbox": "import tap_exact_online.sandbox.server",
}


def wheel_faults(wheel: Path) -> list[str]:
    """Return what is wrong with the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        facts = Parser().parsestr(archive.read(metadata).decode())
    ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / PACKAGE).rglob("*") if path.is_file()}
    ours = {name for name in ours if "__pycache__" not in name}
    models = {f"{LEDGER}/{name}" for name in files(ROOT / "dbt")}
    ours |= models
    foreign = [name for name in names if not name.startswith((f"{PACKAGE}/", f"{PACKAGE}-"))]
    foreign += [name for name in names - models if name.startswith(f"{LEDGER}/")]
    faults = [f"the wheel lacks {name}" for name in sorted(ours - names)]
    faults += [f"the wheel holds {name}, which is not part of the package" for name in sorted(foreign)]
    if f"{PACKAGE}/py.typed" not in names:
        faults.append("the wheel lacks py.typed")
    return faults + _metadata_faults(facts)


def _metadata_faults(facts: Message) -> list[str]:
    wanted = (
        "Name",
        "Version",
        "Summary",
        "License-Expression",
        "License-File",
        "Requires-Python",
        "Classifier",
    )
    faults = [f"the metadata has no {field}" for field in wanted if not facts[field]]
    if not str(facts.get_payload()).strip():
        faults.append("the metadata has no description")
    return faults


def sdist_faults(sdist: Path) -> list[str]:
    """Return what is wrong with the source archive."""
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    faults = [
        f"the source archive lacks {name}"
        for name in ("pyproject.toml", "LICENSE", "README.md")
        if name not in names
    ]
    leaked = [
        name
        for name in names
        if name.split("/")[0] in {".env", ".demo", ".meltano", ".venv", "dist", "output"}
    ]
    faults += [f"the source archive holds {name}" for name in sorted(leaked)]
    if sdist.stat().st_size > 5 * _MEBIBYTE:
        faults.append(f"the source archive is {sdist.stat().st_size / _MEBIBYTE:.1f} MiB")
    return faults


def pythons(wheel: Path) -> dict[str, Path | None]:
    """Return where each Python version that the wheel names is on this machine, or None."""
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        facts = Parser().parsestr(archive.read(metadata).decode())
    named = [each.rsplit(" :: ", 1)[1] for each in facts.get_all("Classifier", []) if _VERSION in each]
    return {version: _python(version) for version in named if "." in version}


def _python(version: str) -> Path | None:
    found = _uv("python", "find", "--no-python-downloads", "--system", version, check=False).stdout.strip()
    if found:
        return Path(found)
    # uv looks through PATH only, and pyenv has there what was chosen with it.
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return next(iter(sorted(root.glob(f"versions/{version}.*/bin/python"))), None)


def _uv(*arguments: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("uv"))
    return subprocess.run(  # noqa: S603
        [program, *arguments], check=check, capture_output=True, text=True, env={**os.environ, **variables}
    )


def installed_faults(package: str, python: Path, commands: Iterable[tuple[str, ...]]) -> list[str]:
    """Install a package into an environment of its own, and return which commands do not run there."""
    with tempfile.TemporaryDirectory() as folder:
        _uv("venv", "--quiet", "--python", str(python), folder)
        _uv("pip", "install", "--quiet", "--python", f"{folder}/bin/python", package)
        return _command_faults(Path(folder, "bin"), commands, f"of {package} on {python}")


def tool_faults(wheel: Path) -> list[str]:
    """Install the wheel as a tool, and return which of its commands do not run."""
    with tempfile.TemporaryDirectory() as folder:
        _uv("tool", "install", str(wheel), UV_TOOL_DIR=f"{folder}/tools", UV_TOOL_BIN_DIR=f"{folder}/bin")
        return _command_faults(Path(folder, "bin"), _COMMANDS, "of the tool")


def _command_faults(folder: Path, commands: Iterable[tuple[str, ...]], where: str) -> list[str]:
    faults = []
    for command in commands:
        done = subprocess.run(  # noqa: S603
            [folder / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            faults.append(f"`{' '.join(command)}` {where} fails:\n{done.stderr.strip()}")
    return faults


def running_faults(wheel: Path, sdist: Path) -> list[str]:
    """Install both in every way that is offered, and return what does not run."""
    here = Path(sys.executable)
    faults = [*installed_faults(str(sdist), here, _COMMANDS), *tool_faults(wheel)]
    for version, python in pythons(wheel).items():
        if python is None:
            print(f"Python {version} is not on this machine: not tried there")
        else:
            faults += installed_faults(str(wheel), python, _COMMANDS)
    for extra, code in _EXTRAS.items():
        if not installed_faults(str(wheel), here, [("python", "-c", code)]):
            faults.append(f"the extra [{extra}] is needless: `{code}` works without it")
        faults += installed_faults(f"{wheel}[{extra}]", here, [("python", "-c", code)])
    return faults


def main() -> int:
    """Check the one wheel and the one source archive in a folder."""
    folder = Path(sys.argv[1])
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    faults = [*wheel_faults(wheel), *sdist_faults(sdist), *running_faults(wheel, sdist)]
    for fault in faults:
        print(f"{folder}: {fault}")
    if not faults:
        print(f"{wheel.name} and {sdist.name} are fit to publish")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
