"""Orders from a shop's own home or from a file, to fit models of customers on."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from features.catalogue.products import load_products
from features.home import Home
from features.importers.orders import import_orders
from features.importers.refusal import ImportRefused
from features.time_units import DAY_S
from training.data.history import History, history_of, load_history
from training.errors import BadDataset

TOTALS = {"customer_id", "date", "dollar_value"}  # total of a day's orders, products unknown
WITH_REFUNDS = {"InvoiceNo", "Quantity", "CustomerID"}


def read_orders(source: Path | Home) -> History:
    """Of a home; of a file as `perennial import orders` takes it; of a file of TOTALS; or of a folder with
    such files, of which one with refunds comes first, then events.parquet. Raises BadDataset."""
    if isinstance(source, Home):
        return load_history(source, load_products(source))
    file = _pick(source) if source.is_dir() else source
    if file.suffix == ".parquet" and set(pl.read_parquet_schema(file)) >= TOTALS:
        return _of_totals(pl.read_parquet(file))
    with TemporaryDirectory() as folder:
        home = Home(Path(folder))
        try:
            import_orders(home, file, received_at=datetime.now(UTC))
        except ImportRefused as refused:
            raise BadDataset(f"{file} cannot be read: {refused}") from refused
        return load_history(home, load_products(home))


def _pick(folder: Path) -> Path:
    files = sorted(folder.glob("*.parquet"))
    for wanted in (WITH_REFUNDS, {"customer_id", "event", "timestamp", "order_id"}, TOTALS):
        for file in files:
            if set(pl.read_parquet_schema(file)) >= wanted:
                return file
    raise BadDataset(
        f"{folder} holds no orders: give events.parquet, a file that `perennial import orders` reads, or "
        f"one with the columns {', '.join(sorted(TOTALS))}"
    )


def _of_totals(totals: pl.DataFrame) -> History:
    lines = totals.with_row_index("order_id").select(
        pl.col("customer_id").cast(pl.String),
        pl.col("order_id").cast(pl.String),
        product_id=pl.lit("order"),
        timestamp=pl.col("date").cast(pl.Date).to_physical().cast(pl.Int64) * DAY_S,
        unit_price=pl.col("dollar_value"),
    )
    return history_of(lines, pl.Series(["order"]))
