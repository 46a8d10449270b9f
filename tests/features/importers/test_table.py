import io

import polars as pl
import pytest

from features.importers.refusal import ImportRefused
from features.importers.table import FileTable, as_table
from features.importers.values import read_times

from factories import NOW


def table(text: str) -> FileTable:
    return as_table(text.encode(), "f.csv")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    read = table("a,b\n1,2\n".replace(",", delimiter))
    assert read.cells.rows() == [("1", "2")]
    assert read.cells.columns == ["a", "b"]


def test_lines_count_newlines_inside_quotes_and_blank_lines() -> None:
    read = table('"a\n1",b\nx,"1\n2\n3"\n\ny,2\r\n,\nz,3\n')
    assert read.cells.rows() == [("x", "1\n2\n3"), ("y", "2"), ("z", "3")]
    assert read.lines.to_list() == [5, 7, 9]


def test_rows_with_too_many_cells_are_marked_and_short_ones_are_padded() -> None:
    read = table("a,b\n1,2\n1,2,3\n1\n")
    assert read.surplus.to_list() == [False, True, False]
    assert read.cells["b"].to_list() == ["2", "2", ""]


def test_headers_that_repeat_or_are_empty_get_names() -> None:
    assert table("a,,a\n1,2,3\n").cells.columns == ["a", "column 2", "a (3)"]


def test_a_header_alone_has_no_rows() -> None:
    assert table("a,b").cells.is_empty()


@pytest.mark.parametrize(
    "content", [b"<!DOCTYPE html><html>", b"PAR1 but no more", b"PK\x03\x04 but no workbook", b"\x00\x01"]
)
def test_wrong_files_are_refused(content: bytes) -> None:
    with pytest.raises(ImportRefused, match="f is "):
        as_table(content, "f")


def test_json_lines_keep_their_numbers() -> None:
    read = table('\n{"a": 1}\n\n{"b": 2}\n')
    assert (read.kind, read.lines.to_list()) == ("jsonl", [2, 4])


def test_parquet_becomes_text() -> None:
    stream = io.BytesIO()
    pl.DataFrame({"n": [1.5], "at": [NOW], "deep": [[1]]}).write_parquet(stream)
    read = as_table(stream.getvalue(), "f.parquet")
    assert read.cells.columns == ["n", "at"]
    assert read.cells["n"].to_list() == ["1.5"]
    assert read_times(read.cells["at"]).values.to_list() == [NOW]


def test_entities_are_read_also_when_escaped_twice_and_addresses_stay_whole() -> None:
    read = table(
        "title,link\nCup &amp; saucer,https://s/?a=1&amp;b=2\n5&amp;quot; &eacute;tui &lt;b&gt;,https://s/?a=1&copy=2\n"
    )
    assert read.cells.rows() == [
        ("Cup & saucer", "https://s/?a=1&b=2"),
        ('5" étui <b>', "https://s/?a=1&copy=2"),
    ]


def test_what_excel_keeps_as_text_loses_its_wrapping() -> None:
    assert table('id,sku\n1,="007"\n').cells["sku"].to_list() == ["007"]


def test_fractions_of_a_parquet_file_keep_their_point() -> None:
    stream = io.BytesIO()
    pl.DataFrame({"price": [1.25, 1.234], "sku": ["1.234", "b"]}).write_parquet(stream)
    assert as_table(stream.getvalue(), "f").cells.rows() == [("1.25", "1.234"), ("1.2340", "b")]
