"""What sells in each country, pulled towards what sells everywhere while few buy there."""

from collections import defaultdict

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


def fit_markets(history: History, facts: CustomerFacts, shown: NDArray[np.bool_]) -> MarketTable:
    """Of countries with enough buyers: own order lines, decayed, + PRIOR_LINES times the shop's share of each
    product. Guests count for the shop alone. facts: as `history.customer_ids`; shown: (n_items)."""
    lines = history.purchases
    weight = decay(lines.timestamp, history.until, HALF_LIFE_DAYS)
    everywhere = np.bincount(lines.item, weight, len(shown))
    prior = everywhere * (PRIOR_LINES / max(float(everywhere.sum()), 1e-12))
    country = np.append(facts.country, -1)[lines.customer]  # of guests (-1) the last
    names, rows = [], []
    for name, words in sorted(_spellings(facts).items()):
        here = np.isin(country, words)
        item, customer = lines.item[here], lines.customer[here]
        if len(np.unique(customer)) < FEWEST_BUYERS:
            continue
        sold = np.bincount(item, weight[here], len(shown)) + prior
        best = np.flatnonzero(shown & (sold > 0))
        best = best[np.argsort(-sold[best], kind="stable")][:LENGTH]
        pairs = np.unique(np.stack([item, customer]), axis=1)
        buyers = np.bincount(pairs[0], minlength=len(shown))[best]
        names.append(name)
        rows.append((best, sold[best] / sold[best].max(initial=1e-12), buyers))
    return MarketTable(IdMap.build(names), _joined(rows))


def _spellings(facts: CustomerFacts) -> dict[str, list[int]]:
    """Country in small letters -> its rows of `words`."""
    spellings = defaultdict(list)
    for word in np.unique(facts.country[facts.country >= 0]).tolist():
        spellings[facts.words.name(word).casefold()].append(word)
    return spellings


def _joined(rows: list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]]) -> Neighbours:
    items, weights, buyers = zip(*rows, strict=True) if rows else ((), (), ())
    return Neighbours(
        offsets=np.cumsum([0, *map(len, items)]).astype(np.int64),
        items=np.concatenate([np.empty(0), *items]).astype(np.int32),
        weights=np.concatenate([np.empty(0), *weights]).astype(np.float32),
        together=np.concatenate([np.empty(0), *buyers]).astype(np.int32),
    )
