"""eBay's orders report: a row an item, `Sold For` is the price of one, dates are written Mar-01-26."""

import polars as pl

from features.importers.lines import Format
from features.importers.order_lines import order_lines

DATE = r"^([A-Za-z]{3})-(\d{1,2})-(\d{2})$"


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    return order_lines(rows.with_columns(pl.col("timestamp").str.replace(DATE, "$1 $2, 20$3")))


EBAY = Format(
    name="ebay",
    label="eBay: Seller Hub > Orders > Download report (eBay-OrdersReport-….csv)",
    columns={
        "order_id": ("Order Number", "Sales Record Number"),
        "timestamp": ("Sale Date", "Paid On Date"),
        "email": ("Buyer Email",),
        "customer_id": ("Buyer Username",),
        "sku": ("Custom Label", "Custom label (SKU)"),
        "product_id": ("Item Number",),
        "title": ("Item Title",),
        "options": ("Variation Details",),
        "quantity": ("Quantity",),
        "unit_price": ("Sold For",),
        "shipping": ("Shipping And Handling",),
        "country": ("Ship To Country", "Buyer Country"),
    },
    required=("order_id", "timestamp", "product_id", "title", "quantity", "unit_price"),
    read=_read,
)
