"""Customer segments with names that a shop owner uses: the rules, in one table."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

PRIOR_GAPS = 2.0  # so many of the shop's gaps are averaged with a customer's own
SHORTEST_GAP_DAYS = 7.0
VIP_ORDERS = 2


class Rhythm(NamedTuple):
    """A shop's usual days between orders, and the least revenue of its best fifth and twentieth customers."""

    gap_days: float
    best_fifth: float
    best_twentieth: float


class Activity(NamedTuple):
    """What the rules test. silence: days since the last order over the customer's usual gap; expected: works
    out the orders in the next 365 days, by the value model."""

    orders: int
    silence: float
    best_fifth: bool
    expected: Callable[[], float]


class Segment(NamedTuple):
    """A rule: orders from `orders` to `most`, and a silence up to `silence`; the first match counts.

    best: only for the fifth of customers with most revenue. despite: so many orders expected in a year
    outweigh any silence, so that no advice contradicts the forecast.
    """

    name: str
    orders: int
    most: float
    silence: float
    best: bool
    meaning: str
    advice: str
    despite: float = float("inf")

    def matches(self, activity: Activity) -> bool:
        return (
            self.orders <= activity.orders <= self.most
            and (activity.best_fifth or not self.best)
            and (activity.silence <= self.silence or self._outweighs(activity))
        )

    def _outweighs(self, activity: Activity) -> bool:
        return self.despite < NO_LIMIT and activity.expected() >= self.despite


NO_LIMIT = float("inf")
SEGMENTS = (
    Segment(
        "new",
        1,
        1,
        2.0,
        False,
        "One order, and the time in which others come again is not over",
        "Welcome them, show what goes with the first order",
    ),
    Segment(
        "one-time",
        1,
        1,
        NO_LIMIT,
        False,
        "One order, and more than twice as long ago as others wait",
        "One good reason to come back, then let them rest",
    ),
    Segment(
        "champions",
        4,
        NO_LIMIT,
        1.5,
        True,
        "Four orders or more, on time, among the fifth that brought most",
        "First to see what is new; no discounts needed",
    ),
    Segment(
        "loyal",
        4,
        NO_LIMIT,
        1.5,
        False,
        "Four orders or more, on time",
        "Thank them, offer more of what they like",
    ),
    Segment(
        "promising",
        2,
        3,
        1.5,
        False,
        "Two or three orders, on time",
        "Help them into a habit: refills, sets",
    ),
    Segment(
        "at risk",
        2,
        NO_LIMIT,
        2.5,
        False,
        "Silent for 1.5 to 2.5 times as long as usual; longer, where four orders are expected in a year",
        "Remind them of what runs out or is new",
        4.0,
    ),
    Segment(
        "about to leave",
        2,
        NO_LIMIT,
        4.0,
        False,
        "Silent for 2.5 to 4 times as long as usual; longer, where an order is expected in a year",
        "The last good moment to win them back",
        1.0,
    ),
    Segment(
        "lost",
        2,
        NO_LIMIT,
        NO_LIMIT,
        False,
        "Silent for more than four times as long as usual, and no order expected in a year",
        "A yearly greeting; spend no money here",
    ),
)


def usual_gap(orders: int, span_days: float, rhythm: Rhythm) -> float:
    """Days between a customer's orders: their own, averaged with the shop's while orders are few.

    span_days: from the first order to the last.
    """
    gap = (span_days + PRIOR_GAPS * rhythm.gap_days) / (orders - 1 + PRIOR_GAPS)
    return max(gap, SHORTEST_GAP_DAYS)


def segment_of(
    orders: int,
    revenue: float,
    span_days: float,
    recency_days: float,
    rhythm: Rhythm,
    expected: Callable[[], float] = float,
) -> Segment | None:
    """A customer's segment; None before the first order. expected: works out the orders in the next 365 days
    (none unless given), which costs most of it; asked only of who is silent for long."""
    if orders < 1:
        return None
    silence = recency_days / usual_gap(orders, span_days, rhythm)
    activity = Activity(orders, silence, revenue >= rhythm.best_fifth, cache(expected))
    return next(segment for segment in SEGMENTS if segment.matches(activity))


def is_vip(orders: int, revenue: float, rhythm: Rhythm) -> bool:
    """Among the twentieth of customers with most revenue, with more than one order."""
    return orders >= VIP_ORDERS and revenue >= rhythm.best_twentieth
