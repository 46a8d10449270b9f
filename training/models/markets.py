"""What sells in each country, pulled towards what sells everywhere while few buy there."""

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.id_map import IdMap
from recommender.arrays.tables import Neighbours
from recommender.model.customer_tables import CustomerFacts
from recommender.model.market_table import MarketTable
from training.data.history import History
from training.data.interactions import decay

HALF_LIFE_DAYS = 90.0
PRIOR_LINES = 100.0  # with so many order lines a country's own count as much as everybody's
FEWEST_BUYERS, LENGTH = 10, 300


def fit_markets(history: History, facts: CustomerFacts | None, shown: NDArray[np.bool_]) -> MarketTable:
    """Of countries with enough buyers: own order lines, decayed, + PRIOR_LINES times the shop's share of each
    product. A guest's country is that of the order. facts: as `history.customer_ids`, None: of nobody; shown:
    (n_items)."""
    lines = history.purchases
    weight = decay(lines.timestamp, history.until, HALF_LIFE_DAYS)
    everywhere = np.bincount(lines.item, weight, len(shown))
    prior = everywhere * (PRIOR_LINES / max(float(everywhere.sum()), 1e-12))
    countries = _countries(history, facts)
    names, rows = [], []
    for name in sorted({each for each in countries if each}):
        here = np.array([each == name for each in countries], np.bool_)[lines.buyer]
        item, buyer = lines.item[here], lines.buyer[here]
        if len(np.unique(buyer)) < FEWEST_BUYERS:
            continue
        sold = np.bincount(item, weight[here], len(shown)) + prior
        best = np.flatnonzero(shown & (sold > 0))
        best = best[np.argsort(-sold[best], kind="stable")][:LENGTH]
        pairs = np.unique(np.stack([item, buyer]), axis=1)
        buyers = np.bincount(pairs[0], minlength=len(shown))[best]
        names.append(name)
        rows.append((best, sold[best] / sold[best].max(initial=1e-12), buyers))
    return MarketTable(IdMap.build(names), _joined(rows))


def _countries(history: History, facts: CustomerFacts | None) -> list[str]:
    """Of each buyer, customers first, then each order as a guest's, in small letters; "": not known."""
    own = [facts.word(facts.country, row) if facts else None for row in range(len(history.customer_ids))]
    of_orders = dict(history.countries.iter_rows())
    guests = [of_orders.get(order, "") for order in range(history.n_orders)]
    return [*((each or "").casefold() for each in own), *guests]


def _joined(rows: list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]]) -> Neighbours:
    items, weights, buyers = zip(*rows, strict=True) if rows else ((), (), ())
    return Neighbours(
        offsets=np.cumsum([0, *map(len, items)]).astype(np.int64),
        items=np.concatenate([np.empty(0), *items]).astype(np.int32),
        weights=np.concatenate([np.empty(0), *weights]).astype(np.float32),
        together=np.concatenate([np.empty(0), *buyers]).astype(np.int32),
    )
