"""Shopify's products export, with the headers of before 2025 (`Variant SKU`) and of today (`SKU`)."""

import polars as pl

from features.importers.catalogues.products import read_products
from features.importers.lines import Format
from features.importers.reasons import RejectReason

OF_THE_PRODUCT = (
    *(
        "title",
        "description",
        "brand",
        "category_path",
        "type",
        "image_url",
        "published",
        "status",
        "gift_card",
    ),
)
"""Cells on a product's first row alone."""
OPTIONS = ("option1", "option2", "option3")


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    """Each variant is a product, of the group that its handle names; other rows hold further pictures."""
    filled = rows.with_columns(
        pl.col(name).first(ignore_nulls=True).over("group_id") for name in OF_THE_PRODUCT
    )
    options = pl.concat_str(OPTIONS, separator=" / ", ignore_nulls=True)
    is_variant = pl.any_horizontal(pl.col("sku", "price", "option1").is_not_null())
    by_name = pl.concat_str("group_id", "options", separator=" - ", ignore_nulls=True)
    untracked = pl.col("tracker").is_null() & pl.col("tracker").is_not_null().any()
    variants = filled.with_columns(
        options=pl.when(~options.is_in(["", "Default Title"])).then(options),
        handle=pl.col("group_id"),
        url=pl.format("/products/{}", "group_id"),
        image_url=pl.coalesce("variant_image", "image_url"),
        category_path=pl.coalesce("type", "category_path"),
        tracked=pl.when(untracked).then(pl.lit("no")),
    ).with_columns(product_id=pl.when(is_variant).then(by_name))
    read = read_products(variants, ids=("sku", "product_id"))
    no_offer = pl.when(pl.col("product_id").is_null()).then(pl.lit(RejectReason.NO_OFFER.value))
    is_gift_card = (pl.col("gift_card").str.to_lowercase() == "true").fill_null(value=False)
    return read.with_columns(reason=pl.coalesce(no_offer, "reason"), is_no_product=is_gift_card)


SHOPIFY_PRODUCTS = Format(
    name="shopify",
    columns={
        "group_id": ("handle", "url handle"),
        "title": ("title",),
        "description": ("body (html)", "body", "description"),
        "brand": ("vendor",),
        "type": ("type",),
        "category_path": ("product category",),
        "published": ("published", "published on online store"),
        "status": ("status",),
        "option1": ("option1 value",),
        "option2": ("option2 value",),
        "option3": ("option3 value",),
        "sku": ("variant sku", "sku"),
        "gtin": ("variant barcode", "barcode"),
        "mpn": ("google shopping / mpn", "google shopping / manufacturer part number (mpn)"),
        "tracker": ("variant inventory tracker", "inventory tracker"),
        "availability": ("available",),
        "stock": ("variant inventory qty", "inventory quantity"),
        "backorders": ("variant inventory policy", "continue selling when out of stock"),
        "price": ("variant price", "price"),
        "image_url": ("image src", "product image url"),
        "variant_image": ("variant image", "variant image url"),
        "cost": ("cost per item",),
        "gift_card": ("gift card",),
        "created_at": ("created at",),
        "variant_id": ("variant id",),
    },
    required=("group_id", "title", "sku", "price"),
    read=_read,
    label="Shopify's products export",
)
