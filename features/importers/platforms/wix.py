"""Wix Stores' orders export: a row an item, with the order's cells on each; date and time may stand apart."""

from features.importers.lines import Format
from features.importers.order_lines import order_lines

WIX = Format(
    name="wix",
    label="Wix: Orders > Export > orders (Orders.csv)",
    columns={
        "order_id": ("Order number", "Order #", "Order No."),
        "timestamp": ("Date created", "Date"),
        "time": ("Time",),
        "financial_status": ("Payment status",),
        "email": ("Contact email", "Billing customer email", "Customer email"),
        "phone": ("Billing phone", "Recipient phone", "Recipient's phone"),
        "sku": ("SKU",),
        "title": ("Item", "Item's name", "Item name"),
        "options": ("Variant", "Item's variant"),
        "quantity": ("Qty", "Quantity"),
        "unit_price": ("Price", "Item's price"),
        "discount": ("Discount", "Total discount"),
        "shipping": ("Shipping rate", "Shipping"),
        "tax": ("Total tax", "Tax"),
        "gift_card": ("Gift card amount",),
        "total": ("Total",),
        "refunded": ("Refunded amount",),
        "refunded_quantity": ("Quantity refunded",),
        "currency": ("Currency",),
        "country": ("Delivery country", "Billing country"),
        "coupon": ("Coupon code", "Coupon"),
    },
    required=("order_id", "timestamp", "title", "quantity", "unit_price", "financial_status"),
    read=order_lines,
)
