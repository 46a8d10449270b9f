"""Price bands: the lower, middle and upper third of a category's prices."""

import polars as pl


def price_bands(catalogue: pl.DataFrame) -> pl.Series:
    """`lower`, `middle` or `upper` third of the prices of a product's category; null without a price."""
    rank = pl.col("price").rank("average").over("category") - 0.5
    third = (3 * rank / pl.col("price").count().over("category")).floor().clip(0, 2)
    names = pl.when(third == 0).then(pl.lit("lower")).when(third == 1).then(pl.lit("middle"))
    banded = names.when(third == 2).then(pl.lit("upper"))
    return catalogue.select(price_band=banded).to_series()
