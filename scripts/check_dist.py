"""Check what would be published: the files in it, what it says about itself, and that it runs once installed.

Usage: python scripts/check_dist.py FOLDER
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "tap_exact_online"
_MEBIBYTE = 1 << 20


def wheel_faults(wheel: Path) -> list[str]:
    """Return what is wrong with the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        facts = Parser().parsestr(archive.read(metadata).decode())
    ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / PACKAGE).rglob("*") if path.is_file()}
    ours = {name for name in ours if "__pycache__" not in name}
    foreign = [name for name in names if not name.startswith((f"{PACKAGE}/", f"{PACKAGE}-"))]
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


def running_faults(wheel: Path) -> list[str]:
    """Install the wheel alone, without any extra, and return what does not run."""
    with tempfile.TemporaryDirectory() as folder:
        uv = str(Path(sys.executable).with_name("uv"))
        python = Path(folder, "bin", "python")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)  # noqa: S603
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), str(wheel)], check=True)  # noqa: S603
        faults = []
        for command in (
            ("tap-exact-online", "--version"),
            ("tap-exact-online", "--about"),
            ("exact-online", "--help"),
        ):
            program = str(python.with_name(command[0]))
            done = subprocess.run(  # noqa: S603
                [program, *command[1:]], cwd=folder, capture_output=True, text=True, check=False
            )
            if done.returncode:
                faults.append(f"`{' '.join(command)}` fails once installed:\n{done.stderr.strip()}")
    return faults


def main() -> int:
    """Check the one wheel and the one source archive in a folder."""
    folder = Path(sys.argv[1])
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    faults = [*wheel_faults(wheel), *sdist_faults(sdist), *running_faults(wheel)]
    for fault in faults:
        print(f"{folder}: {fault}")
    if not faults:
        print(f"{wheel.name} and {sdist.name} are fit to publish")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
