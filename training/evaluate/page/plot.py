"""A plot of rankers side by side, SVG by hand; it follows the reader's light or dark theme."""

from collections.abc import Callable
from html import escape

from training.measure.metrics import Measurement

ToPixels = Callable[[float], float]
PLOT_WIDTH, PLOT_LEFT, PLOT_RIGHT, PLOT_TOP, PLOT_ROW = 720, 190, 80, 34, 26
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .own { font-weight: 600 } .dim { fill: #59636e }
line { stroke: #d1d9e0 } .bar { stroke: #818b98; stroke-width: 2 }
.goal { stroke: #bc4c00; stroke-dasharray: 4 3 }
circle { fill: #59636e } .own circle { fill: #0969da } .own .bar { stroke: #0969da } .mark { fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .dim { fill: #9198a1 } line { stroke: #3d444d } .bar { stroke: #656c76 }
circle { fill: #9198a1 } .own circle { fill: #4493f8 } .own .bar { stroke: #4493f8 }
.goal { stroke: #f0883e } .mark { fill: #f0883e } }
"""


def plot(measure: str, estimates: dict[str, Measurement], goal: float | None = None) -> str:
    """A dot with its interval for each ranker, the first one ours; a dashed line at the goal."""
    most = max([goal or 0.0, *(each.get("high", each["value"]) for each in estimates.values())]) or 1.0
    height = PLOT_TOP + PLOT_ROW * len(estimates) + 12

    def x(value: float) -> float:
        return round(PLOT_LEFT + (PLOT_WIDTH - PLOT_LEFT - PLOT_RIGHT) * value / most, 1)

    rows = [
        _bar_row(name, each, PLOT_TOP + PLOT_ROW * row + 14, x)
        for row, (name, each) in enumerate(estimates.items())
    ]
    marks = [] if goal is None else [_goal(goal, x(goal), height)]
    body = [
        f"<title>{escape(measure)} by method</title>",
        f"<style>{STYLE}</style>",
        f'<text class="dim" x="{PLOT_LEFT}" y="16">{escape(measure)}, 95 % intervals</text>',
        *marks,
        *rows,
    ]
    size = f'viewBox="0 0 {PLOT_WIDTH} {height}" width="{PLOT_WIDTH}" height="{height}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">', *body, "</svg>\n"])


def _bar_row(name: str, each: Measurement, y: int, x: ToPixels) -> str:
    value, low, high = each["value"], each.get("low", each["value"]), each.get("high", each["value"])
    kind = ' class="own"' if name == "perennial" else ""
    return (
        f'<g{kind}><line x1="{PLOT_LEFT}" x2="{PLOT_WIDTH - PLOT_RIGHT}" y1="{y}" y2="{y}"/>'
        f'<line class="bar" x1="{x(low)}" x2="{x(high)}" y1="{y}" y2="{y}"/>'
        f'<circle cx="{x(value)}" cy="{y}" r="4.5"/>'
        f'<text{kind} x="{PLOT_LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(name)}</text>'
        f'<text{kind} x="{PLOT_WIDTH - PLOT_RIGHT + 14}" y="{y + 4}">{value:.4f}</text></g>'
    )


def _goal(goal: float, x: float, height: int) -> str:
    return (
        f'<line class="goal" x1="{x}" x2="{x}" y1="{PLOT_TOP - 6}" y2="{height - 4}"/>'
        f'<text class="mark" x="{x}" y="{PLOT_TOP - 10}" text-anchor="middle">goal {goal:g}</text>'
    )
