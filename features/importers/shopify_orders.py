"""Shopify's orders export: one row per line item, the order's own cells on its first row only."""

from features.importers.lines import Format
from features.importers.order_rows import read_orders

SHOPIFY = Format(
    name="shopify",
    columns={
        "order_id": ("name",),
        "email": ("email",),
        "phone": ("phone",),
        "timestamp": ("createdat",),
        "financial_status": ("financialstatus",),
        "sku": ("lineitemsku", "sku"),
        "title": ("lineitemname",),
        "quantity": ("lineitemquantity",),
        "unit_price": ("lineitemprice",),
        "line_discount": ("lineitemdiscount",),
        "currency": ("currency",),
        "country": ("shippingcountry", "billingcountry"),
        "subtotal": ("subtotal",),
        "shipping": ("shipping",),
        "tax": ("taxes",),
        "tip": ("tipamount",),
        "discount": ("discountamount",),
        "coupon": ("discountcode",),
        "total": ("total",),
        "cancelled_at": ("cancelledat", "canceledat"),
        "refunded": ("refundedamount",),
    },
    required=("order_id", "email", "timestamp", "title", "quantity", "unit_price"),
    read=read_orders,
)
