"""Line plots on logarithmic axes as SVG: one file that follows the reader's light or dark theme."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 44, 48
COLOURS = ("#2a6fbb", "#c4561a", "#2f8558", "#8a4fa8")
DARK = ("#6db0f2", "#f0945a", "#6cc598", "#c795e0")
UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))

Point = tuple[float, float]


@dataclass(frozen=True)
class LogScale:
    """Values between two powers of ten, to pixels between `start` and `end`."""

    low: int
    high: int
    start: float
    end: float

    @classmethod
    def of(cls, values: Sequence[float], start: float, end: float) -> LogScale:
        low = math.floor(math.log10(min(values)) + 1e-9)
        return cls(low, max(math.ceil(math.log10(max(values)) - 1e-9), low + 1), start, end)

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


def plot(title: str, x_label: str, y_label: str, series: Mapping[str, Sequence[Point]]) -> str:
    """The SVG. series: name -> points, all above 0; names stand at the ends of their lines."""
    points = [point for line in series.values() for point in line]
    x = LogScale.of([point[0] for point in points], LEFT, WIDTH - RIGHT)
    y = LogScale.of([point[1] for point in points], HEIGHT - BOTTOM, TOP)
    inner = [
        _text(LEFT, 20, title, "title"),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_label, "middle"),
        _text(LEFT, 36, y_label, ""),
        *_grid(x, y),
        *_lines(series, x, y),
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    return (
        f'{head} aria-label="{escape(title)}">\n<style>{_style()}</style>\n' + "\n".join(inner) + "\n</svg>\n"
    )


def short(value: float) -> str:
    """1,500,000 as 1.5M."""
    for size, unit in UNITS:
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def _grid(x: LogScale, y: LogScale) -> Iterator[str]:
    for value in y.ticks():
        at = y.at(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        yield _text(LEFT - 8, at + 4, short(value), "end")
    for value in x.ticks():
        yield _text(x.at(value), HEIGHT - BOTTOM + 18, short(value), "middle")


def _lines(series: Mapping[str, Sequence[Point]], x: LogScale, y: LogScale) -> Iterator[str]:
    """Each line with its dots, and its name where it ends; names that would meet make room."""
    taken: list[float] = []
    for number, (name, line) in enumerate(series.items()):
        kind = f"s{number % len(COLOURS)}"
        places = [(x.at(across), y.at(up)) for across, up in sorted(line)]
        way = " ".join(f"{across:.1f},{up:.1f}" for across, up in places)
        yield f'<polyline class="{kind}" points="{way}"/>'
        for across, up in places:
            yield f'<circle class="{kind}" cx="{across:.1f}" cy="{up:.1f}" r="3.5"/>'
        up = places[-1][1]
        while any(abs(up - other) < 15 for other in taken):
            up += 15
        taken.append(up)
        yield _text(places[-1][0] + 10, up + 4, name, kind)


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _style() -> str:
    return (
        "svg{background:#fff}text{font:13px system-ui,sans-serif;fill:#444}.title{font-weight:600;fill:#111}"
        ".end{text-anchor:end}.middle{text-anchor:middle}.grid{stroke:#ddd}"
        f"{_colours(COLOURS)}@media(prefers-color-scheme:dark){{svg{{background:#0d1117}}text{{fill:#aaa}}"
        f".title{{fill:#eee}}.grid{{stroke:#333}}{_colours(DARK)}}}"
    )


def _colours(colours: Sequence[str]) -> str:
    return "".join(
        f"polyline.s{number}{{fill:none;stroke:{colour};stroke-width:2}}circle.s{number},text.s{number}"
        f"{{fill:{colour}}}"
        for number, colour in enumerate(colours)
    )
