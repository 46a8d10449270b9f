"""Forecasts held against what came: isotonic by deciles."""

from __future__ import annotations

import numpy as np

from recommender.arrays.dtypes import Float64s

BINS = 10
DOUBT = 20.0  # orders by which the level of a bin is doubted


def isotonic_knots(forecasts: Float64s, actual: Float64s, unit: float = 1.0) -> Float64s:
    """(2, 1 to 10) float64: mean forecasts of ten bins of about equal size, ascending, and what came of them.

    unit: money of an order, where forecasts are money. What came is drawn to the forecast the fewer
    orders the bin has; neighbours out of order are merged (pool adjacent violators).
    """
    order = np.argsort(forecasts, kind="stable")
    blocks: list[tuple[float, float, int]] = []
    doubt = DOUBT * max(unit, 1e-9)
    level = (actual.sum() + doubt) / (forecasts.sum() + doubt)
    for part in np.array_split(order, min(BINS, len(order))):
        said, came = float(forecasts[part].sum()), float(actual[part].sum())
        came = level * said * (came + doubt) / (level * said + doubt)
        blocks.append((max(said, 1e-12), max(came, 1e-12), len(part)))
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            last, previous = blocks.pop(), blocks.pop()
            blocks.append((previous[0] + last[0], previous[1] + last[1], previous[2] + last[2]))
    means = np.array([(said / size, came / size) for said, came, size in blocks]).T
    kept = np.append(True, np.diff(means[0]) > 0)
    return np.ascontiguousarray(means[:, kept])


IDENTITY = np.ones((2, 1))
