"""The done-when figures on the real Online Retail file; skipped where the data sets are absent."""

from pathlib import Path

import polars as pl
import pytest

from features.catalogue.products import load_products
from features.history import events_parquet as history
from features.home import Home
from features.importers.orders import import_orders

from factories import NOW

FOLDER = Path(__file__).parents[3] / "../shared/data/online_retail"
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not FOLDER.exists(), reason="the data sets beside the project are absent"),
]


def test_online_retail_then_the_same_months_from_shopify(home: Home) -> None:
    first = import_orders(home, FOLDER / "online_retail.csv.gz", received_at=NOW)
    assert first.taken + sum(first.set_aside.values()) == first.rows == 541_909
    assert first.exact_duplicates == 5_268
    assert first.customers == 4_372
    assert first.refunds_joined > 7_500

    products = load_products(home)
    cakestand = products.row(by_predicate=pl.col("product_id") == "22423", named=True)
    assert (cakestand["title"], cakestand["price"]) == ("REGENCY CAKESTAND 3 TIER", 12.75)
    assert {"POST", "DOT", "M", "D", "C2"} <= set(products.filter(~pl.col("is_product"))["product_id"])

    second = import_orders(home, FOLDER / "shopify_orders_2011_11.csv.gz", received_at=NOW)
    assert second.match_rate is not None
    assert second.match_rate >= 0.99
    counted = second.already_known + second.taken + sum(second.set_aside.values())
    assert counted == second.rows == 83_498
    assert second.orders == 418  # those with equal lines, which are units in this format
    orders = history.scan(home).filter(pl.col("type") == "purchase").select(pl.col("order_id").n_unique())
    assert orders.collect().item() == first.orders
