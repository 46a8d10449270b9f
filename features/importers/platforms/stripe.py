"""Stripe's payments export: money without products, which is of no use to a recommender."""

from features.importers.lines import Format
from features.importers.order_lines import order_lines

STRIPE = Format(
    name="stripe",
    label="Stripe: Payments > Export (unified_payments.csv)",
    columns={
        "order_id": ("id", "PaymentIntent ID"),
        "timestamp": ("Created (UTC)", "Created date (UTC)", "Created"),
        "total": ("Amount",),
        "refunded": ("Amount Refunded",),
        "status": ("Status",),
        "captured": ("Captured", "Fee"),
    },
    required=("order_id", "timestamp", "total", "refunded", "status", "captured"),
    read=order_lines,
    instead="Stripe's payments say who paid how much, not which products were bought; one unknown product "
    "for all of them would make every recommendation the same. Import the orders of the shop that Stripe "
    "takes money for (`perennial import formats` lists what is read), or its invoice or checkout "
    "line items as a table with order_id, date, email, product, quantity and price.",
)
