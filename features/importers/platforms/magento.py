"""Magento and Adobe Commerce: order items, as export extensions and the database write them; the grid."""

import polars as pl

from features.importers.lines import Format
from features.importers.order_lines import order_lines
from features.importers.reasons import RejectReason


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    """A configured product has two rows: the parent with its price, and a child that stands for the part."""
    children = rows.filter(pl.col("parent_item_id").is_not_null())["row"]
    part = pl.col("row").is_in(children.implode())
    reason = pl.when(part).then(pl.lit(RejectReason.PART_OF_LINE.value)).otherwise("reason")
    return order_lines(rows).with_columns(reason=reason)


MAGENTO = Format(
    name="magento",
    label="Magento / Adobe Commerce: order items, by an export extension or of the table sales_order_item",
    columns={
        "order_id": ("increment_id", "order_increment_id", "Order #", "Order Number", "order_id", "Order ID"),
        "timestamp": ("created_at", "Purchased On", "Purchase Date", "Order Date", "order_created_at"),
        "status": ("status", "order_status", "Order Status", "state"),
        "email": ("customer_email", "Customer Email"),
        "customer_id": ("customer_id", "Customer ID"),
        "sku": ("sku", "item_sku", "SKU", "Product SKU"),
        "product_id": ("product_id", "Product ID"),
        "title": ("name", "item_name", "product_name", "Product Name"),
        "options": ("product_options_text", "Options"),
        "quantity": ("qty_ordered", "item_qty_ordered", "Qty Ordered"),
        "unit_price": ("price", "item_price", "Price", "base_price"),
        "line_total": ("row_total", "item_row_total", "Row Total"),
        "line_discount": ("discount_amount", "item_discount_amount", "Discount Amount"),
        "shipping": ("shipping_amount", "Shipping Amount"),
        "tax": ("tax_amount", "Tax Amount"),
        "total": ("grand_total", "Grand Total"),
        "refunded": ("total_refunded", "Total Refunded"),
        "refunded_quantity": ("qty_refunded", "item_qty_refunded", "Qty Refunded"),
        "currency": ("order_currency_code", "Order Currency", "Currency", "base_currency_code"),
        "country": ("shipping_country_id", "Shipping Country", "billing_country_id"),
        "coupon": ("coupon_code", "Coupon Code"),
        "parent_item_id": ("parent_item_id", "Parent Item ID"),
    },
    required=("order_id", "timestamp", "sku", "quantity", "unit_price|line_total"),
    read=_read,
)
MAGENTO_GRID = Format(
    name="magento-grid",
    label="Magento / Adobe Commerce: Sales > Orders > Export (export.csv)",
    columns={
        "order_id": ("ID", "#"),
        "timestamp": ("Purchase Date", "Purchased On"),
        "customer": ("Bill-to Name", "Bill to Name"),
        "total": ("Grand Total (Purchased)", "G.T. (Purchased)"),
        "base_total": ("Grand Total (Base)", "G.T. (Base)"),
    },
    required=("order_id", "timestamp", "customer", "total", "base_total"),
    read=order_lines,
    instead="The orders grid of Magento does not say which products were bought. Export the order items: "
    "with an order export extension that writes a row an item, or let your host export them from the "
    "database: "
    "SELECT o.increment_id, o.created_at, o.status, o.customer_id, o.customer_email, o.order_currency_code, "
    "o.coupon_code, i.sku, i.name, i.product_id, i.parent_item_id, i.qty_ordered, i.qty_refunded, i.price, "
    "i.discount_amount FROM sales_order o JOIN sales_order_item i ON i.order_id = o.entity_id",
)
