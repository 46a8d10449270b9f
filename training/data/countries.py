"""Where orders came from."""

import polars as pl

NO_COUNTRIES = pl.DataFrame(schema={"order": pl.Int32, "country": pl.String})


def order_countries(rows: pl.LazyFrame) -> pl.DataFrame:
    """`order_id` and `country`, in small letters, of orders that say it. rows: of the history."""
    said = rows.filter(pl.col("type") == "purchase", pl.col("country").is_not_null())
    return said.group_by("order_id").agg(pl.col("country").last().str.to_lowercase()).collect()
