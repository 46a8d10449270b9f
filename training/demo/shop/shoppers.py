"""Three people whose eyes a visitor of the demo can look through."""

from __future__ import annotations

from recommender.experiments.assignment import is_held_out
from training.demo.shop.baskets import Shelf
from training.demo.shop.lives import Life
from training.demo.shop.season import HISTORY_DAYS
from training.demo.shop.trials import HOLDOUT


def pick_shoppers(lives: list[Life], shelf: Shelf) -> list[dict[str, str | None]]:
    """A new visitor, a customer of 3-6 orders with something about to run out, and the best customer.

    Nobody who is held out: their answers would be best sellers.
    """
    lives = [life for life in lives if not is_held_out(life.customer.customer_id, HOLDOUT)]
    returning = min(lives, key=_far_from_returning)
    vip = max((life for life in lives if life is not returning), key=_worth)
    return [
        {"key": "new", "name": "A new visitor", "customer_id": None, "note": "First time here"},
        {
            "key": "returning",
            "name": "Robin",
            "customer_id": returning.customer.customer_id,
            "note": _returning_note(returning, shelf),
        },
        {
            "key": "vip",
            "name": "Alex",
            "customer_id": vip.customer.customer_id,
            "note": f"{len(vip.past)} orders, {_spent(vip):,.0f} EUR: one of our best customers",
        },
    ]


def _far_from_returning(life: Life) -> float:
    """Smaller fits better: 3-6 orders, still a customer, a habit due about today."""
    misfit = 1_000.0 * abs(len(life.past) - min(6, max(3, len(life.past))))
    misfit += 0 if life.customer.stays_at(HISTORY_DAYS) else 10_000
    return misfit + min((abs(refill.due - HISTORY_DAYS - 2) for refill in life.refills), default=500)


def _returning_note(life: Life, shelf: Shelf) -> str:
    orders = f"{len(life.past)} orders so far"
    if not life.refills:
        return orders
    due = min(life.refills, key=lambda refill: abs(refill.due - HISTORY_DAYS - 2))
    return f"{orders}; about to run out of {shelf.products[due.row].type_id.replace('-', ' ')}"


def _worth(life: Life) -> float:
    return _spent(life) if life.customer.stays_at(HISTORY_DAYS) else 0.0


def _spent(life: Life) -> float:
    return sum(order.revenue for order in life.past)
