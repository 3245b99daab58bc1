"""The dbt package travels inside the wheel, and is written out of it where there is no repository and no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from demo.processes import BIN
from demo.project import ROOT
from tap_exact_online.ledger.package import NOTE, files


def test_the_wheel_writes_the_package_into_a_project(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("tap_exact_online", "dbt"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".gitignore", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    (source / "dbt" / "target").mkdir(exist_ok=True)
    (source / "dbt" / "target" / "left.sql").write_text("what dbt makes there does not travel")
    build = [BIN / "uv", "build", "--quiet", "--wheel", "--out-dir", tmp_path, source]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "installed"),
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    program = "from tap_exact_online import cli; print(cli.__file__, flush=True); cli.main()"
    ended = subprocess.run(
        [sys.executable, "-c", program, "ledger", "init", "books"],
        cwd=tmp_path,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(str(tmp_path / "installed"))
    folder = tmp_path / "books"
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    ours = files(ROOT / "dbt")
    assert written == {*ours, "profiles.yml", NOTE}
    assert {name: (folder / name).read_bytes() for name in ours} == ours
