"""What the history says of consent: every word that was told, by a file or live."""

import polars as pl

from features.history.events_parquet import scan
from features.home import Home

SCHEMA = {"customer_id": pl.String(), "at": pl.Datetime("us", "UTC"), "given": pl.Boolean()}


def consent_words(home: Home, *channels: str) -> pl.DataFrame:
    """SCHEMA, a row a word about the first of these channels that it names."""
    if not home.root.exists():
        return pl.DataFrame(schema=SCHEMA)
    answer = pl.coalesce(
        pl.col("extra").str.json_path_match(f"$.properties.{channel}") for channel in channels
    )
    said = scan(home).filter(pl.col("type") == "consent", pl.col("customer_id").is_not_null())
    return said.select("customer_id", at="timestamp", given=answer == "true").drop_nulls("given").collect()


def last_words(words: pl.DataFrame) -> pl.DataFrame:
    """The newest word of each customer; of two at one time the no."""
    return words.sort("at", "given", descending=[False, True]).unique("customer_id", keep="last")
