"""Shopware 6's default orders profile: one row an order, `2x product id|1x product id` in one cell."""

import re
from collections.abc import Iterator

import polars as pl

from features.importers.lines import Format
from features.importers.order_lines import order_lines
from features.importers.platforms.packed_lines import unpacked, with_shared_totals

PRODUCT = re.compile(r"(?P<quantity>\d+)x (?P<product_id>[^|\s]+)")


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    goods = pl.coalesce("subtotal", "total")
    return order_lines(with_shared_totals(unpacked(rows, "line_items", products_of), goods))


def products_of(text: str) -> Iterator[dict[str, str]]:
    """A line without a product id is postage, a discount or the like."""
    for found in PRODUCT.finditer(text):
        yield found.groupdict()


SHOPWARE6 = Format(
    name="shopware6",
    label="Shopware 6: Settings > Shop > Import/Export > Export > Default orders",
    columns={
        "order_id": ("order_number", "id"),
        "timestamp": ("order_date_time",),
        "status": ("order_state", "state"),
        "financial_status": ("payment_state", "transaction_state"),
        "email": ("customer_email", "order_customer_email"),
        "customer_id": ("customer_number", "customer_id"),
        "subtotal": ("position_price",),
        "shipping": ("shipping_total",),
        "total": ("amount_total",),
        "currency": ("currency", "currency_iso_code"),
        "country": ("shipping_address_country", "billing_address_country"),
        "line_items": ("line_items",),
    },
    required=("order_id", "timestamp", "subtotal|total", "line_items"),
    read=_read,
    note="Shopware's default profile has no prices of products: an order's total is shared by its units. Add "
    "line items with productNumber, quantity and unitPrice to a profile of your own for true prices",
)
