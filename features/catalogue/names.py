"""Every name of a product: its id, its aliases, and either in another case or with blanks around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from features.catalogue.products import load_aliases, load_products
from features.home import Home
from features.store import keys

if TYPE_CHECKING:
    import redis

NAMES_PER_CALL = 500  # about 1 ms of Redis, so that other requests pass in between


def folded(column: str) -> pl.Expr:
    """`live_names.fold` of a column, as `folded`."""
    return pl.col(column).str.strip_chars().str.to_lowercase().alias("folded")


def names_of(products: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """`folded`, `product_id`: each name that stands for one product alone; own ids come before aliases."""
    own = products.select(alias="product_id", product_id="product_id")
    once = [
        names.select(folded("alias"), "product_id").filter(
            pl.col("product_id").n_unique().over("folded") == 1
        )
        for names in (own, aliases)
    ]
    return pl.concat(once).unique("folded", keep="first", maintain_order=True)


def other_ids(ids: pl.Series, products: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """`alias`, `product_id`: which of these ids are no product's own, and whose name they are."""
    distinct = ids.drop_nulls().unique().alias("alias").to_frame()
    strange = distinct.filter(~pl.col("alias").is_in(products["product_id"].implode()))
    named = strange.with_columns(folded("alias")).join(names_of(products, aliases), on="folded")
    return named.select("alias", "product_id").sort("alias")


def under_own_ids(rows: pl.LazyFrame, products: pl.DataFrame, aliases: pl.DataFrame) -> pl.LazyFrame:
    """The rows with each product under its own id, by whichever name an event called it."""
    ids = rows.select(pl.col("product_id").unique()).collect().to_series()
    others = other_ids(ids, products, aliases)
    if others.is_empty():
        return rows
    return rows.with_columns(pl.col("product_id").replace(others["alias"], others["product_id"]))


def publish_names(client: redis.Redis, home: Home) -> None:
    """Tell a running service all names of the home's products. Raises redis.RedisError."""
    names = names_of(load_products(home), load_aliases(home))
    for batch in names.iter_slices(NAMES_PER_CALL):
        client.hset(keys.product_names(), mapping=dict(batch.iter_rows()))
