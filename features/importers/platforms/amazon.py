"""Amazon's report of all orders: a row a line; `item-price` is what the whole line cost, without postage."""

from features.importers.lines import Format
from features.importers.order_lines import order_lines

AMAZON = Format(
    name="amazon",
    label="Amazon: Reports > Fulfilment > All Orders, or Order Reports (a .txt file with tabs)",
    columns={
        "order_id": ("amazon-order-id", "order-id"),
        "timestamp": ("purchase-date",),
        "status": ("order-status",),
        "email": ("buyer-email",),
        "sku": ("sku",),
        "product_id": ("asin",),
        "title": ("product-name",),
        "quantity": ("quantity", "quantity-purchased"),
        "line_total": ("item-price",),
        "line_discount": ("item-promotion-discount",),
        "currency": ("currency",),
        "country": ("ship-country",),
        "coupon": ("promotion-ids",),
    },
    required=("order_id", "timestamp", "sku", "quantity", "line_total"),
    read=order_lines,
)
