"""What all tables of orders share before their money is read: every column is there, ids and times whole."""

from hashlib import sha256

import polars as pl

from features.importers.lines import ORDER_COLUMNS
from features.importers.order_rows import read_orders

TIME_OF_DAY = "time"
"""A column of its own in some files; it is put behind the date."""
MAPPABLE = (*ORDER_COLUMNS, TIME_OF_DAY)


def order_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """Lines of rows with any of MAPPABLE (text) and `row`; other columns are ignored."""
    absent = [pl.lit(None, pl.String).alias(name) for name in MAPPABLE if name not in rows.columns]
    given = rows.with_columns(absent).select("row", *MAPPABLE)
    time = pl.concat_str("timestamp", TIME_OF_DAY, separator=" ", ignore_nulls=True)
    dated = given.with_columns(timestamp=pl.when(pl.col("timestamp").is_not_null()).then(time))
    return read_orders(_with_order_ids(dated).drop(TIME_OF_DAY))


def _with_order_ids(rows: pl.DataFrame) -> pl.DataFrame:
    """A row that names neither order nor time goes on with the order above it; in a file without any order
    numbers, what a customer bought at one time is one order."""
    if rows["order_id"].null_count() < rows.height:
        goes_on = pl.col("order_id").is_null() & pl.col("timestamp").is_null()
        return rows.with_columns(
            order_id=pl.when(goes_on).then(pl.col("order_id").forward_fill()).otherwise("order_id")
        )
    who = pl.coalesce("email", "customer_id", "phone")
    visits = rows.select(pl.concat_str(who, pl.lit("@"), "timestamp")).to_series()
    distinct = visits.drop_nulls().unique()
    ids = [sha256(visit.encode()).hexdigest()[:20] for visit in distinct]
    return rows.with_columns(
        order_id=visits.replace_strict(distinct, ids, default=None, return_dtype=pl.String)
    )
