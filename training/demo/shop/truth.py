"""The ground truth behind the shop, so that tests can check what models recover.

`truth.json`
  parameters   of the customer, basket and offer models, by the names of people.py; `orders_per_day`
               counts days of business time (season.py), which average one a calendar day
  products     {product_id: {type, category, families, ladder, step 0-2, better, launched, refill_days of one
               pack, complements, substitutes}}; complements: [{product_id, chance}], the chance that who
               picks this adds that one to the same basket if they have not got it, strongest first;
               substitutes: the ladder's other steps first, then the same step in other variants
  trending     product_ids that a tenth of all picks of the last 21 days went to
  offers       {propensities, valid_days}; a customer's uplift is the chance that the offer brings an order
               within its days from a customer who has not left and would not have ordered
  trials       {holdout: {share, since, repeat_orders_lost}, experiments: {id: {repeat_orders_lost: {arm:
               share}}}, earned_margin: {days: money}}; repeat_orders_lost: the share of customers' repeat
               orders that does not come; earned_margin: of the last days, with Perennial above without
  statistics   what came out: orders, repeat_rate, average_order_value, share_alive, ...

`truth_customers.csv`, a row a customer; times ISO UTC; money EUR without postage, before refunds and
cancellations
  customer_id, channel, country, language, consent, first_order_at, orders_per_day, dropout_per_day,
  left_at (empty: stays beyond the simulated year), alive 0/1, basket_mean (of the budget that a basket is
  filled to), discount_affinity 0-1, good, better, best (shares of the price steps), uplift_percent_10,
  uplift_free_shipping, uplift_amount_5, orders, revenue, orders_next_90d, revenue_next_90d,
  orders_next_365d, revenue_next_365d (what the simulation does after the history's end), tastes (JSON:
  category -> share), refills (JSON: [{product_id, quantity, every_days, due}], habits at the end; those of
  a customer who has left never fall due), next_order_at (the first after the end; empty: none in a year),
  next_refills (JSON: product_ids of the habits that this order refills)
"""

import json
from pathlib import Path
from statistics import fmean
from typing import Any

import polars as pl

from training.demo.shop import people
from training.demo.shop.baskets import Assortment
from training.demo.shop.customer_histories import SimulatedHistory
from training.demo.shop.offers import PROPENSITIES, VALID_DAYS
from training.demo.shop.season import FUTURE_DAYS, HISTORY_DAYS

PARAMETERS = "RATE_SHAPE RATE_MEAN DROPOUT_SHAPE DROPOUT_MEAN BASKET_SHAPE SPEND_SHAPE SPEND_MEAN LIKED_TYPES"


def write_truth(
    folder: Path, assortment: Assortment, histories: list[SimulatedHistory], events: dict[str, int]
) -> None:
    """Writes truth.json and truth_customers.csv. events: how many of each type the history has."""
    truth = {
        "parameters": {name.lower(): getattr(people, name) for name in PARAMETERS.split()},
        "products": {p.product_id: _product(assortment, row) for row, p in enumerate(assortment.products)},
        "trending": [assortment.products[row].product_id for row in assortment.trending],
        "offers": {"propensities": PROPENSITIES, "valid_days": VALID_DAYS},
        "trials": {
            **assortment.trials.truth(),
            "earned_margin": {days: earned(assortment, histories, days) for days in (30, 180)},
        },
        "statistics": {**statistics(histories), "events": events},
    }
    (folder / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1), "utf-8")
    rows = [_customer(assortment, history) for history in histories]
    pl.DataFrame(rows, infer_schema_length=None).write_csv(folder / "truth_customers.csv")


def statistics(histories: list[SimulatedHistory]) -> dict[str, float]:
    """Key figures of the history."""
    orders = [order for history in histories for order in history.past]
    return {
        "customers": len(histories),
        "orders": len(orders),
        "orders_per_customer": round(len(orders) / len(histories), 3),
        "repeat_rate": round(fmean(len(history.past) > 1 for history in histories), 3),
        "average_order_value": round(fmean(order.revenue for order in orders), 2),
        "lines_per_order": round(fmean(len(order.basket) for order in orders), 2),
        "share_alive": round(fmean(history.customer.stays_at(HISTORY_DAYS) for history in histories), 3),
        "share_of_orders_with_coupon": round(fmean(order.coupon is not None for order in orders), 3),
    }


