"""History -> the tables of a bundle with a row for each customer."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.home import Home
from features.time_units import DAY_S
from recommender.arrays.id_map import IdMap
from recommender.model.customer_tables import PRICE_BAND_NAMES, CustomerFacts, CustomerTable
from recommender.value.customer_value import CustomerValue
from training.customers.reorder import fit_reorder
from training.customers.rfm import since_the_last_long_pause
from training.data.history import History, categories
from training.data.products import align, price_bands
from training.ledger.ledger import ledger_of
from training.ledger.segments import GAP_DAYS, acquisition_channels, rhythm_of
from training.ledger.touches import Archive, archive_of, date_of_day, rows_until

WORDS = ("currency", "channel", "country", "language")


def fit_customer_table(
    home: Home, history: History, catalogue: pl.DataFrame, value: CustomerValue
) -> CustomerTable:
    """A row for each customer of the home's whole history, as of its last day. value: of it."""
    facts, usual = _facts_and_rhythm(home, history, catalogue)
    products = align(catalogue, history)
    return CustomerTable(
        facts=facts,
        value=value,
        reorder=fit_reorder(history.purchases, products.category, len(history.customer_ids)),
        usual=usual,
        price_band=_row_numbers(price_bands(products.rows), pl.Series(PRICE_BAND_NAMES)).astype(np.int8),
    )


def _facts_and_rhythm(
    home: Home, history: History, catalogue: pl.DataFrame
) -> tuple[CustomerFacts, NDArray[np.float64]]:
    """In a function of its own, so that the ledger's memory, the most of all steps, is freed at its end."""
    as_of = date_of_day(history.until // DAY_S)
    archive, goods, customers = _with_categories(home, as_of, catalogue, history)
    ledger = ledger_of(archive, goods, as_of, with_lines=False)
    archive = archive._replace(sales=archive.sales.clear())  # channels look at touches alone
    facts = (
        customers.join(ledger.customers, on="customer", how="left", maintain_order="left")
        .join(acquisition_channels(archive, ledger), on="customer", how="left", maintain_order="left")
        .join(archive.facts, on="customer", how="left", maintain_order="left")
        .with_columns(pl.col("first", "last").clip(_begin(history)))
    )
    return as_facts(facts), np.array(rhythm_of(ledger, GAP_DAYS), np.float64)


def _begin(history: History) -> datetime:
    """The first day of orders whose clock is believed: the value model counts earlier ones as of that day."""
    days = since_the_last_long_pause(history.purchases.day)
    return datetime.fromtimestamp(int(days.min(initial=history.until // DAY_S)) * DAY_S, UTC)


def _with_categories(
    home: Home, as_of: date, catalogue: pl.DataFrame, history: History
) -> tuple[Archive, pl.DataFrame, pl.DataFrame]:
    """The archive, the catalogue and the history's customers, with ids as ordered categories instead of text,
    which every join of the ledger would copy."""
    rows = rows_until(home, as_of)
    ids = {name: _distinct(rows, name) for name in ("customer", "browser", "item", "order")}
    customers = pl.Series(history.customer_ids, dtype=pl.String)
    id_types = {name: categories(each) for name, each in ids.items()} | {
        "customer": categories(ids["customer"], customers),
        "item": categories(ids["item"], catalogue["product_id"]),
    }
    archive = archive_of(rows.with_columns(pl.col(name).cast(id_type) for name, id_type in id_types.items()))
    ids_of_history = pl.DataFrame({"customer": customers.cast(id_types["customer"])})
    return archive, catalogue.with_columns(pl.col("product_id").cast(id_types["item"])), ids_of_history


def _distinct(rows: pl.LazyFrame, column: str) -> pl.Series:
    return rows.select(pl.col(column).unique()).collect(engine="streaming").to_series()


def as_facts(facts: pl.DataFrame) -> CustomerFacts:
    """facts: columns as in `CustomerFacts`; words and consent ("true", "false") are text, times datetimes."""
    words = pl.concat([facts[name].cast(pl.String) for name in WORDS]).drop_nulls().unique().sort()
    consent = pl.when(pl.col("consent") == "true").then(1).when(pl.col("consent") == "false").then(0)
    rows = {name: _row_numbers(facts[name], words) for name in WORDS}
    return CustomerFacts(
        orders=_array(facts["orders"], 0, np.int32),
        revenue=_array(facts["revenue"], 0.0, np.float64),
        first=_array(facts["first"].dt.epoch("s"), 0, np.int64),
        last=_array(facts["last"].dt.epoch("s"), 0, np.int64),
        discounted=_array(facts["discounted"], 0.0, np.float32),
        consent=_array(facts.select(consent.alias("consent"))["consent"], -1, np.int8),
        words=IdMap.build(words.to_list()),
        **rows,
    )


def _row_numbers(values: pl.Series, words: pl.Series) -> NDArray[Any]:
    """int32, -1 for null."""
    return _array(values.cast(pl.Enum(words)).to_physical().cast(pl.Int32), -1, np.int32)


def _array(values: pl.Series, missing: float, dtype: Any) -> NDArray[Any]:
    return values.fill_null(missing).to_numpy().astype(dtype)
