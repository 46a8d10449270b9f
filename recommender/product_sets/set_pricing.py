"""The price of a set: the discount that pays for itself, or none."""

from collections.abc import Sequence
from math import ceil, exp
from typing import NamedTuple

ELASTICITY = 3.0
"""Relative growth of set sales per unit of discount: 10 % off, 35 % more."""
DISCOUNTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
"""What a shop would advertise: nothing, or 5 % at least, in steps of five."""


class SetPart(NamedTuple):
    """One product of a set; cost None: unknown. orders: with the product, in the training period;
    with_anchor: those of them with the product of the set that is bought most."""

    price: float
    cost: float | None
    orders: int
    with_anchor: int = 0


class SetPrice(NamedTuple):
    """Money. discount: share of the list price; expected_margin_gain: in the training period, above selling
    the parts alone; bought_anyway: share of the set's buyers who take it at list price; attach: today's
    attach rate; needed_attach: the attach rate from which the discount pays."""

    list_price: float
    price: float
    discount: float
    expected_margin_gain: float
    bought_anyway: float
    attach: float
    needed_attach: float


def price_set(
    parts: Sequence[SetPart], together: int, minimum_margin: float = 0.0, elasticity: float = ELASTICITY
) -> SetPrice:
    """The discount with the largest expected margin, of DISCOUNTS, often 0.

    The anchor is the part bought most; its buyers buy the rest with it in `together` orders anyway, which
    now pay less (cannibalisation). together: orders with all parts. With an unknown cost the loss is unknown,
    so no discount is given. At least `minimum_margin` of the price remains as margin.
    """
    list_price = sum(part.price for part in parts)
    costs = [part.cost for part in parts if part.cost is not None]
    steps = DISCOUNTS if len(costs) == len(parts) else (0.0,)
    allowed = [d for d in steps if d == 0 or list_price * (1 - d) * (1 - minimum_margin) >= sum(costs)]
    discount = max(allowed, key=lambda d: (round(margin_gain(parts, together, d, elasticity), 9), -d))
    anchor = max(part.orders for part in parts)
    return SetPrice(
        list_price=round(list_price, 2),
        price=ceil(list_price * (1 - discount) * 100 - 1e-6) / 100,  # a cent less may miss the minimum margin
        discount=discount,
        expected_margin_gain=round(margin_gain(parts, together, discount, elasticity), 2),
        bought_anyway=together / (together + extra_sets(parts, together, discount, elasticity))
        if together
        else 0.0,
        attach=together / anchor if anchor else 0.0,
        needed_attach=_needed_attach(parts, together, discount),
    )


def extra_sets(parts: Sequence[SetPart], together: int, discount: float, elasticity: float) -> float:
    """Extra orders of the whole set: at most those of the anchor without the rest."""
    room = max(part.orders for part in parts) - together
    return min(float(room), together * (exp(elasticity * discount) - 1))


def margin_gain(parts: Sequence[SetPart], together: int, discount: float, elasticity: float) -> float:
    """Margin above selling the parts alone: what extra sets sell more, less the discount on all sets."""
    given_away = discount * sum(part.price for part in parts)
    more = extra_sets(parts, together, discount, elasticity)
    return more * (_more_margin(parts, together) - given_away) - together * given_away


def anchor_of(parts: Sequence[SetPart]) -> int:
    """Position of the part that is bought most."""
    return max(range(len(parts)), key=lambda i: parts[i].orders)


def _more_margin(parts: Sequence[SetPart], together: int) -> float:
    """Margin that an extra set sells more to a buyer of the anchor: that of the other parts, but for those
    that the anchor's buyers without the whole set take with it anyway."""
    anchor = anchor_of(parts)
    without = parts[anchor].orders - together
    return sum(
        (part.price - part.cost) * (1 - min(max(part.with_anchor - together, 0) / without, 1.0))
        for i, part in enumerate(parts)
        if i != anchor and part.cost is not None and without > 0
    )


def _needed_attach(parts: Sequence[SetPart], together: int, discount: float) -> float:
    """attach x further margin / (further margin - discount); 1 where no attach rate is enough."""
    anchor, rest = max(part.orders for part in parts), _more_margin(parts, together)
    left = rest - discount * sum(part.price for part in parts)
    return min(1.0, together / anchor * rest / left) if left > 0 and anchor else 1.0
