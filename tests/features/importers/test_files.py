"""Several files, folders, archives and sheets as one table."""

import gzip
from pathlib import Path

import polars as pl
import pytest
from containers import workbook, zipped

from features.importers.files import read_tables
from features.importers.refusal import ImportRefused
from features.importers.table import FileTable
from features.progress import silent

JANUARY, FEBRUARY = (
    b"order,date,price\n1,2025-01-31,5\n",
    b"Order,Price,Date\n2,6,2025-02-01\n\n3,7,2025-02-02\n",
)
WANTED = {"order", "date", "price"}


def like_orders(cells: pl.DataFrame) -> float:
    return len(WANTED & {name.lower() for name in cells.columns}) / len(WANTED)


def tables(*paths: Path, sheet: str | None = None) -> FileTable:
    return read_tables(paths, like_orders, sheet=sheet, report=silent)


def check_both_months(read: FileTable, files: list[str]) -> None:
    assert read.cells.select("order", "date", "price").rows() == [
        ("1", "2025-01-31", "5"),
        ("2", "2025-02-01", "6"),
        ("3", "2025-02-02", "7"),
    ]
    assert read.lines.to_list() == [2, 2, 4]
    assert read.files is not None
    assert read.files.to_list() == files
    assert read.place(pl.Series([2], dtype=pl.UInt32)).to_list() == [f"line 4 of {files[2]}"]


def test_files_and_folders_of_the_same_columns_are_joined(tmp_path: Path) -> None:
    january, february = tmp_path / "1.csv", tmp_path / "2.csv.gz"
    january.write_bytes(JANUARY)
    february.write_bytes(gzip.compress(FEBRUARY))
    (tmp_path / ".DS_Store").write_bytes(b"\x00")
    for read in (tables(january, february), tables(tmp_path)):
        check_both_months(read, ["1.csv", "2.csv.gz", "2.csv.gz"])
        assert read.notes == ("Read together: 1.csv (1 rows), 2.csv.gz (2 rows)",)


def test_an_archive_is_its_tables_and_what_else_is_in_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    others = {"logo.png": b"\x89PNG\x00", "refunds.csv": b"a;b\n1;2\n", "__MACOSX/._1.csv": b"\x00"}
    path.write_bytes(zipped({"1.csv": JANUARY, "2.csv": FEBRUARY, **others}))
    read = tables(path)
    check_both_months(read, ["1.csv", "2.csv", "2.csv"])
    assert "NOT READ: logo.png; refunds.csv (a, b)." in read.notes[-1]


def test_a_newer_export_with_one_more_column_is_joined(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(zipped({"1.csv": JANUARY, "2.csv": b"order,date,price,coupon\n2,2025-02-01,6,HELLO\n"}))
    assert tables(path).cells["coupon"].to_list() == [None, "HELLO"]


def test_the_sheet_that_looks_like_the_table_wanted_is_read(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    orders = {"Orders": [["order", "date", "price"], ["1", "2025-01-31", "5"]]}
    path.write_bytes(workbook({"Info": [["about", "us"], ["1", "2"]], **orders}))
    read = tables(path)
    assert read.cells["order"].to_list() == ["1"]
    assert "NOT READ: book.xlsx, sheet 'Info' (about, us)" in read.notes[0]
    assert tables(path, sheet="1").cells.columns == ["about", "us"]
    path.write_bytes(workbook({"A": [["about", "us"], [1, 2]], "B": [["x", "y"], [1, 2]]}))
    assert tables(path).cells.columns == ["about", "us"]


def test_sheets_of_the_same_columns_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    header = ["order", "date", "price"]
    path.write_bytes(
        workbook({"2024": [header, [1, "2024-01-31", 5]], "2025": [header, [2, "2025-01-31", 6]]})
    )
    assert tables(path).cells["order"].to_list() == ["1", "2"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no files"),
        ({"a.csv": JANUARY, "b.csv": b"order,date\n\x00"}, "b.csv is neither"),
        ({"a.png": b"\x89PNG\x00"}, "no table in it, only a.png"),
        ({"a.zip": zipped({"b.zip": zipped({"c.csv": JANUARY})})}, "another .zip"),
    ],
)
def test_what_cannot_be_read_whole_is_refused(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportRefused, match=message):
        tables(tmp_path)
