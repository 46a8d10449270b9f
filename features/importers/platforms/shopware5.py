"""Shopware 5's orders profile (Import/Export): a row a position of an order."""

import polars as pl

from features.importers.lines import Format
from features.importers.order_lines import order_lines

ORDER_STATES = {
    "-1": "cancelled",
    "0": "open",
    "1": "in progress",
    "2": "completed",
    "3": "partially completed",
    "4": "cancelled",
    "7": "delivered",
}
PAYMENT_STATES = {
    "9": "open",
    "10": "open",
    "11": "paid partially",
    "12": "paid",
    "17": "open",
    "18": "open",
    "20": "refunded",
    "30": "authorized",
    "35": "cancelled",
}
"""What the numbers of a fresh Shopware 5 stand for; an invoice that is open is an order all the same."""


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    return order_lines(
        rows.with_columns(
            pl.col("status").replace(ORDER_STATES), pl.col("financial_status").replace(PAYMENT_STATES)
        )
    )


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
    read=_read,
)
