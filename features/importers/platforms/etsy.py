"""Etsy's two exports: sold order items, a row a line, and sold orders, which names no products."""

from features.importers.lines import Format
from features.importers.order_lines import order_lines

ETSY = Format(
    name="etsy",
    label="Etsy: Settings > Options > Download Data > Order Items (EtsySoldOrderItems….csv)",
    columns={
        "order_id": ("Order ID",),
        "timestamp": ("Sale Date", "Date Paid"),
        "customer_id": ("Buyer", "Buyer User ID"),
        "sku": ("SKU",),
        "product_id": ("Listing ID",),
        "title": ("Item Name",),
        "options": ("Variations",),
        "quantity": ("Quantity",),
        "unit_price": ("Price",),
        "line_discount": ("Discount Amount",),
        "shipping": ("Order Shipping", "Order Delivery"),
        "shipping_discount": ("Shipping Discount", "Delivery Discount"),
        "tax": ("Order Sales Tax",),
        "currency": ("Currency",),
        "country": ("Ship Country", "Delivery Country"),
        "coupon": ("Coupon Code",),
    },
    required=("order_id", "timestamp", "title", "quantity", "unit_price", "product_id"),
    read=order_lines,
)
ETSY_ORDERS = Format(
    name="etsy-orders",
    label="Etsy: Settings > Options > Download Data > Orders (EtsySoldOrders….csv)",
    columns={
        "order_id": ("Order ID",),
        "timestamp": ("Sale Date",),
        "number_of_items": ("Number of Items",),
        "order_value": ("Order Value",),
    },
    required=("order_id", "timestamp", "number_of_items", "order_value"),
    read=order_lines,
    instead="EtsySoldOrders does not say which products were bought. Choose Order Items instead of Orders "
    "under Settings > Options > Download Data, and import that file (EtsySoldOrderItems….csv).",
)
