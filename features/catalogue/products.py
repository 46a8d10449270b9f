"""The catalogue on disk: one row per product, and the aliases of product ids."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from features.catalogue.stock_and_price import price_to_pay
from features.home import Home
from features.store.files import changing, replacing

LIVE_FIELDS = ("title", "price", "currency", "stock", "available", "url", "image_url", "is_product")


def schema() -> dict[str, pl.DataType]:
    """Columns of the catalogue. Money is per unit in `currency`; times are UTC microseconds.

    `category` is the deepest useful level of `category_path`, whose levels ` > ` parts. `is_product` is
    False for postage, fees, adjustments and vouchers, which are never recommended.
    """
    text, number, flag, time = pl.String(), pl.Float64(), pl.Boolean(), pl.Datetime("us", "UTC")
    return {
        "product_id": text,
        "title": text,
        "category": text,
        "category_path": text,
        "brand": text,
        "price": number,
        "currency": text,
        "cost": number,
        "stock": number,
        "available": flag,
        "url": text,
        "image_url": text,
        "description": text,
        "group_id": text,
        "is_product": flag,
        "first_seen": time,
        "updated_at": time,
    }


def load_products(home: Home) -> pl.DataFrame:
    """All products, sorted by id; no rows and the same columns before the first import."""
    path = _products(home)
    return pl.read_parquet(path) if path.exists() else pl.DataFrame(schema=schema())


def merge_products(home: Home, rows: pl.DataFrame, now: datetime) -> None:
    """Add or update products; `rows` needs `product_id` and any other columns of the schema.

    A new value replaces the old one unless it is null; `first_seen` stays the earliest. If `rows` has a
    product twice, the last row counts.
    """
    columns = schema()
    given = rows.select(pl.col(name).cast(columns[name]) for name in columns if name in rows.columns)
    new = pl.concat([pl.DataFrame(schema=columns), given], how="diagonal").unique("product_id", keep="last")
    new = new.with_columns(updated_at=pl.lit(now, columns["updated_at"]))
    with changing(_products(home)):
        merged = _merged(load_products(home), new)
        with replacing(_products(home)) as fresh:
            merged.select(list(columns)).sort("product_id").write_parquet(fresh)


def _merged(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    both = old.join(new, on="product_id", how="full", coalesce=True, suffix=" new")
    newest = [pl.coalesce(f"{name} new", name).alias(name) for name in schema() if name != "product_id"]
    return both.with_columns(newest).with_columns(
        first_seen=pl.coalesce(pl.min_horizontal(both["first_seen"], both["first_seen new"]), "updated_at"),
        is_product=pl.col("is_product").fill_null(value=True),
    )


def merge_live(home: Home, changes: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    """Write live changes to disk: product_id -> fields, as the live catalogue holds them."""
    columns = schema()
    rows = [
        {"product_id": product_id, **fields, "price": price_to_pay(fields)}
        for product_id, fields in changes.items()
    ]
    if rows:
        merge_products(home, pl.DataFrame(rows, schema_overrides=columns, infer_schema_length=None), now)


def load_aliases(home: Home) -> pl.DataFrame:
    """Other ids of products: `alias`, `product_id`, both String."""
    path = _aliases(home)
    empty = pl.DataFrame(schema={"alias": pl.String(), "product_id": pl.String()})
    return pl.read_parquet(path) if path.exists() else empty


def add_aliases(home: Home, rows: pl.DataFrame) -> None:
    """Store `alias` -> `product_id`; the newest row of an alias counts."""
    with changing(_aliases(home)):
        known = pl.concat([load_aliases(home), rows.select("alias", "product_id")])
        with replacing(_aliases(home)) as fresh:
            known.unique("alias", keep="last").sort("alias").write_parquet(fresh)


def remove_products(home: Home, ids: pl.Series) -> None:
    """Take products out; a running service learns of it when it loads its next model."""
    _without(_products(home), pl.col("product_id"), ids)


def remove_aliases(home: Home, aliases: pl.Series) -> None:
    """Forget that these stand for other ids."""
    _without(_aliases(home), pl.col("alias"), aliases)


def _without(path: Path, name: pl.Expr, names: pl.Series) -> None:
    if names.is_empty():
        return
    with changing(path):
        kept = pl.read_parquet(path).filter(~name.is_in(names.implode()))
        with replacing(path) as fresh:
            kept.write_parquet(fresh)


def live_fields(home: Home, since: datetime) -> dict[str, dict[str, Any]]:
    """Product_id -> the fields that are not null, of products updated since then, for a running service."""
    updated = load_products(home).filter(pl.col("updated_at") >= since)
    return {
        row.pop("product_id"): {name: value for name, value in row.items() if value is not None}
        for row in updated.select("product_id", *LIVE_FIELDS).to_dicts()
    }


def _products(home: Home) -> Path:
    return home.catalog / "products.parquet"


def _aliases(home: Home) -> Path:
    return home.catalog / "aliases.parquet"
