"""The manifest of a bundle: what it was made of, and what training chose."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from recommender.model.bundle import Manifest, Tables
from recommender.model.discovery_table import PARTS
from training.data.history import History
from training.settings import TrainingSettings


def manifest_of(
    version: str,
    now: datetime,
    history: History,
    tables: Tables,
    settings: TrainingSettings,
    metrics: dict[str, Any],
    source_figures: dict[str, Any] | None = None,
) -> Manifest:
    """The manifest of a bundle. source_figures: of each placement, from `fit_source_weights`."""
    lines = history.purchases
    return Manifest(
        version=version,
        created_at=now.astimezone(UTC).isoformat(),
        first_order=_iso(lines.timestamp.min(initial=history.until)),
        last_order=_iso(lines.timestamp.max(initial=0) or history.until),
        data_until_ms=history.received_until_ms,
        orders=len(np.unique(lines.order)),
        customers=len(np.unique(lines.customer[lines.customer >= 0])),
        products=int(tables.product.recommendable.sum()),
        buyers=len(np.unique(lines.buyer)),
        settings=settings.model_dump() | {"chosen": {**_chosen(tables), "blends": source_figures or {}}},
        metrics=metrics,
        files={},
    )


def _chosen(tables: Tables) -> dict[str, dict[str, float]]:
    """Hyperparameters that the models chose on held-out data."""
    visits = np.append(tables.sessions.habits, len(tables.visit_trees))
    named = {
        "carts": (("ridge", "habit"), tables.cart_tuning),
        "next_basket": (("decay", "own_share"), tables.next_basket.blend),
        "discovery": (PARTS, tables.discovery.mix),
        "visits": (("fade", "back", "again", "trees"), visits),
    }
    return {
        part: dict(zip(names, np.round(values.astype(float), 4).tolist(), strict=True))
        for part, (names, values) in named.items()
    }


def _iso(timestamp: int) -> str:
    return datetime.fromtimestamp(int(timestamp), UTC).isoformat()
