"""Sums, and shares of them, that hold for empty columns too."""

from typing import Any

import polars as pl


def total(values: pl.Series) -> float:
    """The sum, 0.0 of nothing."""
    return float(values.sum())


def over(part: Any, whole: Any) -> float | None:
    """A share or mean; None of nothing."""
    return float(part) / float(whole) if whole else None
