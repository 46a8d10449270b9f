"""Trees that order what completes a customer's cart, learned from carts with one product hidden."""

from collections.abc import Sequence

import numpy as np

from recommender.context.request import Situation
from recommender.kernels.trees import Trees
from recommender.model.bundle import Bundle
from recommender.sources.cart import head_of, prior
from training.measure.compare import Case
from training.models.boosting import Boosting, Lists, boost

HOW = Boosting(trees=45, ridge=20.0)
FEWEST = 100  # lists below which trees learn noise


def fit_cart_trees(lists: Lists, seed: int) -> Trees:
    """What is to be added to the logarithm of each candidate's share; none where there are too few lists."""
    if lists.n_lists < FEWEST:
        return Trees.none()
    return boost(lists, HOW, np.random.default_rng(seed), prior(lists.rows))


def lists_of(cases: Sequence[Case], bundle: Bundle) -> Lists:
    """The candidates of each case; one whose wanted product is not among them teaches nothing.

    cases: with one wanted product each, from after the bundle was fitted.
    """
    rows, hits = [], []
    for case in cases:
        situation = Situation(case.request, bundle)
        head = head_of(situation)
        if head is not None and (hit := np.isin(head.items, case.truth)).any():
            rows.append(head.features)
            hits.append(hit)
    return Lists.of(rows, hits)
