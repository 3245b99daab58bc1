"""Write the list of the properties that tell of a person into the package, by the rule in `marking.py` and `personal_fields.toml`.

Usage: python scripts/write_personal.py [--check]

One line for each endpoint and class. `--check` changes nothing and fails where the file is not what it should be.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from marking import Exceptions, marks

from tap_exact_online import catalog

_EXCEPTIONS = Path(__file__).with_name("personal_fields.toml")
_FILE = Path(catalog.__file__).parent / "personal.json"


def text() -> str:
    """Return what the file should hold."""
    endpoints = []
    for path, classes in marks(Exceptions.read(_EXCEPTIONS)).items():
        lines = [f"  {json.dumps(tells)}: {json.dumps(' '.join(names))}" for tells, names in classes.items()]
        endpoints.append(f" {json.dumps(path)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(endpoints) + "\n}\n"


def main() -> None:
    """Run the command line."""
    wanted = text()
    if "--check" not in sys.argv[1:]:
        _FILE.write_text(wanted, encoding="utf-8")
    elif not _FILE.exists() or _FILE.read_text(encoding="utf-8") != wanted:
        sys.exit(f"{_FILE.name} is out of date: run python scripts/write_personal.py")


if __name__ == "__main__":
    main()
