"""Parquet files given by users, with errors that say what is wrong."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from training.errors import BadDataset


def dataset_name(dataset: Path) -> str:
    """Of a folder its name, of a file in one the folder's: every data set has an events.parquet."""
    whole = dataset.resolve()
    return whole.name if whole.is_dir() or whole.suffix != ".parquet" else whole.parent.name


def columns_of(file: Path) -> set[str]:
    """Names of its columns. Raises BadDataset where it is missing, cannot be read or holds no row."""
    if not file.is_file():
        raise BadDataset(f"there is no {file}")
    with readable(file):
        table = pl.scan_parquet(file)
        columns = set(table.collect_schema().names())
        empty = table.head(1).collect().is_empty()
    if empty:
        raise BadDataset(f"{file} is empty: it has no row")
    return columns


def table_of(dataset: Path, formats: Mapping[str, set[str]]) -> tuple[str, pl.LazyFrame]:
    """The first of the formats (file name -> columns) that the file, or one of the folder, has; its table."""
    files = [dataset] if dataset.is_file() else [dataset / name for name in formats]
    for file in filter(Path.is_file, files):
        present = columns_of(file)
        for name, needed in formats.items():
            if needed <= present:
                return name, pl.scan_parquet(file)
    wanted = " nor ".join(f"{name} ({', '.join(sorted(columns))})" for name, columns in formats.items())
    raise BadDataset(f"{dataset} holds neither {wanted}")


@contextmanager
def readable(dataset: Path) -> Iterator[None]:
    """Turns what polars cannot read into a BadDataset: another kind of file, text where a time should be."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise BadDataset(f"{dataset} cannot be read, look at the types of its columns: {reason}") from error
