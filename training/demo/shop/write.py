"""Writes the whole demo shop into one folder."""

import json
from datetime import datetime
from pathlib import Path
from random import Random

import numpy as np

from features.progress import Report, silent
from recommender.experiments.assignment import is_held_out
from training.demo.shop.baskets import Assortment
from training.demo.shop.catalogue import build_catalogue
from training.demo.shop.cost_files import write_channels, write_offers
from training.demo.shop.customer_histories import SimulatedHistory, simulate_customer
from training.demo.shop.journal import Journal
from training.demo.shop.people import SimulatedCustomer, build_customers
from training.demo.shop.relations import plant_relations
from training.demo.shop.season import HISTORY_DAYS, Calendar
from training.demo.shop.storefront import shop_page, write_feed, write_pictures
from training.demo.shop.trials import HOLDOUT_SHARE
from training.demo.shop.truth import write_truth
from training.demo.shop.visits import Clickstream

STRANGERS_PER_CUSTOMER = 1.8


def write_demo_shop(
    folder: Path,
    *,
    seed: int = 7,
    now: datetime,
    customers: int = 6_000,
    products: int = 800,
    report: Report = silent,
) -> None:
    """Simulate a shop for two years up to `now` (aware UTC): the same arguments give the same bytes.

    Writes catalogue.tsv, images/, events.jsonl.gz, served.parquet (the log of impressions), offers.csv,
    channels.csv, shop.json and, for checking what models recover, truth.json and truth_customers.csv
    (truth.py says what is in them).
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rng, dice = np.random.default_rng(seed), Random(seed)  # noqa: S311 - a simulation
    calendar = Calendar(now)
    goods = build_catalogue(rng, now, products)
    assortment = Assortment(goods, plant_relations(goods, rng), calendar, dice)
    types = list(dict.fromkeys(product.type_id for product in goods))
    shoppers = build_customers(rng, calendar, customers, len(assortment.categories), types)

    histories = _simulate_customers(shoppers, assortment, rng, report)
    journal = Journal(calendar)
    _write_clicks(histories, assortment, journal, rng, report)

    report("Writing the demo shop", 0, 0)
    write_feed(folder / "catalogue.tsv", goods)
    write_pictures(folder / "images", goods)
    journal.write(folder / "events.jsonl.gz")
    shown = [product.product_id for product in sorted(goods, key=lambda each: -each.popularity)]
    assortment.trials.write_served(folder / "served.parquet", list(journal.answered.values()), shown)
    write_offers(folder / "offers.csv", calendar, histories)
    write_channels(folder / "channels.csv", shoppers, calendar, rng)
    write_truth(folder, assortment, histories, dict(journal.counts.most_common()))
    page = shop_page(goods) | {"shoppers": pick_shoppers(histories, assortment)}
    (folder / "shop.json").write_text(json.dumps(page, ensure_ascii=False, indent=1), "utf-8")


def _simulate_customers(
    customers: list[SimulatedCustomer], assortment: Assortment, rng: np.random.Generator, report: Report
) -> list[SimulatedHistory]:
    histories = []
    for done, customer in enumerate(customers):
        if done % 500 == 0:
            report("Living two years", done, len(customers))
        histories.append(simulate_customer(customer, assortment, rng))
    report("Living two years", len(customers), len(customers))
    return histories


def _write_clicks(
    histories: list[SimulatedHistory],
    assortment: Assortment,
    journal: Journal,
    rng: np.random.Generator,
    report: Report,
) -> None:
    clicks, strangers = Clickstream(assortment, journal), round(STRANGERS_PER_CUSTOMER * len(histories))
    for done, history in enumerate(histories):
        if done % 500 == 0:
            report("Clicking through the shop", done, len(histories))
        clicks.write_history(history)
    business_now = float(assortment.calendar.to_business(HISTORY_DAYS))
    days = assortment.calendar.to_days(rng.uniform(0, business_now, strangers)).tolist()
    for number, day in enumerate(days):
        like = histories[number % len(histories)].customer
        clicks.write_stranger(like, number, assortment.calendar.at_an_hour(day, assortment.dice.random()))
    report("Clicking through the shop", len(histories), len(histories))


def pick_shoppers(histories: list[SimulatedHistory], assortment: Assortment) -> list[dict[str, str | None]]:
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


def _misfit_as_returning(history: SimulatedHistory) -> float:
    """0 fits best: 3-6 orders, still active, a refill due about today."""
    misfit = 1_000.0 * abs(len(history.past) - min(6, max(3, len(history.past))))
    misfit += 0 if history.customer.stays_at(HISTORY_DAYS) else 10_000
    return misfit + min((abs(refill.due - HISTORY_DAYS - 2) for refill in history.refills), default=500)


def _returning_note(history: SimulatedHistory, assortment: Assortment) -> str:
    orders = f"{len(history.past)} orders so far"
    if not history.refills:
        return orders
    due = min(history.refills, key=lambda refill: abs(refill.due - HISTORY_DAYS - 2))
    return f"{orders}; about to run out of {assortment.products[due.row].type_id.replace('-', ' ')}"


def _active_revenue(history: SimulatedHistory) -> float:
    return _revenue(history) if history.customer.stays_at(HISTORY_DAYS) else 0.0


def _revenue(history: SimulatedHistory) -> float:
    return sum(order.revenue for order in history.past)
