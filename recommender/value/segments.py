"""Segments with names that a shop owner uses: the rules, in one table."""

from __future__ import annotations

from typing import NamedTuple

PRIOR_GAPS = 2.0  # gaps of the shop's own rhythm that a customer's first ones are mixed with
SHORTEST_GAP_DAYS = 7.0
VIP_ORDERS = 2


class Rhythm(NamedTuple):
    """What is usual in a shop: days between two orders, and the revenue of its best fifth and twentieth."""

    gap_days: float
    best_fifth: float
    best_twentieth: float


class Standing(NamedTuple):
    """What the rules go by. silence: days since the last order, over the days usual for this customer."""

    orders: int
    silence: float
    best_fifth: bool


class Segment(NamedTuple):
    """A rule: orders from `orders` to `most`, and a silence up to `silence`; the first that holds counts.

    best: only for the fifth of customers who brought most.
    """

    name: str
    orders: int
    most: float
    silence: float
    best: bool
    meaning: str
    advice: str

    def holds(self, standing: Standing) -> bool:
        return (
            self.orders <= standing.orders <= self.most
            and standing.silence <= self.silence
            and (standing.best_fifth or not self.best)
        )


EVER = float("inf")
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
        EVER,
        False,
        "One order, and more than twice as long ago as others wait",
        "One good reason to come back, then let them rest",
    ),
    Segment(
        "champions",
        4,
        EVER,
        1.5,
        True,
        "Four orders or more, on time, among the fifth that brought most",
        "First to see what is new; no discounts needed",
    ),
    Segment(
        "loyal",
        4,
        EVER,
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
        EVER,
        2.5,
        False,
        "Silent for 1.5 to 2.5 times as long as usual",
        "Remind them of what runs out or is new",
    ),
    Segment(
        "about to leave",
        2,
        EVER,
        4.0,
        False,
        "Silent for 2.5 to 4 times as long as usual",
        "The last good moment to win them back",
    ),
    Segment(
        "lost",
        2,
        EVER,
        EVER,
        False,
        "Silent for more than four times as long as usual",
        "A yearly greeting; spend no money here",
    ),
)


def usual_gap(orders: int, span_days: float, rhythm: Rhythm) -> float:
    """Days between a customer's orders: their own, mixed with the shop's while there are few.

    span_days: from the first order to the last.
    """
    gap = (span_days + PRIOR_GAPS * rhythm.gap_days) / (orders - 1 + PRIOR_GAPS)
    return max(gap, SHORTEST_GAP_DAYS)


def segment_of(
    orders: int, revenue: float, span_days: float, recency_days: float, rhythm: Rhythm
) -> Segment | None:
    """A customer's segment; None before the first order."""
    if orders < 1:
        return None
    silence = recency_days / usual_gap(orders, span_days, rhythm)
    standing = Standing(orders, silence, revenue >= rhythm.best_fifth)
    return next(segment for segment in SEGMENTS if segment.holds(standing))


def is_vip(orders: int, revenue: float, rhythm: Rhythm) -> bool:
    """Among the twentieth of customers who brought most, with more than one order."""
    return orders >= VIP_ORDERS and revenue >= rhythm.best_twentieth
