"""Write what is said of every field into the package, from the words in `field_words.toml` and the rules in `describing.py`.

Usage: python scripts/write_descriptions.py [--check]

One line for each name, and one for each field of one endpoint that means something else there. `--check` changes nothing and fails
where the file is not what it should be.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from describing import FieldWords, descriptions

from tap_exact_online import catalog

_WORDS = Path(__file__).parent / "field_words.toml"
_FILE = Path(catalog.__file__).parent / "descriptions.json"


def text() -> str:
    """Return what the file should hold."""
    found = descriptions(FieldWords.read(_WORDS))
    lines = [f" {json.dumps(name)}: {json.dumps(said, ensure_ascii=False)}" for name, said in found.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    """Run the command line."""
    wanted = text()
    if "--check" not in sys.argv[1:]:
        _FILE.write_text(wanted, encoding="utf-8")
    elif _FILE.read_text(encoding="utf-8") != wanted:
        sys.exit(f"{_FILE.name} is out of date: run python scripts/write_descriptions.py")


if __name__ == "__main__":
    main()
