"""Figures as text for the terminal."""

from features.insights.definitions import Unit
from features.insights.report import Cell

EMPTY_CELL = "–"
BLOCKS = " ▏▎▍▌▋▊▉"


def shown(value: Cell, unit: Unit, currency: str | None = None) -> str:
    """A value with its unit: `1,234.50 EUR`, `12.3 %`, `3.1 : 1`."""
    if value is None or isinstance(value, str):
        return value or EMPTY_CELL
    if unit == "money":
        digits = 0 if abs(value) >= 10_000 else 2
        return f"{value:,.{digits}f}" + (f" {currency}" if currency else "")
    if unit == "ratio":
        return f"{value:,.1f} : 1"
    return {
        "count": f"{value:,.0f}",
        "share": f"{value:.1%}".replace("%", " %"),
        "days": f"{value:,.1f} days",
        "milliseconds": f"{value:,.1f} ms",
    }.get(unit, f"{value:,.2f}")


def bar(value: float, most: float, width: int) -> str:
    """A bar of up to `width` characters, in eighths of one; empty for 0 and below."""
    eighths = round(max(value, 0.0) / most * width * 8) if most > 0 else 0
    return "█" * (eighths // 8) + BLOCKS[eighths % 8].strip()
