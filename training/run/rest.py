"""How long what was bought is hidden, chosen by what customers then bought."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from recommender.context.request import Situation
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.recommend import Recommender
from training.data.history import History
from training.data.rest import bought_again, rest_days
from training.measure.compare import Case, spread
from training.measure.metrics import discount, ideal_gains
from training.settings import TrainingSettings

REST_SHARES = 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.0  # of the buyers who bought it again; longest rest first
FEWEST_REST_CASES = 100  # customers' orders below which the settings' days stay
REST_DEPTH, K = 40, 10  # products that are looked at, and those that count
TOLERATED = 0.005  # share of the NDCG that resting may cost


def with_rest(
    cases: Sequence[Case], bundle: Bundle, history: History, settings: TrainingSettings
) -> tuple[Bundle, TrainingSettings]:
    """The bundle with the rest that its shoppers keep, and the settings with its share; both as they are
    where the settings say a share, or too few cases tell one.

    cases: orders since the history, on which the bundle was fitted.
    """
    known = [case for case in cases if bundle.tables.customers.row(case.request.customer_id) >= 0]
    if settings.rest_share is not None or len(known) < FEWEST_REST_CASES:
        return bundle, settings
    shares = bought_again(history, bundle.tables.product.category)
    share = choose_rest(
        spread(iter(known), 4 * settings.blend_cases, settings.seed), bundle, shares, settings
    )
    product = replace(bundle.tables.product, rest_days=rest_days(shares, share, settings.rest_days))
    return (
        replace(bundle, tables=replace(bundle.tables, product=product)),
        settings.model_copy(update={"rest_share": share}),
    )


def choose_rest(
    cases: Sequence[Case], bundle: Bundle, shares: NDArray[np.float32], settings: TrainingSettings
) -> float:
    """The longest rest, as a share for `rest_days`, that costs at most half a percent of the best NDCG@10 of
    later orders, and as much of that of carts. shares: from `bought_again`."""
    items, days_since, gains = _unrested(cases, bundle)
    is_cart = np.array([case.request.placement == "cart" for case in cases])
    groups = [group for group in (is_cart, ~is_cart) if group.any()]
    worth = np.empty((len(REST_SHARES), len(groups)))
    for row, share in enumerate(REST_SHARES):
        shown = days_since >= rest_days(shares, share, settings.rest_days)[items]
        rank = np.cumsum(shown, axis=1)
        ndcg = (gains * discount(np.maximum(rank, 1)) * (shown & (rank <= K))).sum(axis=1)
        worth[row] = [ndcg[group].mean() for group in groups]
    harmless = (worth >= (1 - TOLERATED) * worth.max(axis=0)).all(axis=1)
    return REST_SHARES[int(harmless.argmax())] if harmless.any() else 0.0


def _unrested(
    cases: Sequence[Case], bundle: Bundle
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """(n_cases, REST_DEPTH) each: the answer's items if nothing rests, days since the customer bought each
    (infinite: never), and, of those that the truth holds, the share of the best possible gain."""
    recommender = Recommender(bundle, Availability.of(bundle.tables))
    items = np.zeros((len(cases), REST_DEPTH), np.int32)
    days_since, gains = np.full(items.shape, np.inf), np.zeros(items.shape)
    for row, case in enumerate(cases):
        request = msgspec.structs.replace(case.request, rest_days=0)
        answer = [pick.item for pick in recommender.recommend(request, REST_DEPTH)]
        situation = Situation(request, bundle)
        bought = situation.last_bought
        items[row, : len(answer)] = answer
        days_since[row, : len(answer)] = [
            situation.today - bought[item] if item in bought else np.inf for item in answer
        ]
        gains[row, : len(answer)] = np.isin(answer, case.truth) / ideal_gains(len(case.truth))[-1]
    return items, days_since, gains
