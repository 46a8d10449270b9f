"""Young shops: what is built from few orders ranks better than best sellers, as soon as there are any."""

from datetime import datetime

import numpy as np
import pytest
from thin_shop import questions, thin_shop

from recommender.model.bundle import Bundle
from training.measure.compare import compare, popularity, recommended
from training.run.manifest import manifest_of
from training.run.train import fit
from training.settings import TrainingSettings

SEEDS = 3
NDCG = "ndcg@10_full"


def figures(orders: int, days: float, seed: int) -> dict[str, tuple[float, float]]:
    """Placement -> NDCG@10 of the next 200 orders: as served, and by best sellers."""
    shop, settings = thin_shop(orders, days, seed), TrainingSettings(als_factors=16)
    tables, index, _ = fit(shop.history, shop.catalogue, settings)
    now = datetime.fromtimestamp(shop.history.until)
    bundle = Bundle(manifest_of("thin", now, shop.history, tables, settings, {}), tables, index)
    rankers = {"own": recommended(bundle), "best sellers": popularity(bundle)}
    found = {}
    for placement, cases in questions(shop).items():
        metrics = compare(cases, rankers, (NDCG,), len(tables.products))
        own, best_sellers = (metrics[name][NDCG]["value"] for name in rankers)
        found[placement] = (own, best_sellers)
    return found


@pytest.mark.parametrize(("orders", "days"), [(40, 60), (300, 2), (300, 60)])
def test_with_few_orders_it_is_better_than_best_sellers(orders: int, days: float) -> None:
    shops = [figures(orders, days, seed) for seed in range(SEEDS)]
    for placement in shops[0]:
        if placement in {"email", "post_purchase"} and orders < 100:
            continue  # of what is new to a customer, forty orders tell less than best sellers
        own, best_sellers = np.mean([shop[placement] for shop in shops], axis=0)
        assert own >= best_sellers, placement
        if placement in {"cart", "product_complements"}:
            assert own > 1.2 * best_sellers, placement
