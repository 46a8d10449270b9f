"""Shopware 5's orders profile (Import/Export): a row a position of an order."""

from features.importers.lines import Format
from features.importers.order_lines import order_lines

SHOPWARE5 = Format(
    name="shopware5",
    label="Shopware 5: Inhalte > Import/Export > Export > default_orders (orders.csv)",
    columns={
        "order_id": ("number", "orderNumber", "ordernumber", "orderId"),
        "timestamp": ("orderTime", "ordertime", "order_time"),
        "status": ("orderStatusDescription", "orderStatus", "orderStatusID", "statusId"),
        "financial_status": ("paymentStatusDescription", "cleared"),
        "email": ("customerEmail", "email", "billingEmail"),
        "customer_id": ("customerId", "customerID", "customerNumber"),
        "sku": ("articleNumber", "articleordernumber", "articlenumber"),
        "product_id": ("articleId", "articleID"),
        "gtin": ("ean",),
        "title": ("articleName", "name"),
        "quantity": ("quantity",),
        "unit_price": ("price",),
        "shipping": ("invoiceShipping",),
        "total": ("invoiceAmount",),
        "currency": ("currency",),
        "country": ("shippingCountry", "billingCountryIso", "billingCountry"),
    },
    required=("order_id", "timestamp", "sku|title", "quantity", "unit_price"),
    read=order_lines,
)
