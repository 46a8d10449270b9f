"""What all tables of orders share before their money is read: times, customers and numbers of orders."""

from hashlib import sha256

import polars as pl

from features.importers.order_rows import COLUMNS, PRODUCT_IDS, read_orders

TIME_OF_DAY = "time"
"""A column of its own in some files; it is put behind the date."""
MAPPABLE = (*COLUMNS, TIME_OF_DAY)


NOBODY = ("0", "null", "none", "undefined", "nan", "guest", "anonymous", "n/a", "(not set)", "-")
NO_PRODUCT = ("0", "null", "none", "n/a", "-")
"""What shops write where there is no customer or no product number."""


def order_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """Lines of rows with any of MAPPABLE (text) and `row`; other columns are ignored."""
    absent = [pl.lit(None, pl.String).alias(name) for name in MAPPABLE if name not in rows.columns]
    given = rows.with_columns(absent).select("row", *MAPPABLE)
    dated = _with_time_of_day(given)
    return read_orders(_with_order_ids(_without_names(_without_fillers(dated))).drop(TIME_OF_DAY))


def _with_time_of_day(rows: pl.DataFrame) -> pl.DataFrame:
    if rows[TIME_OF_DAY].null_count() == rows.height:
        return rows
    time = pl.concat_str("timestamp", TIME_OF_DAY, separator=" ", ignore_nulls=True)
    return rows.with_columns(timestamp=pl.when(pl.col("timestamp").is_not_null()).then(time))


def _without_fillers(rows: pl.DataFrame) -> pl.DataFrame:
    """Null for what stands for nothing; quantity 1 in a file that has none."""
    customer, product = pl.col("customer_id", "email", "phone"), pl.col(PRODUCT_IDS)
    quantities = rows["quantity"].null_count() < rows.height
    has_product = pl.any_horizontal(pl.col(*PRODUCT_IDS, "title").is_not_null())
    return rows.with_columns(
        pl.when(~customer.str.to_lowercase().is_in(NOBODY)).then(customer),
        pl.when(~product.str.to_lowercase().is_in(NO_PRODUCT)).then(product),
    ).with_columns(quantity="quantity" if quantities else pl.when(has_product).then(pl.lit("1")))


def _without_names(rows: pl.DataFrame) -> pl.DataFrame:
    """An address in the customer's column is an address, and a person's name is no id of the shop's."""
    customer = pl.col("customer_id")
    address = customer.str.contains("@", literal=True)
    name = customer.str.contains(r"\p{L}\s+\S*\p{L}") & ~address
    return rows.with_columns(
        email=pl.coalesce("email", pl.when(address).then(customer)),
        person=pl.coalesce("person", pl.when(name).then(customer)),
        customer_id=pl.when(~name & ~address).then(customer),
    )


def _with_order_ids(rows: pl.DataFrame) -> pl.DataFrame:
    """In a file without any numbers of orders, what a customer bought at one time is one order."""
    if rows["order_id"].null_count() < rows.height:
        return rows
    who = pl.coalesce("email", "customer_id", "phone", "person")
    visits = rows.select(pl.concat_str(who, pl.lit("@"), "timestamp")).to_series()
    return rows.with_columns(order_id=_digests(visits).str.slice(0, 20))


def _digests(names: pl.Series) -> pl.Series:
    """SHA-256 of each text, in lower case and trimmed."""
    distinct = names.drop_nulls().unique()
    digests = [sha256(name.strip().lower().encode()).hexdigest() for name in distinct]
    return names.replace_strict(distinct, digests, default=None, return_dtype=pl.String)
