"""`perennial import undo`: the rows of one import leave the history, with the products that it alone brought.

It may be killed at any moment and begun again: rows leave file by file, each file changes as a whole and the
one that is read first, and the import counts as undone only when all of it is.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from features.catalogue.products import load_aliases, load_products, remove_aliases, remove_products
from features.history.events_parquet import scan
from features.history.table_files import table_files
from features.home import Home
from features.importers.records import ImportRecord, write_record
from features.store.files import replacing
from features.store.locks import held


class CannotUndo(ValueError):
    """An import that is undone already, or that cannot be; the message says so."""


@dataclass(frozen=True)
class Undone:
    """What was taken out. kept_products: those that the import brought and something else needs now."""

    id: str
    rows: int
    products: int
    kept_products: int
    aliases: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def lines(self) -> Iterator[tuple[str, str]]:
        yield "Taken back", f"{self.id}: {self.rows:,} rows of the history"
        yield "Products removed", f"{self.products:,}, and {self.aliases:,} other names of products"
        if self.kept_products:
            yield "Products kept", f"{self.kept_products:,}: sold by other orders, or changed since"
        yield (
            "Please note",
            "Orders that another file brought, too, counted once, as this import's: import that file again. "
            "Titles and prices that it gave to products known before stay as they are.",
        )


def undo_import(home: Home, record: ImportRecord, now: datetime) -> Undone:
    """Take an import of orders or customers back; names found to be one person's stay so.

    The same file can then be imported again.
    Raises CannotUndo, OSError.
    """
    if record.kind == "catalogue":
        raise CannotUndo(
            "A catalogue import cannot be taken back, since what stood there before is not kept: "
            "import the earlier catalogue again, or restore a backup (`perennial restore`)."
        )
    if record.undone_at is not None:
        raise CannotUndo(f"{record.id} was taken back already, at {record.undone_at:%Y-%m-%d %H:%M} UTC.")
    with held(home.events / "archive.lock"):
        live = table_files(home.events)
        replaced = set(home.events.glob("*/*.parquet")) - set(live)
        rows = sum(_without(path, record) for path in live)
        for path in sorted(replaced):
            _without(path, record)
        products, kept = _remove_products(home, record)
        aliases = _remove_aliases(home, record)
    write_record(home, msgspec.structs.replace(record, undone_at=now))
    return Undone(record.id, rows, products, kept, aliases)


def _without(path: Path, record: ImportRecord) -> int:
    """Rewrite a file of the history without the import's rows; returns how many they were.

    A file that had no other rows stays, empty: whoever reads the folder may have listed it already.
    """
    rows = pl.scan_parquet(path)
    received = pl.lit(record.received_at).cast(rows.collect_schema()["received_at"])
    own = (pl.col("received_at") == received) & (pl.col("source") == record.source)
    number = int(rows.select(own.sum()).collect().item() or 0)
    if number:
        kept = rows.filter(~own.fill_null(value=False)).collect()
        with replacing(path) as fresh:
            kept.write_parquet(fresh)
    return number


def _remove_products(home: Home, record: ImportRecord) -> tuple[int, int]:
    """How many were removed, and how many stay: those that are sold otherwise, or were changed since."""
    sold = scan(home).select(pl.col("product_id").drop_nulls().unique()).collect().to_series()
    own = load_products(home).filter(pl.col("product_id").is_in(list(record.new_products)))
    idle = ~pl.col("product_id").is_in(sold.implode())
    untouched = pl.col("updated_at") == pl.lit(record.received_at).cast(own.schema["updated_at"])
    gone = own.filter(idle & untouched)["product_id"]
    remove_products(home, gone)
    return len(gone), own.height - len(gone)


def _remove_aliases(home: Home, record: ImportRecord) -> int:
    """How many were removed: those whose product is no longer there."""
    known = pl.concat(
        [
            load_products(home)["product_id"],
            scan(home).select(pl.col("product_id").unique()).collect()["product_id"],
        ]
    )
    own = load_aliases(home).filter(pl.col("alias").is_in(list(record.new_aliases)))
    gone = own.filter(~pl.col("product_id").is_in(known.drop_nulls().implode()))["alias"]
    remove_aliases(home, gone)
    return len(gone)
