"""The catalogue on disk: one row per product, and the aliases of product ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from features.catalogue.attributes import attributes_json
from features.catalogue.local import merged_json
from features.catalogue.non_product_rule import NonProductRule, read_rule
from features.catalogue.non_products import under_rule
from features.catalogue.stock_and_price import price_to_pay
from features.home import Home
from features.store.files import changing, replacing

LIVE_FIELDS = ("title", "currency", "stock", "available", "url", "image_url", "is_product", "retired")
BY_NAME = ("translations", "prices")
AS_JSON = ("attributes", *BY_NAME)
SALE = ("sale_price", "sale_from", "sale_until")
OF_THE_HOME = ("sale_price", "is_product")
"""Live fields that go to disk changed: a sale is in the price, and the window of a feed's own sale stays."""


def schema() -> dict[str, pl.DataType]:
    """Columns of the catalogue. Money is per unit in `currency`; times are UTC microseconds.

    `category` is the deepest useful level of `category_path`, whose levels ` > ` parts. `is_product` is
    False for postage, fees, adjustments and vouchers, which are never recommended; nor is what is `retired`,
    whose history counts all the same. `group_id` is one for all variants of a product. `price` is paid now:
    from `sale_from` until `sale_until` the `sale_price`, else the `regular_price` (see `sales`). `first_seen`
    is null where the product was there before the home was. `listed_at`: last in a catalogue's file.
    `attributes`: JSON, as `attributes_json` makes it; `translations` by language and `prices` by market: JSON
    of what `features.catalogue.local` says.
    """
    text, number, flag, time = pl.String(), pl.Float64(), pl.Boolean(), pl.Datetime("us", "UTC")
    return {
        "product_id": text,
        "title": text,
        "category": text,
        "category_path": text,
        "brand": text,
        "price": number,
        "regular_price": number,
        "sale_price": number,
        "sale_from": time,
        "sale_until": time,
        "currency": text,
        "cost": number,
        "stock": number,
        "available": flag,
        "url": text,
        "image_url": text,
        "description": text,
        "group_id": text,
        "attributes": text,
        "translations": text,
        "prices": text,
        "is_product": flag,
        "retired": flag,
        "first_seen": time,
        "listed_at": time,
        "updated_at": time,
    }


def load_products(home: Home, rule: NonProductRule | None = None) -> pl.DataFrame:
    """All products, sorted by id; no rows and the same columns before the first import.

    rule: of what is no product; None: the shop's own. Raises BadRule where that cannot be read.
    """
    path, columns = _products(home), schema()
    if not path.exists():
        return pl.DataFrame(schema=columns)
    stored = pl.read_parquet(path)
    lacking = [
        pl.lit(None, dtype).alias(name) for name, dtype in columns.items() if name not in stored.columns
    ]
    whole = stored.with_columns(lacking).select(list(columns))
    return under_rule(read_rule(home) if rule is None else rule, whole)


def merge_products(home: Home, rows: pl.DataFrame, now: datetime) -> None:
    """Add or update products; `rows` needs `product_id` and any other columns of the schema.

    A new value replaces the old one unless it is null; a sale goes where the new row names none. Of
    translations and prices those of the languages and markets named are replaced.
    `first_seen` stays the earliest, and is now where `rows` lack it. If `rows` has a product twice, the last
    row counts.
    """
    columns = schema()
    given = rows.select(pl.col(name).cast(columns[name]) for name in columns if name in rows.columns)
    new = pl.concat([pl.DataFrame(schema=columns), given], how="diagonal").unique("product_id", keep="last")
    new = new.with_columns(updated_at=pl.lit(now, columns["updated_at"]))
    if "first_seen" not in rows.columns:
        new = new.with_columns(first_seen="updated_at")
    told = SALE if "sale_from" in rows.columns else ()
    with changing(_products(home)):
        merged = _merged(load_products(home, NonProductRule()), new, told)
        with replacing(_products(home)) as fresh:
            merged.select(list(columns)).sort("product_id").write_parquet(fresh)


def _merged(old: pl.DataFrame, new: pl.DataFrame, told: Sequence[str]) -> pl.DataFrame:
    """told: columns in which a null of a new row counts, too."""
    marked = old.with_columns(is_old=True), new.with_columns(is_new=True)
    both = marked[0].join(marked[1], on="product_id", how="full", coalesce=True, suffix=" new")
    columns = {name: pl.coalesce(f"{name} new", name) for name in schema() if name != "product_id"}
    columns |= {name: pl.when("is_new").then(f"{name} new").otherwise(name) for name in told}
    columns |= {name: _joined(both[name], both[f"{name} new"]) for name in BY_NAME}
    earliest = pl.min_horizontal("first_seen", "first_seen new")
    is_known = pl.col("is_old").is_null() | pl.col("first_seen").is_not_null()
    return both.select(
        "product_id",
        **columns
        | {
            "first_seen": pl.when(is_known).then(earliest),
            "is_product": columns["is_product"].fill_null(value=True),
            "retired": columns["retired"].fill_null(value=False),
        },
    )


def _joined(old: pl.Series, new: pl.Series) -> pl.Expr:
    if new.null_count() == len(new):
        return pl.lit(old)
    return pl.lit(pl.Series(old.name, list(map(merged_json, old, new)), pl.String))


def merge_live(home: Home, changes: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    """Write live changes to disk: product_id -> fields, as the live catalogue holds them."""
    columns, ruled = schema(), _ruled(home)
    rows = [
        {
            "product_id": product_id,
            **{name: value for name, value in fields.items() if name not in OF_THE_HOME},
            "price": price_to_pay(fields),
            "regular_price": fields.get("price"),
            "is_product": None if product_id in ruled else fields.get("is_product"),
            "attributes": attributes_json(fields["attributes"]) if fields.get("attributes") else None,
            **{name: msgspec.json.encode(fields[name]).decode() for name in BY_NAME if fields.get(name)},
        }
        for product_id, fields in changes.items()
    ]
    if rows:
        merge_products(home, pl.DataFrame(rows, schema_overrides=columns, infer_schema_length=None), now)


def _ruled(home: Home) -> set[str]:
    """Products of which the shop's rule says whether they are any: it may say something else tomorrow."""
    unsaid = load_products(home, NonProductRule()).with_columns(is_product=pl.lit(None, pl.Boolean))
    said = under_rule(read_rule(home), unsaid).filter(pl.col("is_product").is_not_null())
    return set(said["product_id"])


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
    return {
        row.pop("product_id"): {name: value for name, value in row.items() if value is not None} | sale
        for row, sale in _updated(home, since)
    }


def _updated(home: Home, since: datetime) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each product updated since then: its live fields, and its sale price, None where there is no sale."""
    updated = load_products(home).filter(pl.col("updated_at") >= since)
    is_sale = pl.col("price") < pl.col("regular_price")
    sales = updated.select(sale_price=pl.when(is_sale).then("price")).to_dicts()
    regular = pl.coalesce("regular_price", "price").alias("price")
    rows = updated.select("product_id", *LIVE_FIELDS, *AS_JSON, regular).to_dicts()
    for row in rows:
        row |= {name: msgspec.json.decode(row[name]) if row[name] else None for name in AS_JSON}
    return zip(rows, sales, strict=True)


def _products(home: Home) -> Path:
    return home.catalog / "products.parquet"


def _aliases(home: Home) -> Path:
    return home.catalog / "aliases.parquet"
