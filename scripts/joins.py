"""Draws how streams join: a box for each, a line from the fields that lead to another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from tap_exact_online.catalog import BY_NAME, STREAMS, references_of

_BOX, _ACROSS, _DOWN, _LINE, _HEAD, _MARGIN = 204, 44, 64, 17, 24, 40
"""Width of a box, what is between two of them and between two rows of them, height of a line and of a title, the margin."""
_LETTERS = 26
"""How many letters of a line a box holds."""
_COLOURS = ("#1b6ca8", "#b3541e", "#2e7d32", "#7b3fa0", "#96721f", "#00796b", "#ad1457", "#455a64")
_PLAIN = "#37474f"

Joins = Mapping[str, Mapping[str, Sequence[str]]]
"""The fields that lead from a stream to another one: by stream, then by the one that they lead to."""


def joins(names: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Return how these streams lead to each other. One that leads nowhere is there, with nothing."""
    chosen = [*names]
    found: dict[str, dict[str, list[str]]] = {name: {} for name in chosen}
    for name in chosen:
        for field, target in references_of(BY_NAME[name]).items():
            if target.stream in found:
                found[name].setdefault(target.stream, []).append(field)
    return found


def rows(known: Joins) -> list[list[str]]:
    """Put those that join into rows, so that as many lines as can be lead downwards."""
    edges = {(name, to) for name, targets in known.items() for to in targets if name != to}
    order = _order({name for edge in edges for name in edge}, edges)
    place = {name: number for number, name in enumerate(order)}
    depth = dict.fromkeys(order, 0)
    for name in order:
        for to in sorted({to for source, to in edges if source == name and place[to] > place[name]}):
            depth[to] = max(depth[to], depth[name] + 1)
    return [[name for name in order if depth[name] == level] for level in sorted({*depth.values()})]


def _order(names: set[str], edges: set[tuple[str, str]]) -> list[str]:
    """Return the names with few lines that lead backwards: by turns what nothing leads to, and what leads nowhere."""
    first: list[str] = []
    last: list[str] = []
    left = {*names}
    while left:
        out = {name: sum(1 for a, b in edges if a == name and b in left) for name in left}
        into = {name: sum(1 for a, b in edges if b == name and a in left) for name in left}
        ends = sorted(name for name in left if not out[name])
        if ends:
            last.insert(0, ends[-1])
            left.remove(ends[-1])
            continue
        best = min(left, key=lambda name: (into[name] - out[name], name))
        first.append(best)
        left.remove(best)
    return first + last


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a stream is drawn.

    Attributes:
        x: Its left side.
        y: Its top.
        lines: The texts in it, each with the stream that it leads to.
    """

    x: int
    y: int
    lines: tuple[tuple[str, str], ...]

    @property
    def height(self) -> int:
        return _HEAD + _LINE * len(self.lines) + (6 if self.lines else 0)


def _fitting(fields: Sequence[str]) -> list[str]:
    """Write fields one behind the other, on as many lines as it takes."""
    lines = [""]
    for field in fields:
        longer = f"{lines[-1]}, {field}" if lines[-1] else field
        if len(longer) > _LETTERS and lines[-1]:
            lines.append(field)
        else:
            lines[-1] = longer
    return lines


def _boxes(known: Joins) -> dict[str, _Box]:
    levels = rows(known)
    widest = max(map(len, levels))
    placed: dict[str, _Box] = {}
    top = _MARGIN
    for names in levels:
        left = _MARGIN + (widest - len(names)) * (_BOX + _ACROSS) // 2
        for number, name in enumerate(names):
            lines = tuple(
                (f"{text} ↺" if to == name else text, to)
                for to, fields in known[name].items()
                for text in _fitting(fields)
            )
            placed[name] = _Box(left + number * (_BOX + _ACROSS), top, lines)
        top += max(placed[name].height for name in names) + _DOWN
    return placed


def _drawn(name: str, box: _Box, colours: Mapping[str, str]) -> Iterable[str]:
    colour = colours.get(name, _PLAIN)
    yield f'<rect x="{box.x}" y="{box.y}" width="{_BOX}" height="{box.height}" rx="4" fill="#fff" stroke="{colour}"/>'
    yield f'<text x="{box.x + 10}" y="{box.y + 17}" font-weight="bold" fill="{colour}">{escape(name)}</text>'
    for number, (text, to) in enumerate(box.lines):
        y = box.y + _HEAD + _LINE * number + 13
        yield f'<text x="{box.x + 10}" y="{y}" fill="{colours[to]}">{escape(text)}</text>'


def _lines(known: Joins, boxes: Mapping[str, _Box], colours: Mapping[str, str]) -> Iterable[str]:
    """Draw a line from the first field that leads to a stream to the top of its box, or to its foot where it lies above."""
    by_place = sorted(boxes, key=lambda name: (boxes[name].x, boxes[name].y))
    ports = {to: [name for name in by_place if to in known[name] and name != to] for to in boxes}
    for name, box in boxes.items():
        for to in known[name]:
            if to == name:
                continue
            there = boxes[to]
            line = next(number for number, (_, target) in enumerate(box.lines) if target == to)
            y = box.y + _HEAD + _LINE * line + 9
            aim = there.x + _BOX * (ports[to].index(name) + 1) // (len(ports[to]) + 1)
            right = aim > box.x + _BOX // 2
            x = box.x + _BOX if right else box.x
            out = x + (30 if right else -30)
            end, before = (
                (there.y, there.y - 50)
                if there.y > box.y
                else (there.y + there.height, there.y + there.height + 50)
            )
            yield (
                f'<path d="M{x} {y}C{out} {y} {aim} {before} {aim} {end}" fill="none" stroke="{colours[to]}"'
                f' marker-end="url(#{to})"/>'
            )


def picture(names: Iterable[str]) -> str:
    """Draw how these streams join, as SVG."""
    known = joins(names)
    boxes = _boxes(known)
    targets = [name for name in boxes if any(name in known[other] for other in known)]
    colours = {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(targets)}
    width = max(box.x for box in boxes.values()) + _BOX + _MARGIN
    height = max(box.y + box.height for box in boxes.values()) + _MARGIN
    arrows = [
        f'<marker id="{name}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
        for name, colour in colours.items()
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
            f"<defs>{''.join(arrows)}</defs>",
            f'<rect width="{width}" height="{height}" rx="8" fill="#fafafa"/>',
            *_lines(known, boxes, colours),
            *(part for name, box in boxes.items() for part in _drawn(name, box, colours)),
            "</svg>",
            "",
        ]
    )


def default_streams() -> list[str]:
    """Return the streams that are selected by default."""
    return [resource.name for resource in STREAMS if resource.selected]
