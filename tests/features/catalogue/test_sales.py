"""A sale price is the price within its window alone, whoever looks when."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from features.catalogue.products import load_products, merge_live, merge_products
from features.catalogue.sales import settle_sales, settled
from features.home import Home

from factories import NOW

HOUR = timedelta(hours=1)


def listed(home: Home, now: datetime = NOW) -> None:
    """A mug at 20, at 10 from an hour after NOW until three hours after it."""
    rows = pl.DataFrame(
        {
            "product_id": ["mug"],
            "title": ["Mug"],
            "price": [20.0],
            "regular_price": [20.0],
            "sale_price": [10.0],
            "sale_from": [NOW + HOUR],
            "sale_until": [NOW + 3 * HOUR],
        }
    )
    merge_products(home, settled(rows, now), now)


def price(home: Home) -> float:
    return float(load_products(home)["price"].item())


@pytest.mark.parametrize(("hours", "expected"), [(0, 20), (1, 10), (2, 10), (3, 20), (9, 20)])
def test_an_import_takes_the_price_of_its_time(home: Home, hours: int, expected: float) -> None:
    listed(home, NOW + hours * HOUR)
    assert price(home) == expected


def test_each_beginning_and_end_is_acted_upon_once(home: Home) -> None:
    listed(home)
    assert settle_sales(home, NOW) == {}
    assert settle_sales(home, NOW + HOUR)["mug"]["sale_price"] == 10
    assert (price(home), settle_sales(home, NOW + 2 * HOUR)) == (10, {})
    over = settle_sales(home, NOW + 3 * HOUR)
    assert (over["mug"]["price"], over["mug"]["sale_price"], price(home)) == (20, None, 20)
    assert settle_sales(home, NOW + 9 * HOUR) == {}


def test_a_price_told_live_holds_until_the_next_beginning_or_end(home: Home) -> None:
    listed(home)
    merge_live(home, {"mug": {"price": 25.0}}, NOW)
    assert (price(home), settle_sales(home, NOW + HOUR)["mug"]["sale_price"]) == (25, 10)
    settle_sales(home, NOW + 3 * HOUR)
    assert price(home) == 25
