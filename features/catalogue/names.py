"""Every name of a product: its id, its aliases, and either in another case or with blanks around it."""

import polars as pl


def fold(name: str) -> str:
    """A name without case and without blanks around it."""
    return name.strip().lower()


def folded(column: str) -> pl.Expr:
    """The same of a column, as `folded`."""
    return pl.col(column).str.strip_chars().str.to_lowercase().alias("folded")


def names_of(products: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """`folded`, `product_id`: each name that stands for one product alone; an own id comes before an alias."""
    own = products.select(alias="product_id", product_id="product_id")
    once = [
        names.select(folded("alias"), "product_id").filter(
            pl.col("product_id").n_unique().over("folded") == 1
        )
        for names in (own, aliases)
    ]
    return pl.concat(once).unique("folded", keep="first", maintain_order=True)


def other_ids(ids: pl.Series, products: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """`alias`, `product_id`: which of these ids are no product's own, and whose name they are."""
    distinct = ids.drop_nulls().unique().alias("alias").to_frame()
    strange = distinct.filter(~pl.col("alias").is_in(products["product_id"].implode()))
    named = strange.with_columns(folded("alias")).join(names_of(products, aliases), on="folded")
    return named.select("alias", "product_id").sort("alias")
