"""Write the tap's own part of `meltano.yml`: what it can do, its commands and settings, and what is selected by default.

Usage: python scripts/write_meltano.py [--check]

All of it comes from the tap's tables, so that they cannot drift apart. Only the lines between the marks are replaced.
`--check` changes nothing and fails where the file is not what it should be.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

import plugin_definition
import yaml

FILE = Path(__file__).parents[1] / "meltano.yml"
_BEGIN = "    # Written by scripts/write_meltano.py: {}\n"
_END = "    # End of {}\n"
_WIDE = 10_000  # a description stays on its line


def _block(part: dict[str, Any]) -> str:
    text = yaml.safe_dump(part, sort_keys=False, allow_unicode=True, width=_WIDE)
    return textwrap.indent(text, "    ")


def settings() -> str:
    """Return what the extractor can do, its commands and its settings."""
    return _block(
        {
            "capabilities": [*plugin_definition.CAPABILITIES],
            "log_parser": "singer-sdk",
            "commands": plugin_definition.COMMANDS,
            "settings_group_validation": plugin_definition.settings_group_validation(),
            "settings": plugin_definition.settings(),
        }
    )


def selection() -> str:
    """Return what is selected by default."""
    return _block({"select": plugin_definition.select()})


def rewrite(text: str) -> str:
    """Return the file's text with both parts written anew.

    Raises:
        ValueError: The marks around a part are missing.
    """
    for name, body in (("settings", settings()), ("selection", selection())):
        begin, end = _BEGIN.format(name), _END.format(name)
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            msg = f"{FILE.name}: the lines '{begin.strip()}' and '{end.strip()}' are not both there"
            raise ValueError(msg)
        text = before + begin + body + end + after
    return text


def main() -> int:
    """Write the file, or check it."""
    text = FILE.read_text(encoding="utf-8")
    wanted = rewrite(text)
    if "--check" in sys.argv[1:]:
        if text != wanted:
            print(f"{FILE.name} is not up to date: run python scripts/write_meltano.py")
        return int(text != wanted)
    FILE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
