"""The generated shop, whose truth is known: how much of its planted structure the served model finds."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from time import monotonic

import numpy as np

from features.home import Home
from features.progress import Report, silent
from recommender.context.request import Placement, Request
from recommender.model import versions
from recommender.model.bundle import Bundle
from training.errors import BadDataset
from training.evaluate.tasks.refills import oracle, own_favourites, planted_refills
from training.measure.compare import Case, Ranker, compare, popularity, recommended
from training.measure.metrics import Metrics
from training.measure.result import Evaluation

K = 5
REFILLING: tuple[Placement, ...] = "email", "buy_again"


def evaluate_demo(home: Home, baselines: bool = True, report: Report = silent) -> Evaluation:
    """What was planted, among the first 5 shown: the complements on each product's page, and the refills of
    each customer's next order in their e-mail and in `buy_again`.

    `_complements`: of the strongest 5 planted that may be shown, so that 1 is what the truth allows.
    `_email`, `_buy_again`: what the truth allows is what the `oracle` finds; `of_oracle`: our share of it.
    Raises BadDataset where the home holds no generated shop, or no model.
    """
    began, folder, bundle = monotonic(), home.root / "demo", versions.load_current(home.models)
    if bundle is None or not (folder / "truth.json").is_file():
        raise BadDataset(f"{home.root} holds no demo shop: make one with `perennial demo --home {home.root}`")
    products = json.loads((folder / "truth.json").read_text("utf-8"))["products"]
    pages = list(planted_complements(products, bundle))
    customers = list(planted_refills(folder / "truth_customers.csv", bundle))
    rankers = {"perennial": recommended(bundle)}
    if baselines:
        rankers["popularity"] = popularity(bundle)
    metrics = _planted_metrics(pages, rankers, "complements", bundle, report)
    rankers["oracle"] = oracle(customers)
    if baselines:
        rankers["personal frequency"] = own_favourites(bundle)
    for placement in REFILLING:
        cases = [customer.case(placement) for customer in customers]
        for name, more in _planted_metrics(cases, rankers, placement, bundle, report).items():
            metrics.setdefault(name, {}).update(more)
        for measure in (f"recall@{K}", f"ndcg@{K}_full") if cases else ():
            ours, best = (
                metrics[name][f"{measure}_{placement}"]["value"] for name in ("perennial", "oracle")
            )
            metrics["perennial"][f"of_oracle_{measure}_{placement}"] = {"value": ours / best if best else 0.0}
    return Evaluation("demo", home.root.name, metrics, len(pages) + len(customers), monotonic() - began)


def _planted_metrics(
    cases: list[Case], rankers: dict[str, Ranker], what: str, bundle: Bundle, report: Report
) -> dict[str, Metrics]:
    """recall and ndcg of the first 5, named after what was planted; empty without cases."""
    if not cases:
        return {}
    measures = [f"recall@{K}", f"ndcg@{K}_full"]
    metrics_of = compare(cases, rankers, measures, len(bundle.tables.products), report=report)
    return {
        name: {f"{measure}_{what}": value for measure, value in metrics.items()}
        for name, metrics in metrics_of.items()
    }


def planted_complements(
    products: dict[str, dict[str, list[dict[str, str]]]], bundle: Bundle
) -> Iterator[Case]:
    """A case for each product. products: of truth.json."""
    tables, now = bundle.tables, datetime.fromisoformat(bundle.manifest.last_order).astimezone(UTC)
    is_shown = tables.product.recommendable & tables.product.in_stock
    for product_id, planted in products.items():
        items = np.array(
            tables.products.rows([other["product_id"] for other in planted["complements"]]), np.int32
        )
        if len(complements := items[is_shown[items]][:K]):
            yield Case(
                Request("product_complements", now=now.timestamp(), product_id=product_id), complements
            )
