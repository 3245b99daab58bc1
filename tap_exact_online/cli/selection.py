"""The lines of `meltano.yml` that select streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def select_lines(streams: Iterable[str]) -> Iterator[str]:
    """Give the lines that select streams with their fields. Special personal fields have to be named one by one."""
    yield "select:"
    yield from (f"- {stream}.*" for stream in streams)
