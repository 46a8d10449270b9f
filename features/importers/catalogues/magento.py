"""Magento's (Adobe Commerce's) products export; also with its fields of the table of products."""

import polars as pl

from features.importers.catalogues.products import read_products
from features.importers.lines import Format


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of further store views repeat a product, so the first of each counts."""
    children = (
        rows.select(group=pl.col("sku"), sku=pl.col("variations").str.extract_all(r"sku=[^,|]+"))
        .explode("sku")
        .drop_nulls()
        .with_columns(sku=pl.col("sku").str.strip_prefix("sku="))
        .unique("sku", keep="first")
    )
    parents = children["group"].unique().implode()
    joined = rows.join(children, on="sku", how="left", maintain_order="left").with_columns(
        group_id=pl.when(pl.col("sku").is_in(parents)).then("sku").otherwise("group")
    )
    is_parent = pl.col("sku") == pl.col("group_id")
    of_group = {
        name: pl.when(pl.col("group_id").is_not_null())
        .then(pl.coalesce(name, pl.col(name).filter(is_parent).first().over("group_id")))
        .otherwise(name)
        for name in ("url_key", "category_path", "image_url")
    }
    is_invisible = pl.col("visibility").str.to_lowercase().str.starts_with("not visible")
    alone = is_invisible & pl.col("group_id").is_null()
    return read_products(
        joined.with_columns(**of_group).with_columns(
            description=pl.coalesce("summary", "description"),
            url=pl.format("/{}.html", "url_key"),
            image_url=pl.when(pl.col("image_url").str.starts_with("/"))
            .then(pl.format("/media/catalog/product{}", "image_url"))
            .otherwise("image_url"),
            category_path=pl.col("category_path").str.replace_all(r"(^|,)Default Category(/|,|$)", "$1"),
            visibility=pl.when(alone).then(pl.lit("hidden")),
        ),
        between_paths=",",
        between_levels="/",
    )


MAGENTO_PRODUCTS = Format(
    name="magento",
    columns={
        "sku": ("sku",),
        "title": ("name",),
        "type": ("product_type", "type"),
        "published": ("product_online", "status"),
        "visibility": ("visibility",),
        "category_path": ("categories",),
        "summary": ("short_description",),
        "description": ("description",),
        "price": ("price",),
        "sale_price": ("special_price",),
        "sale_from": ("special_price_from_date", "special_from_date"),
        "sale_until": ("special_price_to_date", "special_to_date"),
        "url_key": ("url_key",),
        "image_url": ("base_image", "image", "small_image"),
        "created_at": ("created_at",),
        "stock": ("qty",),
        "availability": ("is_in_stock",),
        "backorders": ("allow_backorders",),
        "tracked": ("manage_stock",),
        "brand": ("manufacturer", "brand"),
        "cost": ("cost",),
        "gtin": ("ean", "gtin"),
        "variations": ("configurable_variations",),
        "attribute_set": ("attribute_set_code",),
    },
    required=("sku", "title", "type", "attribute_set", "price"),
    read=_read,
    label="Magento's products export",
)
