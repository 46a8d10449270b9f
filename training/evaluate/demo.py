"""The generated shop, whose truth is known: does what serves find what was planted?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from time import monotonic

import numpy as np

from features.home import Home
from features.progress import Report, silent
from recommender import versions
from recommender.bundle import Bundle
from recommender.request import Request
from training.errors import BadDataset
from training.evaluate.compare import Case, compare, popularity, recommended
from training.evaluate.result import Evaluation

SHOWN = 5
PLANTED = f"recall@{SHOWN}"


def evaluate_demo(home: Home, baselines: bool = True, report: Report = silent) -> Evaluation:
    """The planted complements among the first 5 of `product_complements`, for each product with any.

    recall@5: of the strongest 5 planted that may be shown, so that 1 is what the truth allows.
    Raises BadDataset where the home holds no generated shop, or no model.
    """
    began, truth, bundle = monotonic(), home.root / "demo" / "truth.json", versions.load_current(home.models)
    if bundle is None or not truth.is_file():
        raise BadDataset(f"{home.root} holds no demo shop: make one with `perennial demo --home {home.root}`")
    cases = list(planted_complements(json.loads(truth.read_text("utf-8"))["products"], bundle))
    rankers = {"perennial": recommended(bundle)}
    if baselines:
        rankers["popularity"] = popularity(bundle)
    metrics = compare(cases, rankers, [PLANTED, f"hr@{SHOWN}"], len(bundle.tables.products), report=report)
    return Evaluation("demo", home.root.name, metrics, len(cases), monotonic() - began)


def planted_complements(
    products: dict[str, dict[str, list[dict[str, str]]]], bundle: Bundle
) -> Iterator[Case]:
    """One question a product. products: of truth.json."""
    tables, now = bundle.tables, datetime.fromisoformat(bundle.manifest.last_order).astimezone(UTC)
    shown = tables.product.recommendable & tables.product.in_stock
    for product_id, planted in products.items():
        items = np.array(
            tables.products.rows(other["product_id"] for other in planted["complements"]), np.int32
        )
        if len(found := items[shown[items]][:SHOWN]):
            yield Case(Request("product_complements", now=now.timestamp(), product_id=product_id), found)
