"""Checked lines split into new, existing and rejected ones, and the products they bring."""

from dataclasses import dataclass

import polars as pl

from features.importers.existing import Existing, already_taken, without_claims_of
from features.importers.lines import ID_SEPARATOR
from features.importers.non_products import is_product
from features.importers.order_numbers import with_own_numbers
from features.importers.order_words import ORDER_TYPES, new_words, withdrawn
from features.importers.product_ids import (
    check_match_rate,
    id_aliases,
    known_elsewhere,
    match_rate,
    other_names,
    with_canonical_ids,
)
from features.importers.reasons import RejectReason
from features.importers.refunds import less_refunded_elsewhere, with_refunded_orders


@dataclass(frozen=True)
class Intake:
    """What an import would write. A row of the file is in one of `fresh`, `rejected` and `existing_rows`.

    fresh: lines with `event_id` and `line`; rejected: row, reason, detail, each row once; aliases (of ids in
    the file) and other_names (of its products): alias,
    product_id; products: rows for `merge_products`; non_products: ids that are not products.
    """

    fresh: pl.DataFrame
    rejected: pl.DataFrame
    existing_rows: int
    aliases: pl.DataFrame
    other_names: pl.DataFrame
    products: pl.DataFrame
    non_products: pl.Series
    new_products: int
    match_rate: float | None
    warnings: list[str]


def plan_intake(
    lines: pl.DataFrame, aside: pl.DataFrame, source: str, existing: Existing, *, are_rejects: bool = False
) -> Intake:
    """Give good lines their final ids and separate them from existing and rejected ones.

    aside: `row`, `reason` and `detail` of rows that gave no lines.
    are_rejects: the lines were set aside by an earlier import; orders that it took have them besides.
    Raises ImportRefused where the products are not this home's.
    """
    lines = with_discount_lines(lines)
    bad = pl.col("reason").is_not_null()
    told = lines.filter(~bad)
    existing = without_claims_of(existing, told)
    both = [known_elsewhere(_with_lists(told), existing), id_aliases(told["product_id"], existing)]
    aliases = pl.concat(both).unique("alias", keep="first")
    withdrawn_lines = withdrawn(lines.filter(bad), existing)
    told = told if withdrawn_lines.is_empty() else pl.concat([told, withdrawn_lines])
    own, shared = with_own_numbers(with_canonical_ids(told, aliases), existing)
    good = less_refunded_elsewhere(_with_event_ids(own, existing), existing)
    warnings = check_match_rate(good["product_id"], source, existing)
    words = new_words(good, source, existing, are_rejects=are_rejects)
    taken = already_taken(words.lines, existing)
    fresh = words.lines.filter(~taken) if taken.any() else words.lines
    fresh = with_refunded_orders(fresh, existing)
    existing_rows = good.select("row").join(fresh.select("row"), on="row", how="anti")["row"].n_unique()
    warnings += [*shared, *words.warnings, *_about_statuses(good), *_about_currencies(fresh, existing)]
    products = _products(fresh, existing)
    rejected = pl.concat([lines.filter(bad).select(aside.columns), aside])
    non_products = pl.concat([_non_products(existing.products), _non_products(products)])
    return Intake(
        fresh=fresh,
        rejected=rejected.join(good.select("row"), on="row", how="anti").unique("row", keep="first"),
        existing_rows=existing_rows,
        aliases=aliases,
        other_names=other_names(_with_lists(good), existing),
        products=products,
        non_products=non_products,
        new_products=products.height - products.join(existing.products, on="product_id", how="semi").height,
        match_rate=match_rate(good["product_id"], existing),
        warnings=warnings,
    )


def _with_lists(lines: pl.DataFrame) -> pl.DataFrame:
    """`product_id` and `other_ids`, a list, each pair once."""
    pairs = lines.select("product_id", "other_ids").unique(maintain_order=True)
    return pairs.with_columns(pl.col("other_ids").str.split(ID_SEPARATOR))


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


def with_discount_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """A line of an order with a negative price, a coupon say, is a discount of the order."""
    negative = (pl.col("reason") == RejectReason.NEGATIVE_PRICE.value) & (pl.col("type") == "purchase")
    if not lines.select(negative.any()).item():
        return lines
    good = pl.col("reason").is_null() & (pl.col("type") == "purchase")
    first = good & (good.cum_sum().over("order_id") == 1)
    off = pl.when(negative).then((pl.col("quantity") * pl.col("unit_price")).abs()).otherwise(0.0)
    off = off.fill_null(0.0).sum().over("order_id")
    taken = negative & good.any().over("order_id") & pl.col("order_id").is_not_null()
    return lines.with_columns(
        discount=pl.when(first & (off > 0))
        .then(pl.col("discount").fill_null(0.0) + off)
        .otherwise("discount"),
        reason=pl.when(taken).then(pl.lit(RejectReason.TAKEN_OFF.value)).otherwise("reason"),
    )


def _about_currencies(fresh: pl.DataFrame, existing: Existing) -> list[str]:
    """How many of the new orders are in other currencies than most."""
    if pl.concat([fresh["currency"], existing.events["currency"]]).drop_nulls().n_unique() < 2:
        return []
    columns = ("order_id", "currency")
    bought = pl.col("type") == "purchase", pl.col("currency").is_not_null()
    new = fresh.filter(*bought).select(columns).unique()
    orders = pl.concat([new, existing.events.filter(*bought).select(columns).unique()]).unique()
    counts = orders["currency"].value_counts(sort=True)
    others = new.filter(pl.col("currency") != counts["currency"][0])
    if others.is_empty():
        return []
    named = ", ".join(
        f"{number:,} in {currency}"
        for currency, number in others["currency"].value_counts(sort=True).iter_rows()
    )
    return [
        f"Not all orders are in {counts['currency'][0]}: {named}. They stand beside in reports, unless "
        "`perennial import rates FILE` tells what their currency is worth"
    ]


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
    sold = fresh.lazy().filter(pl.col("product_id").is_not_null())  # streamed: a copy of all lines is large
    old = existing.products.lazy().select("product_id", old_title="title", old_price="price")
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
    ).collect(engine="streaming")


def _usual_titles(sold: pl.LazyFrame) -> pl.LazyFrame:
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


def _usual_prices(sold: pl.LazyFrame) -> pl.LazyFrame:
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
