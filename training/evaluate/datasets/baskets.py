"""Data sets of orders by known customers: earlier baskets, and the target basket to predict."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features.importers.non_products import is_product
from features.time_units import DAY_S
from training.data.history import History, history_of
from training.errors import BadDataset
from training.evaluate.datasets.parquet import readable, table_of

FEWEST_BASKETS = 4  # of a customer whose last one is a target, where the data set does not mark targets
LAST_BASKET_DAY = 20_000  # of baskets that are only numbered, days since 1970
TEST_SHARE = 0.2  # of the customers, where no keyset says which
NUMBERED = {"user_id", "basket_idx", "item_id", "is_target"}  # columns of baskets.parquet
BASKET_FORMATS = {
    "baskets.parquet": NUMBERED,
    "events.parquet": {"customer_id", "event", "product_id", "timestamp"},
}


@dataclass(frozen=True)
class Baskets:
    """lines: customer_id (null: a guest), day (since 1970), product_id and is_target, each once.

    keysets: for each fold, the customers whose target baskets are evaluated.
    """

    lines: pl.DataFrame
    keysets: list[list[str]]

    def history(self) -> History:
        """All baskets but the targets."""
        bought = self.lines.filter(~pl.col("is_target"))
        lines = bought.select(
            "customer_id",
            "product_id",
            timestamp=pl.col("day").cast(pl.Int64) * DAY_S,
            order_id=pl.concat_str(pl.coalesce("customer_id", "order_id"), pl.lit(" "), pl.col("day")),
        )
        return history_of(lines, self.lines["product_id"])

    def targets(self) -> pl.DataFrame:
        """customer_id, day and product_ids (a list) of every target basket."""
        wanted = self.lines.filter("is_target").group_by("customer_id", maintain_order=True)
        return wanted.agg(pl.col("day").first(), pl.col("product_id").alias("product_ids"))


def read_baskets(dataset: Path, seeds: int) -> Baskets:
    """A folder or file in the format of baskets.parquet or events.parquet. Raises BadDataset.

    Customers are split by the keyset files beside it, else `seeds` times at random.
    """
    name, table = table_of(dataset, BASKET_FORMATS)
    with readable(dataset):
        lines = (numbered_baskets if name == "baskets.parquet" else _daily)(table).collect()
    if not lines["is_target"].any():
        raise BadDataset(f"{dataset} has no customer with {FEWEST_BASKETS} baskets or more to ask about")
    lines = lines.unique().sort("customer_id", "day", "product_id", "order_id")
    return Baskets(lines, _keysets(dataset, lines, seeds))


def numbered_baskets(table: pl.LazyFrame) -> pl.LazyFrame:
    """A basket's number is its day; everybody's last basket falls on the same one."""
    number, user = pl.col("basket_idx").cast(pl.Int32), pl.col("user_id").cast(pl.String)
    return table.select(
        user.alias("customer_id"),
        (LAST_BASKET_DAY + number - number.max().over("user_id")).alias("day"),
        pl.col("item_id").cast(pl.String).alias("product_id"),
        pl.concat_str(user, pl.lit(" "), number).alias("order_id"),
        pl.col("is_target"),
    )


def _daily(table: pl.LazyFrame) -> pl.LazyFrame:
    """A customer's purchases of a day are a basket, and so is each order of a guest."""
    day = pl.col("day")
    baskets = day.n_unique().over("customer_id")
    product = pl.col("product_id").cast(pl.String)
    return (
        table.filter(pl.col("event") == "purchase", product.is_not_null())
        .filter(is_product(product, pl.lit(None, pl.String)))
        .select(
            pl.col("customer_id").cast(pl.String),
            (pl.col("timestamp").dt.epoch("s") // DAY_S).cast(pl.Int32).alias("day"),
            product,
            pl.when(pl.col("customer_id").is_null()).then(pl.col("order_id").cast(pl.String)),
        )
        .with_columns(
            is_target=pl.col("customer_id").is_not_null()
            & (baskets >= FEWEST_BASKETS)
            & (day == day.max().over("customer_id"))
        )
    )


def _keysets(dataset: Path, lines: pl.DataFrame, seeds: int) -> list[list[str]]:
    customers = lines.filter("is_target")["customer_id"].unique().sort()
    folder = dataset if dataset.is_dir() else dataset.parent
    files = sorted(folder.glob("keyset*.parquet"))
    if files:
        keysets = [pl.read_parquet(file).filter(pl.col("split") == "test")["user_id"] for file in files]
        return [
            keyset.cast(pl.String).filter(keyset.cast(pl.String).is_in(customers)).to_list()
            for keyset in keysets
        ]
    n_test = max(1, round(TEST_SHARE * len(customers)))
    return [customers.sample(n_test, shuffle=True, seed=seed).to_list() for seed in range(seeds)]
