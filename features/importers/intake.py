"""Checked lines split into new, existing and rejected ones, and the products they bring."""

from dataclasses import dataclass

import polars as pl

from features.importers.existing import Existing, already_taken, without_claims_of
from features.importers.non_products import is_product
from features.importers.order_numbers import with_own_numbers
from features.importers.order_words import ORDER_TYPES, new_words, withdrawn
from features.importers.product_ids import check_match_rate, id_aliases, match_rate, with_canonical_ids
from features.importers.refunds import less_refunded_elsewhere, with_refunded_orders


@dataclass(frozen=True)
class Intake:
    """What an import would write. A row of the file is in one of `fresh`, `rejected` and `existing_rows`.

    fresh: lines with `event_id` and `line`; rejected: row, reason, detail, each row once; aliases: alias,
    product_id; products: rows for `merge_products`; non_products: ids that are not products.
    """

    fresh: pl.DataFrame
    rejected: pl.DataFrame
    existing_rows: int
    aliases: pl.DataFrame
    products: pl.DataFrame
    non_products: pl.Series
    new_products: int
    match_rate: float | None
    warnings: list[str]


def plan_intake(lines: pl.DataFrame, source: str, existing: Existing) -> Intake:
    """Give good lines their final ids and separate them from existing and rejected ones.

    Raises ImportRefused where the products are not this home's.
    """
    bad = pl.col("reason").is_not_null()
    existing = without_claims_of(existing, lines.filter(~bad))
    aliases = id_aliases(lines.filter(~bad)["product_id"], existing)
    told = pl.concat([lines.filter(~bad), withdrawn(lines.filter(bad), existing)])
    own, shared = with_own_numbers(with_canonical_ids(told, aliases), existing)
    good = less_refunded_elsewhere(_with_event_ids(own, existing), existing)
    warnings = check_match_rate(good["product_id"], source, existing)
    words = new_words(good, source, existing)
    fresh = words.lines.filter(~already_taken(words.lines, existing))
    fresh = with_refunded_orders(fresh, existing)
    existing_rows = good.join(fresh, on="row", how="anti")["row"].n_unique()
    warnings += [*shared, *words.warnings, *_about_statuses(good)]
    products = _products(fresh, existing)
    non_products = pl.concat([_non_products(existing.products), _non_products(products)])
    return Intake(
        fresh=fresh,
        rejected=lines.filter(bad).join(good, on="row", how="anti").unique("row", keep="first"),
        existing_rows=existing_rows,
        aliases=aliases,
        products=products,
        non_products=non_products,
        new_products=products.height - products.join(existing.products, on="product_id", how="semi").height,
        match_rate=match_rate(good["product_id"], existing),
        warnings=warnings,
    )


def _with_event_ids(lines: pl.DataFrame, existing: Existing) -> pl.DataFrame:
    """One event per order, at the time of its first line, with its lines numbered in file order.

    An id that another order, or a refund beside its purchase, has too, gives way to one made of the number.
    """
    own = pl.when(pl.col("type") == "purchase").then("order_id").otherwise("refund_id")
    by_number = pl.concat_str("type", pl.lit(":"), own)
    columns = ["event_id", "type", "order_id"]
    ids = pl.concat([lines.select(columns), existing.events.select(columns)]).filter(
        pl.col("event_id").is_in(lines["event_id"].drop_nulls().unique().implode())
    )
    event = pl.concat_str("type", pl.lit(":"), pl.col("order_id").fill_null(""))
    several = ids.group_by("event_id").agg(n=event.n_unique()).filter(pl.col("n") > 1)["event_id"]
    is_order = pl.col("type").is_in(ORDER_TYPES)
    unclear = pl.col("event_id").is_in(several.implode()) & is_order
    named = lines.with_columns(
        event_id=pl.coalesce(pl.when(~unclear.fill_null(value=False)).then("event_id"), by_number)
    )
    return named.with_columns(
        line=pl.int_range(pl.len(), dtype=pl.Int32).over("event_id"),
        timestamp=pl.col("timestamp").min().over("event_id"),
    )


def _about_statuses(lines: pl.DataFrame) -> list[str]:
    """One warning about each status that nobody knows."""
    orders = (
        lines.filter(pl.col("status").is_not_null()).group_by("status").agg(pl.col("order_id").n_unique())
    )
    return [
        f"The status {status!r} of {number:,} orders is not known here: they count"
        for status, number in orders.sort("status").iter_rows()
    ]


def _products(fresh: pl.DataFrame, existing: Existing) -> pl.DataFrame:
    """Rows for the catalogue; a title or price that it has already is left as it is."""
    sold = fresh.filter(pl.col("product_id").is_not_null())
    old = existing.products.select("product_id", old_title="title", old_price="price")
    rows = (
        sold.group_by("product_id")
        .agg(first_seen=pl.col("timestamp").min())
        .join(_usual_titles(sold), on="product_id", how="left")
        .join(_usual_prices(sold), on="product_id", how="left")
        .join(old, on="product_id", how="left")
    )
    priced = pl.col("old_price").is_not_null()
    untitled = pl.col("old_title").is_null()
    return rows.select(
        "product_id",
        "first_seen",
        title=pl.when(untitled).then("title"),
        price=pl.when(~priced).then("price"),
        currency=pl.when(~priced).then("currency"),
        is_product=pl.when(untitled).then(is_product(pl.col("product_id"), pl.col("title"))),
    )


def _usual_titles(sold: pl.DataFrame) -> pl.DataFrame:
    """The most frequent title of each product; titles of paid lines come before all others."""
    paid = (pl.col("type") != "refund") & (pl.col("unit_price") != 0)
    return (
        sold.filter(pl.col("title").is_not_null())
        .group_by("product_id", "title")
        .agg(uses=pl.len(), paid=paid.any())
        .sort("paid", "uses", "title", descending=[True, True, False])
        .unique("product_id", keep="first", maintain_order=True)
        .select("product_id", "title")
    )


def _usual_prices(sold: pl.DataFrame) -> pl.DataFrame:
    return (
        sold.filter(pl.col("type") == "purchase", pl.col("unit_price") > 0)
        .group_by("product_id", "currency", price="unit_price")
        .len()
        .sort("len", "price", descending=True)
        .unique("product_id", keep="first", maintain_order=True)
        .select("product_id", "price", "currency")
    )


def _non_products(products: pl.DataFrame) -> pl.Series:
    return products.filter(~pl.col("is_product"))["product_id"]
