"""What the page of troubles quotes of Meltano."""

from __future__ import annotations

import re

from tests.docs.pages import page


def explained(beginning: str) -> re.Pattern[str]:
    """Return a pattern for the message of Meltano that begins so, as the page has it."""
    blocks = [block for block in page("troubleshooting.md").blocks if block.mark == "meltano"]
    (line,) = (line for block in blocks for line in block.body.splitlines() if line.startswith(beginning))
    return re.compile(".*".join(map(re.escape, line.split("…"))))
