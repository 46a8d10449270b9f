"""The generated shop, whose customers' responses are known: does the decision find whom an offer pays for?"""

from __future__ import annotations

from time import monotonic

import numpy as np
from numpy.typing import NDArray

from features.home import Home
from features.progress import Report, silent
from training.demo.offers.simulation import CATALOGUE, Campaigns, DemoShop, chances, run
from training.errors import BadDataset
from training.measure.metrics import Metrics, estimate
from training.measure.result import Evaluation

DECISIONS = 20_000
Numbers = NDArray[np.float64]


def evaluate_offers(
    home: Home, seeds: int = 3, baselines: bool = True, report: Report = silent
) -> Evaluation:
    """What is earned after 20,000 decisions, in expectation over all customers, as the truth has it.

    share: of what the best decision by all that the shop sees of a customer would earn above no offer;
    share_all_knowing: of what one who knows each customer's own response would; margin: EUR a decision.
    Raises BadDataset where the home holds no generated shop.
    """
    began, folder = monotonic(), home.root / "demo"
    if not (folder / "truth_customers.csv").is_file():
        raise BadDataset(f"{home.root} holds no demo shop: make one with `perennial demo --home {home.root}`")
    shop, found = DemoShop(folder), dict[str, list[Numbers]]()
    for warm, name in ((True, "perennial"), (False, "perennial, no past campaigns")):
        for seed in range(seeds if warm or baselines else 0):
            report("Simulation", seed, seeds)
            campaigns = run(shop, DECISIONS, warm=warm, seed=seed)
            for policy, worth in judged(shop, campaigns, name, baselines=baselines and warm).items():
                found.setdefault(policy, []).append(worth)
    report("Simulation", 1, 1)
    stages = f"{DECISIONS:,} decisions, {seeds} draws"
    metrics = {name: _metrics(np.stack(values)) for name, values in found.items()}
    return Evaluation(
        "offers", home.root.name, metrics, DECISIONS * seeds, monotonic() - began, {"simulated": stages}
    )


def judged(shop: DemoShop, campaigns: Campaigns, name: str, *, baselines: bool) -> dict[str, Numbers]:
    """policy -> (share, share_all_knowing, margin)."""
    worth = shop.response.incremental(campaigns.day)
    each, best = np.arange(len(worth)), worth.max(axis=1).mean()
    by_sight = best_by_sight(worth, shop.contexts(campaigns.totals, campaigns.day).features)
    visible = worth[each, by_sight].mean()
    given = chances(shop, campaigns.model, campaigns.totals, campaigns.day)
    earned = {
        name: (given * worth).sum(axis=1).mean(),
        f"{name}, its exploration apart": worth[each, given.argmax(axis=1)].mean(),
    }
    if baselines:
        earned |= {f"{offer.id} for all": worth[:, arm].mean() for arm, offer in enumerate(CATALOGUE.offers)}
        earned |= {"none": 0.0, "random": worth.mean(), "best by sight": visible, "all-knowing": best}
    return {policy: np.array([value / visible, value / best, value]) for policy, value in earned.items()}


def best_by_sight(worth: Numbers, features: Numbers) -> NDArray[np.int64]:
    """(n): the arm of the largest true worth, as far as features, their squares and products tell it."""
    varied = features[:, features.std(axis=0) > 0]
    z = (varied - varied.mean(axis=0)) / varied.std(axis=0)
    pairs = [z[:, i] * z[:, j] for i in range(z.shape[1]) for j in range(i, z.shape[1])]
    rows = np.column_stack([np.ones(len(z)), z, *pairs])
    told = rows @ np.linalg.lstsq(rows, worth, rcond=None)[0]
    return np.asarray(told.argmax(axis=1))


def _metrics(values: Numbers) -> Metrics:
    names = ("share", "share_all_knowing", "margin")
    return {name: estimate(values[:, place].tolist(), seed=7) for place, name in enumerate(names)}
