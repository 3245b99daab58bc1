"""Write the tables of the README that come from the tap's own tables.

Usage: python scripts/write_docs.py [--check]

Only the lines between the marks are replaced. `--check` changes nothing and fails where the file is out of date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tap_exact_online.catalog import RESOURCES, Kind, Resource
from tap_exact_online.rights import RIGHTS
from tap_exact_online.settings import SETTINGS

FILE = Path(__file__).parents[1] / "README.md"
_KINDS = {Kind.SYNC: "`Timestamp`", Kind.MODIFIED: "`Modified`", Kind.FULL: "whole", Kind.DIVISIONS: "whole"}


def settings_table() -> str:
    """Return the settings as a Markdown table."""
    lines = ["| setting | default | what it does |", "|---|---|---|"]
    for setting in SETTINGS:
        name = f"`{setting.name}`" + (" (required)" if setting.required else "")
        default = "" if setting.default is None else f"`{json.dumps(setting.default)}`"
        if setting.options:
            default = f"`{setting.default}`"
        options = (
            f" One of {', '.join(f'`{option}`' for option in setting.options)}." if setting.options else ""
        )
        secret = " Secret." if setting.secret else ""
        lines.append(f"| {name} | {default} | {setting.description}{options}{secret} |")
    return "\n".join(lines)


def streams_table() -> str:
    """Return the streams as a Markdown table, in the order of the catalog."""
    lines = [
        "| stream | endpoint | read by | key | from `start_date` | in `deleted` | app scope | the user's right in Exact |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_stream_row(resource) for resource in RESOURCES)])


def _stream_row(resource: Resource) -> str:
    endpoint = resource.endpoint
    name = f"**`{resource.name}`**" if resource.selected else f"`{resource.name}`"
    starts = bool(endpoint.synctimestamp) if resource.kind is Kind.SYNC else resource.kind is Kind.MODIFIED
    key = ", ".join(f"`{column}`" for column in resource.primary_keys)
    scope = (endpoint.scope or "") + (" (probably)" if endpoint.scope_inferred else "")
    right = RIGHTS.get(resource.path, "")
    cells = (
        name,
        f"`{resource.path}`",
        _KINDS[resource.kind],
        key,
        "yes" if starts else "",
        str(resource.deleted_type or ""),
        scope,
        right,
    )
    return f"| {' | '.join(cells)} |"


PARTS: Mapping[str, Callable[[], str]] = {"settings": settings_table, "streams": streams_table}


def rewrite(text: str) -> str:
    """Return the text with every part between its marks written anew.

    Raises:
        ValueError: The marks of a part are missing.
    """
    for name, write in PARTS.items():
        begin, end = f"<!-- {name}: written by scripts/write_docs.py -->\n", f"<!-- end of {name} -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            msg = f"{FILE.name} has no marks for {name}"
            raise ValueError(msg)
        text = f"{before}{begin}{write()}\n{end}{after}"
    return text


def main() -> None:
    """Run the command line."""
    before = FILE.read_text(encoding="utf-8")
    after = rewrite(before)
    if "--check" in sys.argv[1:]:
        if before != after:
            sys.exit(f"{FILE.name} is out of date: run python scripts/write_docs.py")
        return
    FILE.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
