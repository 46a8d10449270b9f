"""Whether a bundle has lost what the running one had: orders, customers, products, time, or a table's spread.

A history that was cut, or that stands still, trains a model that ranks well on its own last weeks.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np

from recommender.model.bundle import Bundle, Manifest, Tables, flatten
from training.settings import TrainingSettings

OLDER = timedelta(days=1)  # by which its newest order may be older than the running bundle's
COUNTED = ("orders", "customers", "products", "buyers")
COMPARED = (
    "product.price",
    "product.buyers",
    "similar.",
    "complements.",
    "companions.",
    "purchases.",
    "next_basket.pasts.",
    "next_basket.popularity",
    "sessions.onward.",
    "factors.items",
    "popular.",
    "category_popular.",
)
"""Beginnings of the names of arrays that hardly change from one training to the next."""


def lost(tables: Tables, manifest: Manifest, running: Bundle, settings: TrainingSettings) -> tuple[str, ...]:
    """Reasons not to publish; empty where nothing is lost."""
    return (
        *_fewer(manifest, running.manifest, settings.gate_shrink_tolerance),
        *_older(manifest, running.manifest, settings.gate_shrink_tolerance),
        *_narrower(tables, running.tables, settings.gate_table_tolerance),
    )


def _fewer(manifest: Manifest, running: Manifest, tolerance: float) -> Iterator[str]:
    for name in COUNTED:
        own, other = getattr(manifest, name), getattr(running, name)
        if own < other * (1 - tolerance):
            yield f"it has {own:,} {name}, the model that serves {other:,}"


def _older(manifest: Manifest, running: Manifest, tolerance: float) -> Iterator[str]:
    own, other = _span(manifest), _span(running)
    if own[1] < other[1] - OLDER:
        yield f"its newest order is of {own[1]:%Y-%m-%d}, the serving model's of {other[1]:%Y-%m-%d}"
    days, others = ((end - begin) / timedelta(days=1) for begin, end in (own, other))
    if days < others * (1 - tolerance):
        yield f"its orders span {days:,.0f} days, those of the model that serves {others:,.0f}"


def _narrower(tables: Tables, running: Tables, tolerance: float) -> Iterator[str]:
    before = dict(flatten(running))
    for name, array in flatten(tables):
        if not name.startswith(COMPARED) or name not in before or not before[name].size:
            continue
        if len(array) < len(before[name]) * (1 - tolerance):
            yield f"{name} has {len(array):,} rows, {len(before[name]):,} in the model that serves"
        elif array.dtype.kind == "f" and _spread(array) < _spread(before[name]) * (1 - tolerance):
            yield f"{name} has lost its spread: {_spread(array):.3g}, {_spread(before[name]):.3g} before"


def _spread(array: np.typing.NDArray[np.floating]) -> float:
    """Between the quartiles: one odd value does not change it. 0 where nothing is known."""
    known = array[np.isfinite(array)]
    return float(np.subtract(*np.percentile(known, (75, 25)))) if known.size else 0.0


def _span(manifest: Manifest) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(manifest.first_order), datetime.fromisoformat(manifest.last_order)
