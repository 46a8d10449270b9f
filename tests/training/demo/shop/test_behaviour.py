"""Relations planted in the ground truth show in the events of the shop."""

import json
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise, permutations
from statistics import fmean, median
from typing import Any

import pytest


def baskets(shop: Any) -> list[set[str]]:
    products = shop.truth["products"]
    return [
        {i["product_id"] for i in e["order"]["items"] if i["product_id"] in products} for e in shop.orders
    ]


def test_planted_complements_meet_in_baskets_far_above_chance(shop: Any) -> None:
    orders = baskets(shop)
    bought = Counter(product for basket in orders for product in basket)
    together = Counter(pair for basket in orders for pair in permutations(sorted(basket), 2))
    planted = [
        (one, link["product_id"])
        for one, product in shop.truth["products"].items()
        for link in product["complements"]
        if bought[one] >= 20 and bought[link["product_id"]] >= 20
    ]
    lifts = [together[pair] * len(orders) / (bought[pair[0]] * bought[pair[1]]) for pair in planted]
    assert len(planted) > 100
    assert median(lifts) > 5
    assert fmean(lift > 2 for lift in lifts) > 0.9


def test_refills_come_at_their_rhythm(shop: Any) -> None:
    bought: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for event in shop.orders:
        for item in event["order"]["items"]:
            if "customer_id" in event:
                bought[event["customer_id"], item["product_id"]].append(
                    datetime.fromisoformat(event["timestamp"])
                )
    gaps = [
        (later - earlier).total_seconds() / 86_400 / habit["every_days"]
        for row in shop.table("truth_customers.csv")
        for habit in json.loads(row["refills"])
        for times in [bought[row["customer_id"], habit["product_id"]]]
        for earlier, later in pairwise(times)
    ]
    assert len(gaps) > 300
    assert 0.95 < median(gaps) < 1.15
    assert fmean(abs(gap - 1) < 0.25 for gap in gaps) > 0.5


def test_a_visit_compares_the_steps_of_a_ladder(shop: Any) -> None:
    ladder = {name: product["ladder"] for name, product in shop.truth["products"].items()}
    viewed: dict[str, list[str]] = defaultdict(list)
    for event in shop.events:
        if event["type"] == "view":
            viewed[event["session_id"]].append(event["product_id"])
    steps = [pair for views in viewed.values() for pair in pairwise(views)]
    same_ladder = fmean(ladder[one] == ladder[other] and one != other for one, other in steps)
    assert same_ladder > 0.15  # by chance: 2 of 149


def test_who_has_left_never_orders_again(shop: Any) -> None:
    left = {r["customer_id"]: r["left_at"] for r in shop.table("truth_customers.csv") if r["alive"] == "0"}
    last = {e["customer_id"]: e["timestamp"] for e in shop.orders if "customer_id" in e}
    assert len(left) > 200
    # An order is written at a likely hour of its date, so the date is what counts.
    assert all(last[customer][:10] <= left_at[:10] for customer, left_at in left.items())


@pytest.mark.parametrize("days", [90, 365])
def test_only_who_stays_has_a_future(shop: Any, days: int) -> None:
    rows = shop.table("truth_customers.csv")
    future = f"orders_next_{days}d"
    assert all(row[future] == "0" for row in rows if row["alive"] == "0")
    assert sum(int(row[future]) for row in rows) > 200
