"""PrestaShop: order lines by the SQL Manager, with the column names of its tables."""

import polars as pl

from features.importers.lines import Format
from features.importers.order_lines import order_lines

QUERY = (
    "SELECT o.id_order, o.date_add, s.name AS order_state, o.id_customer, c.email, d.product_reference, "
    "d.product_id, d.product_attribute_id, d.product_ean13, d.product_name, d.product_quantity, "
    "d.product_quantity_refunded, d.unit_price_tax_incl, d.total_price_tax_incl, o.total_discounts_tax_incl, "
    "o.total_shipping_tax_incl, o.total_paid_tax_incl, k.iso_code AS currency FROM ps_orders o "
    "JOIN ps_order_detail d ON d.id_order = o.id_order JOIN ps_customer c ON c.id_customer = o.id_customer "
    "JOIN ps_currency k ON k.id_currency = o.id_currency JOIN ps_order_state_lang s "
    "ON s.id_order_state = o.current_state AND s.id_lang = 1"
)
"""What a shop pastes into Advanced Parameters > Database > SQL Manager."""

STATES = {
    "1": "awaiting check payment",
    "2": "payment accepted",
    "3": "processing in progress",
    "4": "shipped",
    "5": "delivered",
    "6": "cancelled",
    "7": "refunded",
    "8": "payment error",
    "9": "on backorder paid",
    "10": "awaiting bank wire payment",
    "11": "remote payment accepted",
    "12": "on backorder not paid",
    "13": "awaiting cash on delivery validation",
}
"""What `current_state` stands for in a fresh PrestaShop."""


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    """A combination has a number of its own, which may be another product's: it is known by both numbers."""
    combination = pl.concat_str("product_id", pl.lit("-"), "variant_id")
    return order_lines(
        rows.with_columns(
            pl.col("status").replace(STATES),
            variant_id=pl.when(pl.col("variant_id") != "0").then(combination),
        )
    )


PRESTASHOP = Format(
    name="prestashop",
    label="PrestaShop: Advanced Parameters > Database > SQL Manager (request_sql_….csv)",
    columns={
        "order_id": ("id_order", "reference", "order_reference"),
        "timestamp": ("date_add", "order_date", "invoice_date"),
        "status": ("order_state", "state_name", "current_state_name", "osname", "current_state"),
        "email": ("email", "customer_email"),
        "customer_id": ("id_customer",),
        "sku": ("product_reference",),
        "variant_id": ("product_attribute_id", "id_product_attribute"),
        "product_id": ("product_id", "id_product"),
        "gtin": ("product_ean13", "ean13"),
        "title": ("product_name",),
        "quantity": ("product_quantity",),
        "unit_price": ("unit_price_tax_incl", "product_price_wt", "unit_price_tax_excl", "product_price"),
        "line_total": ("total_price_tax_incl", "total_price_tax_excl"),
        "discount": ("total_discounts_tax_incl", "total_discounts"),
        "shipping": ("total_shipping_tax_incl", "total_shipping"),
        "total": ("total_paid_tax_incl", "total_paid"),
        "refunded_quantity": ("product_quantity_refunded",),
        "currency": ("currency", "iso_code", "currency_iso"),
        "country": ("country", "country_iso"),
    },
    required=("order_id", "timestamp", "title", "quantity", "unit_price|line_total"),
    read=_read,
)
PRESTASHOP_GRID = Format(
    name="prestashop-grid",
    label="PrestaShop: Orders > Export (order_….csv)",
    columns={
        "order_id": ("Reference",),
        "customer": ("Customer",),
        "new_client": ("New client", "New customer"),
        "total": ("Total",),
        "timestamp": ("Date",),
    },
    required=("order_id", "customer", "new_client", "total", "timestamp"),
    read=order_lines,
    instead="The list of orders of PrestaShop does not say which products were bought. Go to Advanced "
    f"Parameters > Database > SQL Manager, add this query, and export that: {QUERY}",
)
