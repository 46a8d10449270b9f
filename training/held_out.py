"""The shop's own last weeks as an examination: trained on what came before, asked what came then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.progress import Report, silent
from recommender.bundle import Bundle
from recommender.request import Request
from training.evaluate.compare import Case, compare, popularity, recommended, spread
from training.history import DAY, History, OrderLines
from training.settings import TrainingSettings

SHORT_HISTORY_SHARE = 0.2
MEASURES = "hr@10", "ndcg@10_full"


def cut_time(history: History, settings: TrainingSettings) -> float:
    """Where the held-out part begins, epoch s: the last weeks, or a fifth of a short history."""
    times = history.purchases.timestamp
    span = int(times.max()) - int(times.min())
    return float(times.max() - min(settings.holdout_days * DAY, SHORT_HISTORY_SHARE * span))


def examine(
    history: History,
    cut: float,
    bundle: Bundle,
    settings: TrainingSettings,
    report: Report = silent,
) -> dict[str, Any]:
    """Metrics of a bundle trained on `history.before(cut)`, beside popularity, on what came from then on.

    `home`: the next order of customers known before; `cart`: one hidden product of an order. Each holds
    {"cases": n, "perennial": metrics, "popularity": metrics}, and is left out where there is no case.
    """
    late = history.purchases.where(history.purchases.timestamp >= cut)
    known = np.unique(history.before(cut).purchases.customer)
    shown = bundle.tables.product.recommendable & bundle.tables.product.in_stock
    tasks = {"home": next_orders(history, late, known), "cart": hidden_products(history, late, settings.seed)}
    results: dict[str, Any] = {}
    for placement, found in tasks.items():
        cases = spread(found, settings.evaluation_cases, settings.seed)
        if cases:
            rankers = {"perennial": recommended(bundle), "popularity": popularity(bundle)}
            metrics = compare(cases, rankers, MEASURES, int(shown.sum()), seed=settings.seed, report=report)
            results[placement] = {"cases": len(cases), **metrics}
    return results


def next_orders(history: History, late: OrderLines, known: NDArray[np.int32]) -> Iterator[Case]:
    """The first order of each known customer."""
    served: set[int] = set()
    for order in orders_of(late.where((late.customer >= 0) & np.isin(late.customer, known))):
        customer = int(order.customer[0])
        if customer not in served:
            served.add(customer)
            name = history.customer_ids[customer]
            yield Case(Request("home", now=float(order.timestamp[0]), customer_id=name), order.item)


def hidden_products(history: History, late: OrderLines, seed: int) -> Iterator[Case]:
    """Orders of two products or more, one of them, drawn by lot, taken out of the cart."""
    rng = np.random.default_rng(seed)
    for order in orders_of(late):
        if len(order) > 1:
            out = int(rng.integers(len(order)))
            customer = int(order.customer[0])
            yield Case(
                Request(
                    "cart",
                    now=float(order.timestamp[0]),
                    customer_id=history.customer_ids[customer] if customer >= 0 else None,
                    cart=tuple(history.product_ids[item] for item in np.delete(order.item, out)),
                ),
                order.item[out : out + 1],
            )


def orders_of(lines: OrderLines) -> Iterator[OrderLines]:
    """The lines of one order after the other, oldest order first."""
    if len(lines):
        _, first, which = np.unique(lines.order, return_index=True, return_inverse=True)
        place = np.argsort(first[which], kind="stable")
        ends = np.flatnonzero(np.diff(lines.order[place])) + 1
        for part in np.split(place, ends):
            yield lines.where(part)