def earned(assortment: Assortment, histories: list[SimulatedHistory], days: int) -> float:
    """The expected margin of the last days that would have been lost without Perennial."""
    margins = [
        order.margin * assortment.trials.earned(history.customer.customer_id, order.day)
        for history in histories
        for order in history.past[1:]
        if order.day > HISTORY_DAYS - days
    ]
    return round(sum(margins), 2)


def _product(assortment: Assortment, row: int) -> dict[str, Any]:
    product, relations = assortment.products[row], assortment.relations
    ids = [p.product_id for p in assortment.products]
    return {
        "type": product.type_id,
        "category": product.category,
        "families": relations.families[row],
        "ladder": product.ladder,
        "step": product.step,
        "better": product.better,
        "launched": product.launched.isoformat(timespec="seconds"),
        "refill_days": product.refill_days,
        "complements": [{"product_id": ids[r], "chance": chance} for r, chance in relations.complements[row]],
        "substitutes": [ids[r] for r in relations.ladder[row] + relations.variants[row]],
    }


def _customer(assortment: Assortment, history: SimulatedHistory) -> dict[str, Any]:
    customer = history.customer
    return {
        "customer_id": customer.customer_id,
        "channel": customer.channel,
        "country": customer.country,
        "language": customer.language,
        "consent": int(customer.consent),
        "first_order_at": _iso(assortment, history.orders[0].day),
        "orders_per_day": round(customer.rate, 6),
        "dropout_per_day": round(customer.dropout_rate, 6),
        "left_at": _iso(assortment, customer.leaves)
        if customer.leaves < HISTORY_DAYS + FUTURE_DAYS
        else None,
        "alive": int(customer.stays_at(HISTORY_DAYS)),
        "basket_mean": round(customer.spend, 2),
        "discount_affinity": round(customer.affinity, 3),
        **dict(zip(("good", "better", "best"), _shares(customer.steps), strict=True)),
        **{f"uplift_{offer}": round(chance, 4) for offer, chance in customer.uplift.items()},
        "orders": len(history.past),
        "revenue": round(sum(order.revenue for order in history.past), 2),
        **_future(history, 90),
        **_future(history, 365),
        "tastes": json.dumps(dict(zip(assortment.categories, _shares(customer.categories), strict=True))),
        "refills": json.dumps([_refill(assortment, refill) for refill in history.refills]),
        **_next_order(assortment, history),
    }


def _future(history: SimulatedHistory, days: int) -> dict[str, float]:
    orders = [order for order in history.orders if HISTORY_DAYS <= order.day < HISTORY_DAYS + days]
    revenue = round(sum(order.revenue for order in orders), 2)
    return {f"orders_next_{days}d": len(orders), f"revenue_next_{days}d": revenue}


def _next_order(assortment: Assortment, history: SimulatedHistory) -> dict[str, str | None]:
    """When the next order comes, and which habits it refills: habits enter baskets as refills only."""
    order = next((order for order in history.orders if order.day >= HISTORY_DAYS), None)
    if order is None:
        return {"next_order_at": None, "next_refills": "[]"}
    due = [
        assortment.products[refill.row].product_id for refill in history.refills if refill.row in order.basket
    ]
    return {"next_order_at": _iso(assortment, order.day), "next_refills": json.dumps(due)}


def _refill(assortment: Assortment, refill: people.Habit) -> dict[str, Any]:
    return {
        "product_id": assortment.products[refill.row].product_id,
        "quantity": refill.quantity,
        "every_days": round(refill.every, 1),
        "due": _iso(assortment, refill.due),
    }


def _shares(cumulative: list[float]) -> list[float]:
    pairs = zip(cumulative, [0.0, *cumulative], strict=False)
    return [round((high - low) / cumulative[-1], 4) for high, low in pairs]


def _iso(assortment: Assortment, day: float) -> str:
    return assortment.calendar.date(day).isoformat(timespec="seconds")
