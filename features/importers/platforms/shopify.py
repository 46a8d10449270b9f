"""Shopify's orders export: one row per line item, the order's own cells on its first row only."""

from features.importers.lines import Format
from features.importers.order_lines import order_lines

SHOPIFY = Format(
    name="shopify",
    label="Shopify: Orders > Export > CSV (orders_export.csv)",
    columns={
        "order_id": ("Name",),
        "other_number": ("Id",),
        "timestamp": ("Created at",),
        "financial_status": ("Financial Status",),
        "customer_id": ("Customer ID",),
        "email": ("Email",),
        "phone": ("Phone", "Billing Phone", "Shipping Phone"),
        "sku": ("Lineitem sku", "SKU"),
        "title": ("Lineitem name",),
        "options": ("Lineitem variant title",),
        "quantity": ("Lineitem quantity",),
        "unit_price": ("Lineitem price",),
        "line_discount": ("Lineitem discount",),
        "discount": ("Discount Amount",),
        "subtotal": ("Subtotal",),
        "shipping": ("Shipping",),
        "tax": ("Taxes",),
        "taxes_included": ("Taxes Included",),
        "tip": ("Tip Amount", "Tip"),
        "total": ("Total",),
        "refunded": ("Refunded Amount",),
        "cancelled_at": ("Cancelled at", "Canceled at"),
        "currency": ("Currency",),
        "country": ("Shipping Country", "Billing Country"),
        "coupon": ("Discount Code",),
    },
    required=("order_id", "timestamp", "sku|title", "quantity", "unit_price"),
    read=order_lines,
)
