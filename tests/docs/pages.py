"""Reads the pages: their headings, links and blocks of code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>\S*)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<!-- (\w+) -->\s*$")


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        kind: What stands behind the fence: `console`, `json`.
        body: What is between the fences.
        mark: The word of a comment before it, `<!-- run -->`, or None.
    """

    kind: str
    body: str
    mark: str | None


@dataclass(frozen=True)
class Page:
    """A Markdown file.

    Attributes:
        file: Where it is.
    """

    file: Path

    @cached_property
    def text(self) -> str:
        """The whole of it."""
        return self.file.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return _FENCE.sub("", self.text)

    @cached_property
    def blocks(self) -> list[Block]:
        """The blocks of code."""
        found = []
        for match in _FENCE.finditer(self.text):
            mark = _MARK.search(self.text[: match.start()])
            lines = match["body"].splitlines(keepends=True)
            body = "".join(line.removeprefix(match["indent"]) for line in lines)
            found.append(Block(match["kind"], body, mark[1] if mark else None))
        return found

    @cached_property
    def anchors(self) -> set[str]:
        """The anchors of its headings, as GitHub makes them."""
        headings = re.findall(r"^#+ (.*)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}

    @cached_property
    def links(self) -> list[tuple[Path, str]]:
        """Where its links lead: a file, and an anchor in it or ''. Those to other sites are left out."""
        targets = re.findall(r"\]\(([^)\s]+)\)", self.prose)
        parts = [target.partition("#") for target in targets if not re.match(r"[a-z]+:", target)]
        return [
            ((self.file.parent / path).resolve() if path else self.file, anchor) for path, _, anchor in parts
        ]

    @cached_property
    def pictures(self) -> list[tuple[str, Path]]:
        """Its pictures: what they show in words, and the file."""
        found = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", self.prose)
        return [(words, (self.file.parent / path).resolve()) for words, path in found]


PAGES = [Page(file) for file in sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])]


def page(name: str) -> Page:
    """Return the page of that name: `running.md`, `decisions/index.md`."""
    return Page(DOCS / name)
