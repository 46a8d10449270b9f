"""What to charge for a set: the discount that pays for itself, or none."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp
from typing import NamedTuple

ELASTICITY = 3.0
"""Relative growth of attached sales a unit of discount: 10 % off, 35 % more."""
STEP, LARGEST = 0.01, 0.3


class Part(NamedTuple):
    """One product of a set; cost None: unknown. orders: those with it in the time looked at."""

    price: float
    cost: float | None
    orders: int


class SetPrice(NamedTuple):
    """Money. discount: share of the list price; expected_margin_gain: in the time looked at, above selling
    the parts alone; bought_anyway: share of the set's buyers who take it at list price; needed_attach: from
    which attach rate the discount pays, beside today's attach."""

    list_price: float
    price: float
    discount: float
    expected_margin_gain: float
    bought_anyway: float
    attach: float
    needed_attach: float


def price_set(
    parts: Sequence[Part], together: int, minimum_margin: float = 0.0, elasticity: float = ELASTICITY
) -> SetPrice:
    """The discount with the largest expected margin, in steps of 1 % up to 30 %, often 0.

    The anchor is the part bought most; its buyers attach the rest in `together` orders anyway, and these
    now pay less (cannibalisation). together: orders with all parts. With an unknown cost there is no telling
    what a discount gives away: none is given. The price keeps `minimum_margin` of itself.
    """
    whole = sum(part.price for part in parts)
    costs = [part.cost for part in parts if part.cost is not None]
    steps = (
        [place * STEP for place in range(round(LARGEST / STEP) + 1)] if len(costs) == len(parts) else [0.0]
    )
    allowed = [d for d in steps if d == 0 or whole * (1 - d) * (1 - minimum_margin) >= sum(costs)]
    discount = max(allowed, key=lambda d: (round(gain(parts, together, d, elasticity), 9), -d))
    anchor = max(part.orders for part in parts)
    return SetPrice(
        list_price=round(whole, 2),
        price=ceil(whole * (1 - discount) * 100 - 1e-6) / 100,  # a cent less may miss the minimum margin
        discount=discount,
        expected_margin_gain=round(gain(parts, together, discount, elasticity), 2),
        bought_anyway=together / (together + extra(parts, together, discount, elasticity))
        if together
        else 0.0,
        attach=together / anchor if anchor else 0.0,
        needed_attach=_needed_attach(parts, together, discount),
    )


def extra(parts: Sequence[Part], together: int, discount: float, elasticity: float) -> float:
    """Orders more with the whole set: never more than the anchor's buyers who now leave without the rest."""
    room = max(part.orders for part in parts) - together
    return min(float(room), together * (exp(elasticity * discount) - 1))


def gain(parts: Sequence[Part], together: int, discount: float, elasticity: float) -> float:
    """Margin above the parts alone: what the rest earns in extra sets, less what all sets give away."""
    given_away = discount * sum(part.price for part in parts)
    more = extra(parts, together, discount, elasticity)
    return more * (_margin_of_rest(parts) - given_away) - together * given_away


def _margin_of_rest(parts: Sequence[Part]) -> float:
    """Of all parts but the anchor, which would be bought without them."""
    anchor = max(range(len(parts)), key=lambda place: parts[place].orders)
    rest = [part for place, part in enumerate(parts) if place != anchor]
    return sum(part.price - part.cost for part in rest if part.cost is not None)


def _needed_attach(parts: Sequence[Part], together: int, discount: float) -> float:
    """attach x margin of the rest / (margin of the rest - discount); 1 where no attach rate would do."""
    anchor, rest = max(part.orders for part in parts), _margin_of_rest(parts)
    left = rest - discount * sum(part.price for part in parts)
    return min(1.0, together / anchor * rest / left) if left > 0 and anchor else 1.0
