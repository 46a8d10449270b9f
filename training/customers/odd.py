"""Customers who teach nothing about the others: far beyond what most buy, or of the crowd of a campaign."""

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.dtypes import Float64s
from recommender.value.order_models import OrderModel, OrderSummary, expected_orders

MOST = 0.95  # of the customers; far is so many times the greatest that these have:
ORDER_TIMES, REVENUE_TIMES = (4.0, 10.0), (4.0, 30.0)  # at least, at most; money spreads wider in sound shops
FIRST_DAYS = 56  # of a history; "new" customers may be old ones then
CROWD_TIMES, CROWD_NOISE, SMALLEST_CROWD = 4.0, 4.0, 5  # of the new customers of a usual day
USUAL_SHARE, BELIEF = 1 / 3, 3.0  # of a crowd that is as loyal as others, believed like so many customers
NO_CROWD = -1


def far_beyond(order_days: Float64s, revenue: Float64s) -> Float64s:
    """(2) float64, order days and money that only customers apart exceed.

    From one in five customers to one in twenty, values grow by a factor. Where they go on growing so for each
    step of four times as rare, one customer of the shop would be beyond.
    """
    return np.array([_far(order_days, ORDER_TIMES), _far(revenue, REVENUE_TIMES)])


def _far(values: Float64s, times: tuple[float, float]) -> float:
    if not len(values):
        return 0.0
    many, most = np.quantile(values, [0.8, MOST])
    growth = most / many if many > 0 else np.inf
    steps = np.log2(max((1 - MOST) * len(values), 1.0)) / 2
    return float(max(most, 1.0) * np.clip(growth**steps, *times))


def crowds(first_day: NDArray[np.int32]) -> NDArray[np.int32]:
    """(n) int32: the first day of those who came on a day with many times the usual new customers, in runs of
    such days; NO_CROWD for all others."""
    if not len(first_day):
        return np.zeros(0, np.int32)
    begin = int(first_day.min())
    new = np.bincount(first_day - begin)
    weekly = np.add.reduceat(new, np.arange(0, len(new), 7))
    usual = float(np.median(weekly[weekly > 0])) / 7
    many = new >= max(SMALLEST_CROWD, CROWD_TIMES * usual + CROWD_NOISE * np.sqrt(usual))
    many[:FIRST_DAYS] = False
    begins = many & ~np.append(False, many[:-1])
    latest = np.maximum.accumulate(np.where(begins, np.arange(len(new)), 0))
    run = np.where(many, latest + begin, NO_CROWD)
    return run[first_day - begin].astype(np.int32)


def crowd_lift(crowd: NDArray[np.int32], summary: OrderSummary, model: OrderModel) -> Float64s:
    """(n) float64: chance that a customer who came in a crowd is like others; 1 for everybody else.

    A crowd is a mixture of such and of those who never come again. Its share of the former is what came again
    over what should have, by a model of the others; who has come again is one of them.
    """
    lift = np.ones(len(crowd))
    for each in np.unique(crowd[crowd != NO_CROWD]):
        members = np.flatnonzero(crowd == each)
        silent = _chance_of_silence(model, summary.age[members])
        again = summary.frequency[members] > 0
        share = min((again.sum() + BELIEF * USUAL_SHARE) / ((1 - silent).sum() + BELIEF), 1.0)
        lift[members] = np.where(again, 1.0, share * silent / (share * silent + 1 - share))
    return lift


def _chance_of_silence(model: OrderModel, age: Float64s) -> Float64s:
    """Of no further order in the weeks since the first: NBD with the model's expected orders as its mean."""
    distinct, rows = np.unique(age, return_inverse=True)
    fresh = OrderSummary.of(0.0, 0.0, 0.0)
    expected = np.array([float(expected_orders(model, fresh, weeks)[0]) for weeks in distinct])
    return np.asarray((1 + expected / model.r) ** -model.r)[rows]
