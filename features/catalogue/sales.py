"""Sales that begin and end: outside its window a sale price is none.

The catalogue on disk keeps what is to come. `settle_sales` acts on each beginning and each end once: an
import, a training and, every minute, the worker call it, and tell a running service.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from features.catalogue.products import live_fields, load_products, merge_products
from features.home import Home


def settled(products: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """The products at the price of now; of their sales only beginnings and ends that are still to come."""
    is_over = (pl.col("sale_until") <= now).fill_null(value=False)
    is_to_come = (pl.col("sale_from") > now).fill_null(value=False)
    priced = products.with_columns(
        price=pl.when(pl.col("sale_price").is_not_null() & ~is_over & ~is_to_come)
        .then("sale_price")
        .otherwise(pl.coalesce("regular_price", "price")),
        regular_price=pl.coalesce("regular_price", "price"),
    )
    return priced.with_columns(
        sale_price=pl.when(~is_over).then("sale_price"),
        sale_from=pl.when(is_to_come & ~is_over).then("sale_from"),
        sale_until=pl.when(~is_over).then("sale_until"),
    )


def settle_sales(home: Home, now: datetime) -> Mapping[str, Mapping[str, Any]]:
    """Write the prices of sales that began or ended; returns their live fields by product."""
    is_due = (pl.col("sale_from") <= now) | (pl.col("sale_until") <= now)
    due = load_products(home).filter(is_due)
    if due.is_empty():
        return {}
    merge_products(home, settled(due, now).drop("updated_at", "is_product"), now)
    changed = set(due["product_id"])
    return {name: fields for name, fields in live_fields(home, now).items() if name in changed}
