"""Square's items detail: a row an item sold or returned; date and time stand apart."""

from features.importers.lines import Format
from features.importers.order_lines import order_lines

SQUARE = Format(
    name="square",
    label="Square: Reports > Item sales / Transactions > Export > Items Detail CSV (items-….csv)",
    columns={
        "order_id": ("Transaction ID",),
        "timestamp": ("Date",),
        "time": ("Time",),
        "customer_id": ("Customer ID", "Customer Reference ID"),
        "sku": ("SKU",),
        "gtin": ("GTIN",),
        "title": ("Item",),
        "options": ("Price Point Name",),
        "quantity": ("Qty",),
        "line_total": ("Net Sales", "Gross Sales"),
        "tax": ("Tax",),
        "currency": ("Currency",),
    },
    required=("order_id", "timestamp", "title", "quantity", "line_total"),
    read=order_lines,
)
