"""The generated shop, whose customers' responses are known: how close offer decisions come to the best."""

from time import monotonic

import numpy as np
from numpy.typing import NDArray

from features.home import Home
from features.progress import Report, silent
from recommender.arrays.dtypes import Float64s
from training.demo.offers.simulation import CATALOGUE, Campaigns, DemoShop, chances, run
from training.errors import BadDataset
from training.measure.metrics import Metrics, estimate
from training.measure.result import Evaluation

DECISIONS = 20_000


def evaluate_offers(
    home: Home, seeds: int = 3, baselines: bool = True, report: Report = silent
) -> Evaluation:
    """True expected margin over all customers of the policy after 20,000 decisions.

    share: of the incremental margin of the best policy by what the shop knows of a customer;
    share_all_knowing: of that of the best policy by each customer's true response; margin: EUR a decision.
    Raises BadDataset where the home holds no generated shop.
    """
    began, folder = monotonic(), home.root / "demo"
    if not (folder / "truth_customers.csv").is_file():
        raise BadDataset(f"{home.root} holds no demo shop: make one with `perennial demo --home {home.root}`")
    shop, by_policy = DemoShop(folder), dict[str, list[Float64s]]()
    for warm, name in ((True, "perennial"), (False, "perennial, no past campaigns")):
        for seed in range(seeds if warm or baselines else 0):
            report("Simulation", seed, seeds)
            campaigns = run(shop, DECISIONS, warm=warm, seed=seed)
            for policy, value in values_of(shop, campaigns, name, baselines=baselines and warm).items():
                by_policy.setdefault(policy, []).append(value)
    report("Simulation", 1, 1)
    stages = f"{DECISIONS:,} decisions, {seeds} draws"
    metrics = {name: _metrics(np.stack(values)) for name, values in by_policy.items()}
    return Evaluation(
        "offers", home.root.name, metrics, DECISIONS * seeds, monotonic() - began, {"simulated": stages}
    )


def values_of(shop: DemoShop, campaigns: Campaigns, name: str, *, baselines: bool) -> dict[str, Float64s]:
    """policy -> (share, share_all_knowing, margin)."""
    margin = shop.response.incremental(campaigns.day)
    row, best = np.arange(len(margin)), margin.max(axis=1).mean()
    visible_best = best_by_features(margin, shop.contexts(campaigns.totals, campaigns.day).features)
    visible = margin[row, visible_best].mean()
    probabilities = chances(shop, campaigns.model, campaigns.totals, campaigns.day)
    earned = {
        name: (probabilities * margin).sum(axis=1).mean(),
        f"{name}, its exploration apart": margin[row, probabilities.argmax(axis=1)].mean(),
    }
    if baselines:
        earned |= {f"{offer.id} for all": margin[:, arm].mean() for arm, offer in enumerate(CATALOGUE.offers)}
        earned |= {"none": 0.0, "random": margin.mean(), "best by sight": visible, "all-knowing": best}
    return {policy: np.array([value / visible, value / best, value]) for policy, value in earned.items()}


def best_by_features(margin: Float64s, features: Float64s) -> NDArray[np.int64]:
    """(n): the arm with the highest true margin as predicted from features, their squares and products."""
    varied = features[:, features.std(axis=0) > 0]
    z = (varied - varied.mean(axis=0)) / varied.std(axis=0)
    pairs = [z[:, i] * z[:, j] for i in range(z.shape[1]) for j in range(i, z.shape[1])]
    rows = np.column_stack([np.ones(len(z)), z, *pairs])
    predicted = rows @ np.linalg.lstsq(rows, margin, rcond=None)[0]
    return np.asarray(predicted.argmax(axis=1))


def _metrics(values: Float64s) -> Metrics:
    names = ("share", "share_all_knowing", "margin")
    return {name: estimate(values[:, index].tolist(), seed=7) for index, name in enumerate(names)}
