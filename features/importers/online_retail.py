"""The Online Retail layout of the UCI repository, in its CSV and .xlsx forms."""

import polars as pl

from features.importers.lines import Format
from features.importers.reasons import RejectReason

FLOAT = r"^(\d+)\.0$"
"""Tools that know only floats write customer 17850 as 17850.0."""


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    invoice = pl.col("order_id")
    cancelled = invoice.str.contains(r"^[Cc]\d").fill_null(value=False)
    bad_debt = invoice.str.contains(r"^[Aa]\d")
    customer = pl.col("customer_id")
    if rows["customer_id"].str.contains(FLOAT).any():
        customer = customer.str.replace(FLOAT, "$1")
    return rows.with_columns(
        type=pl.when(cancelled).then(pl.lit("refund")).otherwise(pl.lit("purchase")),
        order_id=pl.when(~cancelled).then(invoice),
        refund_id=pl.when(cancelled).then(invoice),
        customer_id=customer,
        currency=pl.lit("GBP"),
        reason=pl.when(bad_debt).then(pl.lit(RejectReason.BAD_DEBT.value)),
    )


ONLINE_RETAIL = Format(
    name="online-retail",
    columns={
        "order_id": ("invoiceno", "invoice"),
        "product_id": ("stockcode",),
        "title": ("description",),
        "quantity": ("quantity",),
        "timestamp": ("invoicedate",),
        "unit_price": ("unitprice", "price"),
        "customer_id": ("customerid",),
        "country": ("country",),
    },
    required=("order_id", "product_id", "quantity", "timestamp", "unit_price", "customer_id"),
    read=_read,
    label="The Online Retail data set of the UCI repository",
    lines_are_units=False,  # who publishes the data set says that equal lines are mistakes
)
