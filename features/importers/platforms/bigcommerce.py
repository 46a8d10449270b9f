"""BigCommerce's default export: one row an order, its products in one cell of `name: value` pairs."""

import re
from collections.abc import Iterator

import polars as pl

from features.importers.lines import Format
from features.importers.order_lines import order_lines
from features.importers.platforms.packed_lines import unpacked

NAMES = {
    "Product ID": "product_id",
    "Product Qty": "quantity",
    "Product SKU": "sku",
    "Product Name": "title",
    "Product Variation Details": "options",
    "Product Unit Price": "unit_price",
    "Product Total Price": "line_total",
}
# Values may hold commas and bars: one ends where the next known name begins.
NEXT_LINE = re.compile(r"\|(?=\s*Product ID: )")
FIELD = re.compile(
    r"(?:^|, )(Product [A-Za-z ]+?): ?(.*?)(?=, (?:Product|Peachtree) [A-Za-z ]+?:|$)", re.DOTALL
)


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    return order_lines(unpacked(rows, "products", products_of))


def products_of(text: str) -> Iterator[dict[str, str]]:
    """Our names and their text of each product in the cell."""
    for line in NEXT_LINE.split(text):
        fields = {NAMES[name]: value.strip() for name, value in FIELD.findall(line.strip()) if name in NAMES}
        yield dict.fromkeys(NAMES.values(), "") | fields


BIGCOMMERCE = Format(
    name="bigcommerce",
    label="BigCommerce: Orders > Export all orders > Default (orders-….csv)",
    columns={
        "order_id": ("Order ID",),
        "timestamp": ("Order Date", "Date"),
        "time": ("Order Time",),
        "status": ("Order Status",),
        "email": ("Customer Email",),
        "phone": ("Customer Phone",),
        "customer_id": ("Customer ID",),
        "products": ("Product Details",),
        "discount": ("Coupon Value", "Discount Amount"),
        "shipping": ("Shipping Cost (inc tax)", "Shipping Cost (ex tax)", "Shipping Cost"),
        "tax": ("Tax Total",),
        "total": ("Order Total (inc tax)", "Order Total (ex tax)", "Order Total"),
        "gift_card": ("Gift Certificate Redeemed",),
        "refunded": ("Refund Amount", "Refunded Amount"),
        "currency": ("Order Currency Code", "Currency Code", "Transactional Currency Code"),
        "country": ("Shipping Country", "Billing Country"),
        "coupon": ("Coupon Details", "Coupon Code"),
    },
    required=("order_id", "timestamp", "products"),
    read=_read,
)
