"""A plain line chart as SVG, on logarithmic axes: growth that is proportional is a straight line, flat is level."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT = 460, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 28, 40, 46
_COLOURS = ("#2a6fb0", "#c2571a", "#3c8d40", "#7d4fa0")
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#444}.title{font-size:14px;fill:#222}"
    ".grid{stroke:#ddd}.line{fill:none;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#bbb}.title{fill:#eee}.grid{stroke:#444}}"
)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """Return the powers of ten that enclose the values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def chart(title: str, across: str, points: Sequence[float], lines: Mapping[str, Sequence[float]]) -> str:
    """Draw a chart.

    Args:
        title: What stands above it.
        across: What the points are.
        points: The places on the horizontal axis, above 0.
        lines: The values at each of them, above 0, by the name of the line.
    """
    left, right = _decades(points)
    low, high = _decades([value for values in lines.values() for value in values])

    def x(value: float) -> float:
        return _LEFT + (math.log10(value) - left) / (right - left) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (math.log10(value) - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<text class="title" x="{_LEFT}" y="18">{escape(title)}</text>',
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}" text-anchor="end">{escape(across)}</text>',
    ]
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(f'<path class="grid" d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(
            f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{_number(10.0**power)}</text>'
        )
    for power in range(left, right + 1):
        at = x(10.0**power)
        parts.append(f'<path class="grid" d="M{at:.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>')
        parts.append(
            f'<text x="{at:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{_number(10.0**power)}</text>'
        )
    for place, (name, values) in enumerate(lines.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        pairs = [(x(point), y(value)) for point, value in zip(points, values, strict=True)]
        path = "L".join(f"{across:.1f} {up:.1f}" for across, up in pairs)
        parts.append(f'<path class="line" stroke="{colour}" d="M{path}"/>')
        parts += [f'<circle cx="{at:.1f}" cy="{up:.1f}" r="3" fill="{colour}"/>' for at, up in pairs]
        legend = _LEFT + place * 130
        parts.append(f'<path class="line" stroke="{colour}" d="M{legend} 31h18"/>')
        parts.append(f'<text x="{legend + 23}" y="35">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])
