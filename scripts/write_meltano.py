"""Write the tap's own part of `meltano.yml`: its settings, and what is selected by default.

Usage: python scripts/write_meltano.py [--check]

Both come from the tap's tables, so that they cannot drift apart. Only the lines between the marks are replaced.
`--check` changes nothing and fails where the file is not what it should be.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tap_exact_online.catalog import RESOURCES
from tap_exact_online.schemas import selected_by_default
from tap_exact_online.settings import SETTINGS, Setting

FILE = Path(__file__).parents[1] / "meltano.yml"
_BEGIN = "    # Written by scripts/write_meltano.py: {}\n"
_END = "    # End of {}\n"


def _scalar(value: object) -> str:
    """Write a value as YAML: plain where that is safe, otherwise quoted, which JSON and YAML do alike."""
    plain = isinstance(value, str) and re.fullmatch(r"[A-Za-z][\w ().,;/'&-]*", value)
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


def _setting(setting: Setting) -> Iterator[str]:
    yield f"    - name: {setting.name}\n"
    yield f"      kind: {setting.kind}\n"
    if setting.secret:
        yield "      sensitive: true\n"
    yield f"      label: {_scalar(setting.label)}\n"
    yield f"      description: {_scalar(setting.description)}\n"
    if setting.default not in (None, []):
        yield f"      value: {_scalar(setting.default)}\n"
    if setting.options:
        yield "      options:\n"
        for value, label in setting.options.items():
            yield f"      - label: {_scalar(label)}\n"
            yield f"        value: {_scalar(value)}\n"


def settings() -> str:
    """Return the settings of the extractor."""
    required = ", ".join(setting.name for setting in SETTINGS if setting.required)
    lines = (line for setting in SETTINGS for line in _setting(setting))
    return f"    settings_group_validation:\n    - [{required}]\n    settings:\n" + "".join(lines)


def selection() -> str:
    """Return the patterns that select what is on by default.

    Meltano selects every field that `stream.*` names, whatever the catalog says about its own defaults, so the fields
    that are off by default have to be taken out one by one.
    """
    chosen = [resource for resource in RESOURCES if resource.selected]
    lines = ["    select:\n", *(f"    - {resource.name}.*\n" for resource in chosen)]
    for resource in chosen:
        facts = resource.endpoint.properties.values()
        lines += [
            f'    - "!{resource.name}.{fact.name}"\n' for fact in facts if not selected_by_default(fact)
        ]
    return "".join(lines)


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
