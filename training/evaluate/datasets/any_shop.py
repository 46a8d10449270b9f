"""Any data set of orders or events as a shop: a history, a catalogue, and the time at which it is cut."""

from dataclasses import replace
from pathlib import Path

import polars as pl

from features.catalogue.products import schema
from features.home import Home
from features.time_units import DAY_S
from training.data.history import history_of
from training.errors import BadDataset
from training.evaluate.datasets.baskets import LAST_BASKET_DAY, numbered_baskets
from training.evaluate.datasets.cart_cases import CART_FORMATS, read_carts
from training.evaluate.datasets.interactions import is_interactions, train_lines
from training.evaluate.datasets.own_shop import OwnShop, order_cut, read_shop
from training.evaluate.datasets.parquet import dataset_name, readable, table_of


def read_any_shop(source: Path | Home) -> tuple[OwnShop, int]:
    """The shop, and the epoch second from which on its history is held out. Raises BadDataset.

    A home; interactions.parquet, of which the split `train` alone has times; events.parquet; or
    baskets.parquet, of which everybody's last basket is held out.
    """
    if isinstance(source, Home):
        shop = read_shop(source)
        return shop, order_cut(shop.history)
    no_catalogue = pl.DataFrame(schema=schema())
    if is_interactions(source):
        lines = train_lines(source)
        shop = OwnShop(dataset_name(source), history_of(lines, lines["product_id"]), no_catalogue)
        return shop, order_cut(shop.history)
    name, table = table_of(source, CART_FORMATS)
    if name == "baskets.parquet":
        with readable(source):
            lines = _numbered(table)
        shop = OwnShop(dataset_name(source), history_of(lines, lines["product_id"]), no_catalogue)
        return shop, LAST_BASKET_DAY * DAY_S
    carts = read_carts(source)
    carts = replace(carts, lines=carts.lines.with_columns(late=False))
    shop = OwnShop(dataset_name(source), carts.history(), no_catalogue)
    if not len(shop.history.purchases):
        raise BadDataset(f"{source} holds no order")
    return shop, order_cut(shop.history)


def _numbered(table: pl.LazyFrame) -> pl.DataFrame:
    at = pl.col("day").cast(pl.Int64) * DAY_S
    lines = numbered_baskets(table).select("customer_id", "order_id", "product_id", timestamp=at)
    return lines.unique(maintain_order=True).collect()
