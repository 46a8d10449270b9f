"""Three shoppers whose view of the shop a visitor of the demo can take."""

from recommender.experiments.assignment import is_held_out
from training.demo.shop.baskets import Assortment
from training.demo.shop.customer_histories import CustomerHistory
from training.demo.shop.season import HISTORY_DAYS
from training.demo.shop.trials import HOLDOUT_SHARE


def pick_shoppers(histories: list[CustomerHistory], assortment: Assortment) -> list[dict[str, str | None]]:
    """A new visitor, a customer of 3-6 orders with something about to run out, and the best customer.

    None of them is held out, since held-out customers get best sellers only.
    """
    histories = [
        history for history in histories if not is_held_out(history.customer.customer_id, HOLDOUT_SHARE)
    ]
    returning = min(histories, key=_misfit_as_returning)
    vip = max((history for history in histories if history is not returning), key=_active_revenue)
    return [
        {"key": "new", "name": "A new visitor", "customer_id": None, "note": "First time here"},
        {
            "key": "returning",
            "name": "Robin",
            "customer_id": returning.customer.customer_id,
            "note": _returning_note(returning, assortment),
        },
        {
            "key": "vip",
            "name": "Alex",
            "customer_id": vip.customer.customer_id,
            "note": f"{len(vip.past)} orders, {_revenue(vip):,.0f} EUR: one of our best customers",
        },
    ]


def _misfit_as_returning(history: CustomerHistory) -> float:
    """0 fits best: 3-6 orders, still active, a refill due about today."""
    misfit = 1_000.0 * abs(len(history.past) - min(6, max(3, len(history.past))))
    misfit += 0 if history.customer.stays_at(HISTORY_DAYS) else 10_000
    return misfit + min((abs(refill.due - HISTORY_DAYS - 2) for refill in history.refills), default=500)


def _returning_note(history: CustomerHistory, assortment: Assortment) -> str:
    orders = f"{len(history.past)} orders so far"
    if not history.refills:
        return orders
    due = min(history.refills, key=lambda refill: abs(refill.due - HISTORY_DAYS - 2))
    return f"{orders}; about to run out of {assortment.products[due.row].type_id.replace('-', ' ')}"


def _active_revenue(history: CustomerHistory) -> float:
    return _revenue(history) if history.customer.stays_at(HISTORY_DAYS) else 0.0


def _revenue(history: CustomerHistory) -> float:
    return sum(order.revenue for order in history.past)
