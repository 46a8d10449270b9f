"""Shopify's orders export: one row per line item, the order's own cells on its first row only."""

from hashlib import sha256

import polars as pl

from features.importers.lines import Format
from features.importers.values import number

ORDER_CELLS = ("email", "timestamp", "currency", "country", "coupon", "cancelled_at")
"""Copied to every row of the order; the discount stays on the first, so that sums over lines are right."""


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    orders = rows.with_columns(
        *[_of_order(pl.col(cell)).alias(cell) for cell in ORDER_CELLS],
        order_id=pl.col("name").str.strip_prefix("#"),
        refunded=_of_order(number(pl.col("refunded"))).fill_null(0),
        total=_of_order(number(pl.col("total"))),
    )
    purchases = orders.with_columns(type=pl.lit("purchase"), customer_id=_hashed(orders["email"]))
    return pl.concat([purchases, _refunds(purchases)], how="diagonal")


def _of_order(cell: pl.Expr) -> pl.Expr:
    return cell.first(ignore_nulls=True).over("name")


def _hashed(emails: pl.Series) -> pl.Series:
    """SHA-256 of each e-mail address, which serves as customer id; the address itself is not kept."""
    normalised = emails.str.strip_chars().str.to_lowercase()
    distinct = normalised.drop_nulls().unique()
    hashes = [sha256(email.encode()).hexdigest() for email in distinct]
    return normalised.replace_strict(distinct, hashes, default=None, return_dtype=pl.String)


def _refunds(purchases: pl.DataFrame) -> pl.DataFrame:
    """Refund lines: each line of a cancelled or fully refunded order, one sum for a partial refund."""
    refunds = purchases.with_columns(
        type=pl.lit("refund"),
        refund_id=pl.col("order_id"),
        timestamp=pl.coalesce("cancelled_at", "timestamp"),
    )
    whole = pl.col("cancelled_at").is_not_null() | (
        (pl.col("refunded") > 0) & (pl.col("refunded") >= pl.col("total"))
    )
    partial = refunds.filter(~whole.fill_null(value=False), pl.col("refunded") > 0)
    sums = partial.unique("order_id", keep="first", maintain_order=True).with_columns(
        product_id=pl.lit(None, pl.String),
        title=pl.lit(None, pl.String),
        quantity=pl.lit("1"),
        unit_price=pl.col("refunded").cast(pl.String),
        refunded_so_far=pl.col("refunded").cast(pl.String),
        refund_id=pl.concat_str("order_id", pl.lit(":"), "refunded"),
    )
    return pl.concat([refunds.filter(whole), sums], how="diagonal")


SHOPIFY = Format(
    name="shopify",
    columns={
        "name": ("name",),
        "email": ("email",),
        "timestamp": ("createdat",),
        "product_id": ("lineitemsku", "sku"),
        "title": ("lineitemname",),
        "quantity": ("lineitemquantity",),
        "unit_price": ("lineitemprice",),
        "currency": ("currency",),
        "country": ("shippingcountry", "billingcountry"),
        "discount": ("discountamount",),
        "coupon": ("discountcode",),
        "total": ("total",),
        "cancelled_at": ("cancelledat", "canceledat"),
        "refunded": ("refundedamount",),
    },
    required=("name", "email", "timestamp", "product_id", "quantity", "unit_price"),
    read=_read,
)
