"""The plug-in Order Export & Order Import for WooCommerce (WebToffee): one row an order, a cell a line."""

from collections.abc import Iterator

import polars as pl

from features.importers.lines import Format
from features.importers.order_lines import order_lines
from features.importers.platforms.packed_lines import unpacked

MOST_LINES = 100
NAMES = {
    "name": "title",
    "product_id": "product_id",
    "sku": "sku",
    "quantity": "quantity",
    "total": "line_total",
    "_variation_id": "variant_id",
}
BETWEEN = "\x1f"


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    cells = [f"line_item_{number}" for number in range(1, MOST_LINES + 1)]
    packed = rows.with_columns(lines=pl.concat_str(cells, separator=BETWEEN, ignore_nulls=True)).drop(cells)
    return order_lines(unpacked(packed, "lines", products_of))


def products_of(text: str) -> Iterator[dict[str, str]]:
    """`name:Mug|product_id:9|sku:MUG|quantity:2|total:18.00|sub_total:20.00`, several of them."""
    for line in filter(None, text.split(BETWEEN)):
        parts = [part.partition(":") for part in line.split("|")]
        yield dict.fromkeys(NAMES.values(), "") | {
            NAMES[name.strip()]: value.strip() for name, _, value in parts if name.strip() in NAMES
        }


WOO_WEBTOFFEE = Format(
    name="woo-webtoffee",
    label="WooCommerce plug-in Order Export & Order Import: WebToffee Import Export > Export > Order",
    columns={
        "order_id": ("order_number", "order_id"),
        "timestamp": ("order_date", "date"),
        "status": ("status",),
        "email": ("billing_email", "customer_email"),
        "phone": ("billing_phone",),
        "customer_id": ("customer_id", "customer_user"),
        "shipping": ("shipping_total",),
        "tax": ("tax_total",),
        "total": ("order_total",),
        "refunded": ("refunded_total",),
        "currency": ("order_currency",),
        "country": ("shipping_country", "billing_country"),
        "utm_source": ("meta:_wc_order_attribution_utm_source",),
        **{f"line_item_{number}": (f"line_item_{number}",) for number in range(1, MOST_LINES + 1)},
    },
    required=("order_id", "timestamp", "line_item_1"),
    read=_read,
)
