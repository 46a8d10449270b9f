"""WooCommerce's own product export (Products, Export), in the languages of its translations."""

import polars as pl

from features.importers.catalogues.cells import HEADERS, amount, first_link
from features.importers.catalogues.products import read_products
from features.importers.lines import Format

INHERITED = ("summary", "description", "brand", "category_path", "image_url", "published", "visibility")
"""What a variation without a cell of its own has of its parent."""


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    """Each variation is a product of its parent's group; so is the parent, whose page shows them all."""
    own = pl.coalesce("sku", "product_id")
    parents = (
        pl.concat(
            [
                rows.select(
                    pl.col(name).alias("parent"),
                    own.alias("of"),
                    *(pl.col(each).alias(f"{each}_of") for each in INHERITED),
                )
                for name in ("sku", "product_id")
            ]
        )
        .drop_nulls("parent")
        .unique("parent", keep="first", maintain_order=True)
    )
    named = rows.with_columns(parent=pl.col("parent").str.replace(r"^id:", ""))
    joined = named.join(parents, on="parent", how="left", maintain_order="left")
    is_parent = own.is_in(joined["of"].drop_nulls().implode())
    is_hidden = pl.any_horizontal(
        pl.col("published_of").is_in(["0", "-1"]), pl.col("visibility_of") == "hidden"
    )
    inherited = joined.with_columns(
        *[pl.coalesce(name, f"{name}_of").alias(name) for name in INHERITED if name != "published"],
        group_id=pl.when(is_parent).then(own).otherwise(pl.coalesce("of", "parent")),
        published=pl.when(is_hidden.fill_null(value=False)).then(pl.lit("0")).otherwise("published"),
    ).with_columns(
        # `-1` is a draft; hidden from the catalogue is hidden from recommendations.
        published=pl.when(pl.col("published") == "-1").then(pl.lit("0")).otherwise("published"),
        description=pl.coalesce("summary", "description"),
        image_url=first_link(pl.col("image_url")),
        regular_price=_price_of_parent("regular_price"),
    )
    read = read_products(inherited, ids=("sku", "product_id"), between_paths=r"(?<!\\),\s*")
    return read.with_columns(pl.col("category", "category_path").str.replace_all("\\,", ",", literal=True))


def _price_of_parent(name: str) -> pl.Expr:
    """A parent has no price of its own: the least of its variations'."""
    least = amount(pl.col(name)).min().over("group_id").cast(pl.String)
    return pl.coalesce(name, pl.when(pl.col("group_id").is_not_null()).then(least))


WOO_PRODUCTS = Format(
    name="woocommerce",
    columns=HEADERS["woocommerce"],
    required=("product_id|sku", "type", "title", "published", "regular_price"),
    read=_read,
    label="WooCommerce's product export",
)
