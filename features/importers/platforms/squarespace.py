"""Squarespace's orders export: as Shopify's, with the order's number in a column of its own name."""

from features.importers.lines import Format
from features.importers.order_lines import order_lines

SQUARESPACE = Format(
    name="squarespace",
    label="Squarespace: Commerce > Orders > Export orders (orders.csv)",
    columns={
        "order_id": ("Order ID", "Order Number"),
        "timestamp": ("Created at", "Paid at"),
        "financial_status": ("Financial Status",),
        "email": ("Email",),
        "phone": ("Billing Phone", "Shipping Phone"),
        "sku": ("Lineitem sku",),
        "title": ("Lineitem name",),
        "options": ("Lineitem variant",),
        "quantity": ("Lineitem quantity",),
        "unit_price": ("Lineitem price",),
        "discount": ("Discount Amount",),
        "subtotal": ("Subtotal",),
        "shipping": ("Shipping",),
        "tax": ("Taxes",),
        "total": ("Total",),
        "refunded": ("Amount Refunded",),
        "cancelled_at": ("Cancelled at", "Canceled at"),
        "currency": ("Currency",),
        "country": ("Shipping Country", "Billing Country"),
        "coupon": ("Discount Code",),
    },
    required=("order_id", "timestamp", "sku|title", "quantity", "unit_price"),
    read=order_lines,
)
