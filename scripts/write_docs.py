"""Write the parts of the docs that come from the tap's own tables: settings, streams, commands.

Usage: python scripts/write_docs.py [--check]

A page of `docs/streams` and the pictures of how streams join and of what the ledger is made of are written whole; in other pages only the lines between the marks are
replaced. `--check` changes nothing and fails where a file is not what it should be.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import joins
import ledger_picture
import stream_pages
import stream_tables

from tap_exact_online.catalog.resources import GROUPS, STREAMS
from tap_exact_online.cli import COMMANDS
from tap_exact_online.cli import main as exact_online
from tap_exact_online.settings import SETTINGS, Setting
from tap_exact_online.tap import TapExactOnline

DOCS = Path(__file__).parents[1] / "docs"
FOLDERS = ("streams", "groups")
"""Whose pages are all written here."""
_WIDTH = 100


def settings_table() -> str:
    """Return the settings as a Markdown table."""
    lines = ["| setting | environment | default | what it does |", "|---|---|---|---|"]
    return "\n".join([*lines, *(_setting_row(setting) for setting in SETTINGS)])


def _setting_row(setting: Setting) -> str:
    name = f"`{setting.name}`" + (" (required)" if setting.required else "")
    shown = setting.default if setting.options else json.dumps(setting.default)
    default = "" if setting.default is None else f"`{shown}`"
    options = (
        " One of " + ", ".join(f"`{option}`" for option in setting.options) + "." if setting.options else ""
    )
    secret = " Secret." if setting.secret else ""
    return (
        f"| {name} | `TAP_EXACT_ONLINE_{setting.name.upper()}` | {default} |"
        f" {setting.description}{options}{secret} |"
    )


def commands() -> str:
    """Return what every command says of itself with --help."""
    found = {
        f"exact-online {name}": importlib.import_module(COMMANDS[name][0]).command
        for name in sorted(COMMANDS)
    }
    found = {"exact-online": exact_online, **found, "tap-exact-online": TapExactOnline.cli}
    return "\n\n".join(_command(*each) for name, command in found.items() for each in _within(name, command))


def _within(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Yield a command, and those that are behind it: not those of `exact-online`, which are found by themselves."""
    yield name, command
    if isinstance(command, click.Group) and command is not exact_online:
        for own, each in sorted(command.commands.items()):
            yield from _within(f"{name} {own}", each)


def _command(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH)
    return f"## `{name}`\n\n```text\n{command.get_help(context)}\n```"


PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "settings.md": {"settings": settings_table},
    "streams.md": {"streams": stream_tables.groups, "twins": stream_tables.twins},
    "personal.md": {"special": stream_tables.special_fields, "marked": stream_tables.marked_fields},
    "exact.md": {"scopes": stream_tables.scopes, "rights": stream_tables.rights},
    "commands.md": {"commands": commands},
}
"""The parts of each page between marks."""


def rewrite(page: str, text: str) -> str:
    """Return the text of a page with every part between its marks written anew.

    Raises:
        ValueError: The marks of a part are missing.
    """
    for name, write in PARTS[page].items():
        begin, end = f"<!-- {name}: written by scripts/write_docs.py -->\n", f"<!-- end of {name} -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            msg = f"{page} has no marks for {name}"
            raise ValueError(msg)
        text = f"{before}{begin}\n{write()}\n\n{end}{after}"
    return text


def pages() -> Iterator[tuple[Path, str]]:
    """Yield every page that is generated, in part or whole, with the text it should have."""
    for page in PARTS:
        yield DOCS / page, rewrite(page, (DOCS / page).read_text(encoding="utf-8"))
    for resource in STREAMS:
        yield DOCS / "streams" / f"{resource.name}.md", stream_pages.page(resource)
    for group in GROUPS:
        yield DOCS / "groups" / f"{group}.md", stream_tables.group_page(group)
    yield DOCS / "pictures" / "joins.svg", joins.picture(joins.default_streams())
    yield DOCS / "pictures" / "ledger.svg", ledger_picture.picture(ledger_picture.models())


def _check(wanted: Mapping[Path, str]) -> list[str]:
    """Return what is wrong with the files."""
    stale = [
        file for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text
    ]
    foreign = [file for folder in FOLDERS for file in (DOCS / folder).glob("*.md") if file not in wanted]
    faults = [f"{file.relative_to(DOCS.parent)} is out of date" for file in stale]
    return faults + [
        f"{file.relative_to(DOCS.parent)} is no page of a stream or a group: delete it" for file in foreign
    ]


def main() -> None:
    """Run the command line."""
    wanted = dict(pages())
    if "--check" in sys.argv[1:]:
        if faults := _check(wanted):
            sys.exit("\n".join([*faults, "Run: python scripts/write_docs.py"]))
        return
    for folder in FOLDERS:
        (DOCS / folder).mkdir(exist_ok=True)
    for file, text in wanted.items():
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
