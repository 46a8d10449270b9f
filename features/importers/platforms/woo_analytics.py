"""WooCommerce's own export (Analytics > Orders): one row an order, the products by name in one cell."""

import re
from collections.abc import Iterator

import polars as pl

from features.importers.lines import Format
from features.importers.order_lines import order_lines
from features.importers.platforms.packed_lines import unpacked, with_shared_totals

# `2× Mug, 1× Bowl, blue`: a comma ends a product where a number and × follow.
PRODUCT = re.compile(
    r"(?P<quantity>\d+(?:\.\d+)?)\s*[×x]\s+(?P<title>.+?)(?=,\s+\d+(?:\.\d+)?\s*[×x]\s|\s*$)"
)


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    return order_lines(with_shared_totals(unpacked(rows, "products", products_of), pl.col("subtotal")))


def products_of(text: str) -> Iterator[dict[str, str]]:
    """Quantity and title of each product in the cell."""
    for found in PRODUCT.finditer(text):
        yield found.groupdict()


WOO_ANALYTICS = Format(
    name="woocommerce",
    label="WooCommerce: Analytics > Orders > Download",
    columns={
        "order_id": ("Order #",),
        "timestamp": ("Date",),
        "status": ("Status",),
        "customer_id": ("Customer",),
        "products": ("Product(s)",),
        "subtotal": ("Net Sales", "N. Revenue", "N. Revenue (formatted)"),
        "coupon": ("Coupon(s)",),
    },
    required=("order_id", "timestamp", "products", "subtotal"),
    read=_read,
    note="This export has neither SKUs, prices of products nor e-mail addresses: products are known by name, "
    "customers by name, and an order's net sales are shared by its units. The free plug-in Advanced Order "
    "Export For WooCommerce writes all of that (--format woo-advanced)",
)
