"""The site can be built, and nothing in it is amiss."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.docs.pages import DOCS, ROOT


def test_the_site_builds_strictly(tmp_path: Path) -> None:
    # "dummy" checks every page, link and menu, and spares the writing, which takes as long again.
    strict = ("--quiet", "--fail-on-warning", "--keep-going", "--nitpicky")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-b", "dummy", *strict, DOCS, tmp_path],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert built.returncode == 0, built.stderr


def test_make_docs_is_as_strict() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\ndocs:")[1].split("\n\n")[0]
    assert "--fail-on-warning" in recipe
    assert "--nitpicky" in recipe
