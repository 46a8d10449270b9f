"""A feed for Google Merchant Center or Meta (TSV or XML), and tables with headers in eight languages."""

import polars as pl

from features.importers.catalogues.cells import HEADERS
from features.importers.catalogues.products import read_products
from features.importers.lines import Format

_FEED_IDS = ("feed_id", "sku", "variant_id", "product_id", "gtin", "mpn")
_COLUMNS = HEADERS["table"]


def _read_feed(rows: pl.DataFrame) -> pl.DataFrame:
    # Google's taxonomy may be given as a number, which says nothing to a reader.
    path = pl.coalesce("category_path", "google_category").str.replace(r"^\d+$", "").replace("", None)
    of_shopify = pl.col("feed_id").str.extract_groups(r"(?i)^shopify_[a-z]{2}_(\d+)_(\d+)$")
    return read_products(
        rows.with_columns(
            category_path=path,
            product_id=pl.coalesce("product_id", of_shopify.struct[0]),
            variant_id=pl.coalesce("variant_id", of_shopify.struct[1]),
        ),
        ids=_FEED_IDS,
    )


def _read_table(rows: pl.DataFrame) -> pl.DataFrame:
    path = pl.coalesce("category_path", "google_category").str.replace(r"^\d+$", "").replace("", None)
    return read_products(rows.with_columns(category_path=path), ids=(*_FEED_IDS[1:-1], "feed_id", "mpn"))


MERCHANT = Format(
    "merchant", _COLUMNS, ("feed_id", "title", "url", "price"), _read_feed, "Google Merchant or Meta feed"
)
PLAIN = Format(
    "csv", _COLUMNS, ("feed_id|sku|variant_id|product_id|gtin", "title"), _read_table, "table of products"
)
