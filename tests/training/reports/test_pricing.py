"""Prices of a generated shop whose elasticities are known."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from sales import sale, shop_of

from features.events.vocabulary import Event
from features.home import Home
from features.insights.report import Part
from training.pricing.weeks import weekly
from training.reports.pricing import pricing

MONDAY = date(2025, 1, 6)
AS_OF = date(2026, 6, 30)


def day(week: int) -> str:
    return (MONDAY + timedelta(days=7 * week + 2)).isoformat()


def year(product: str, elasticity: float, weeks: int = 60, seed: int = 0) -> list[Event]:
    """About ten orders a week at 10, and (8 / 10)^elasticity as many in each fourth week, at 8.

    Products of different seeds are on sale in different weeks.
    """
    rng, events = np.random.default_rng(seed), []
    for week in range(weeks):
        price = 8.0 if week % 4 == seed else 10.0
        for n in range(rng.poisson(10 * (price / 10) ** elasticity)):
            name = f"{product}-{week}-{n}"
            events.append(sale(name, f"c-{name}", day(week), (product, 1, price)))
    return events


def tables(part: Part, name: str) -> list[dict[str, Any]]:
    table = next(table for table in part.tables if table.name == name)
    return [dict(zip((column.name for column in table.columns), row, strict=True)) for row in table.rows]


@pytest.fixture
def part(home: Home) -> Part:
    """Sales of tea answer strongly to its price, those of pots not at all; the cost of a cup is unknown."""
    events = [*year("tea", -5.0), *year("pot", 0.0, seed=1), *year("cup", -5.0, seed=2)]
    events += [sale(f"k-{n}", f"k-{n}", day(n), ("kit", 1, 30.0)) for n in range(8)]
    events += [sale(f"b-{n}", f"b-{n}", day(n % 60), ("bun", 1, 2.0)) for n in range(60 * 80)]
    events.append(sale("x-1", "eve", day(9), ("kit", 2, 30.0), discount=6.0, coupon="TEN"))
    goods = {name: {"category": "Pantry", "price": 10.0, "cost": 5.0} for name in ("tea", "pot")}
    goods |= {"cup": {"category": "Kitchen", "price": 10.0}, "kit": {"category": "Kitchen", "cost": 20.0}}
    return pricing(shop_of(home, events, AS_OF, **goods), "EUR")


def test_elasticities_and_discounts_have_a_verdict_where_the_data_allows(part: Part) -> None:
    products = {row["product"]: row for row in tables(part, "price_by_product")}
    assert set(products) == {"Tea", "Pot", "Cup"}  # the prices of kits and buns never moved
    for name, planted in (("Tea", -5.0), ("Pot", 0.0)):
        row = products[name]
        assert row["response_low"] < row["price_response"] < row["response_high"]
        assert row["price_response"] == pytest.approx(planted, abs=1.6)
    discounts = {row["product"]: row for row in tables(part, "discounts")}
    assert discounts["Tea"]["discount_verdict"] == "earned"
    assert discounts["Pot"]["discount_verdict"] == "gave margin away"
    assert discounts["Cup"]["discount_verdict"] == "the data cannot tell"
    assert "cost is unknown" in str(discounts["Cup"]["why"])
    even = np.log(5 / 3) / np.log(0.8)
    assert discounts["Tea"]["break_even"] == pytest.approx(even, abs=1e-5)
    assert discounts["Cup"]["break_even"] is None
    assert (discounts["Pot"]["depth"], discounts["Pot"]["weeks"]) == (pytest.approx(0.2), 15)


def test_figures_add_up_and_categories_say_what_they_rest_on(part: Part) -> None:
    figures = {each.name: each.value for each in part.figures}
    assert (figures["priced_products"], figures["moved_products"]) == (5, 3)
    discounts = {row["product"]: row for row in tables(part, "discounts")}
    assert figures["discounts_earned"] == discounts["Tea"]["gained"]
    assert figures["discounts_gave_away"] == abs(discounts["Pot"]["gained"])
    assert figures["discounts_unclear"] == 1
    pantry = next(row for row in tables(part, "price_by_category") if row["category"] == "Pantry")
    assert (pantry["priced_products"], pantry["moved_products"]) == (2, 2)


def test_a_coupon_says_how_many_orders_it_must_have_brought(part: Part) -> None:
    """60 of goods less 6, which cost 40: 14 are left, and 6 of 20 must be more orders."""
    (coupon,) = tables(part, "coupons")
    assert (coupon["coupon"], coupon["orders"], coupon["given"]) == ("TEN", 1, 6.0)
    assert coupon["margin_left"] == pytest.approx(14.0)
    assert coupon["needed_share"] == pytest.approx(0.3)


def test_prices_that_never_moved_teach_nothing(home: Home) -> None:
    events = [sale(f"k-{n}", f"k-{n}", day(n), ("kit", 1, 30.0)) for n in range(8)]
    part = pricing(shop_of(home, events, AS_OF), "EUR")
    assert "nothing to learn" in str(
        next(each.note for each in part.figures if each.name == "moved_products")
    )
    (category,) = tables(part, "price_by_category")
    assert category["told"] == "the data cannot tell"
    assert tables(part, "price_by_product") == tables(part, "discounts") == []


def test_a_week_costs_what_most_orders_paid_and_gaps_count_as_weeks_on_sale(home: Home) -> None:
    """Whoever buys a hundred pays less, and that is no sale."""
    events = [sale(f"o-{n}", f"c-{n}", day(n), ("tea", 1, 10.0)) for n in (0, 1, 3, 9)]
    events += [sale(f"p-{n}", f"d-{n}", day(1), ("tea", 1, 10.0)) for n in range(2)]
    events.append(sale("bulk", "shop", day(1), ("tea", 100, 5.0)))
    shop = shop_of(home, events, AS_OF)
    (sold,) = weekly(shop.ledger.lines)
    assert sold.weeks.price.tolist() == [10.0] * 9
    assert sold.weeks.quantity.tolist() == [1, 4, 0, 1, 0, 0, 0, 0, 1]
    assert sold.units == pytest.approx(106 / 7)
