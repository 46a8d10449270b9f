from collections import defaultdict
from math import sqrt
from statistics import fmean
from typing import Any

import pytest

from recommender.offers.catalogue import NO_OFFER


def by_offer(shop: Any) -> dict[str, list[dict[str, str]]]:
    rows = defaultdict(list)
    for row in shop.table("offers.csv"):
        rows[row["offer"]].append(row)
    return rows


def test_propensities_sum_to_one_and_are_those_of_the_draws(shop: Any) -> None:
    propensities = shop.truth["offers"]["propensities"]
    rows = shop.table("offers.csv")
    assert sum(propensities.values()) == pytest.approx(1)
    assert all(float(row["propensity"]) == propensities[row["offer"]] for row in rows)
    for offer, share in propensities.items():
        error = sqrt(share * (1 - share) / len(rows))
        assert abs(len(by_offer(shop)[offer]) / len(rows) - share) < 4 * error


@pytest.mark.parametrize("trait", ["alive", "discount_affinity", "basket_mean"])
def test_who_got_an_offer_was_left_to_chance(shop: Any, trait: str) -> None:
    customers = {row["customer_id"]: float(row[trait]) for row in shop.table("truth_customers.csv")}
    groups = {
        offer: [customers[row["customer_id"]] for row in rows] for offer, rows in by_offer(shop).items()
    }
    everyone = [value for values in groups.values() for value in values]
    mean = fmean(everyone)
    spread = sqrt(fmean((value - mean) ** 2 for value in everyone))
    for values in groups.values():
        assert abs(fmean(values) - mean) < 4 * spread / sqrt(len(values))


def test_offers_bring_orders_and_only_the_redeemed_carry_a_coupon(shop: Any) -> None:
    groups = by_offer(shop)
    without = fmean(int(row["ordered_within_14d"]) for row in groups.pop(NO_OFFER))
    rest = [row for rows in groups.values() for row in rows]
    assert fmean(int(row["ordered_within_14d"]) for row in rest) > without
    assert all(row["ordered_within_14d"] == "1" for row in rest if row["redeemed"] == "1")
    coupons = sum(e["order"].get("coupon") in {"TEN", "FIVE", "POSTFREE"} for e in shop.orders)
    assert coupons == sum(row["redeemed"] == "1" for row in rest)


def test_who_looks_for_discounts_is_moved_most_by_them(shop: Any) -> None:
    rows = shop.table("truth_customers.csv")
    rows.sort(key=lambda row: float(row["discount_affinity"]))
    lowest, highest = rows[: len(rows) // 4], rows[-len(rows) // 4 :]
    uplift = "uplift_percent_10"
    assert fmean(float(row[uplift]) for row in highest) > 3 * fmean(float(row[uplift]) for row in lowest)
