from datetime import datetime
from pathlib import Path

import pytest
from containers import workbook

from features.importers.refusal import ImportRefused
from features.importers.spreadsheet import OLE_MARK
from features.importers.table import as_table, sheet_tables
from features.importers.values import read_times

HEADER = ["id", "date", "price"]


def test_titles_gaps_and_row_numbers() -> None:
    content = workbook({"S": [["Orders of my shop"], [], HEADER, [1, "x", 2], [], ["a&amp;b", "y", 3]]})
    [(name, table)] = sheet_tables(content, "f.xlsx", None)
    assert name == "S"
    assert table.cells.rows() == [("1", "x", "2"), ("a&b", "y", "3")]
    assert table.lines.to_list() == [4, 6]
    assert "Orders of my shop" in table.notes[0]


def test_dates_and_days_of_excel() -> None:
    content = workbook(
        {"S": [HEADER, [1, datetime(2025, 1, 31, 14, 5), 1], [2, 45688.5, 1], [3, "31.01.2025", 1]]}
    )
    times = read_times(as_table(content, "f").cells["date"]).values
    assert times.dt.strftime("%d.%m.%Y %H:%M").to_list() == [
        "31.01.2025 14:05",
        "31.01.2025 12:00",
        "31.01.2025 00:00",
    ]


def test_number_cells_keep_their_point_and_text_is_left_as_it_is() -> None:
    rows: list[list[object]] = [[1.234, "1.234"], [2.5, 1.5], [None, -1.125], ["x", "1.250"], ["1.299,00", 3]]
    read = as_table(workbook({"S": [["price", "text"], *rows]}), "f").cells
    assert read["price"].to_list() == ["1.2340", "2.5", None, "x", "1.299,00"]
    assert read["text"].to_list() == ["1.234", "1.5", "-1.1250", "1.250", "3"]


@pytest.mark.parametrize("sheet", ["Orders", "orders", "2"])
def test_a_sheet_is_chosen_by_name_or_number(sheet: str) -> None:
    content = workbook({"Info": [["x", "y"], [1, 2]], "Orders": [HEADER, [1, 2, 3]]})
    [(name, table)] = sheet_tables(content, "f.xlsx", sheet)
    assert (name, table.cells.columns) == ("Orders", HEADER)


def test_a_sheet_that_is_not_there_and_one_without_rows() -> None:
    content = workbook({"Info": [["x", "y"], [1, 2]], "Empty": []})
    with pytest.raises(ImportRefused, match=r"no sheet 'Orders'. It has 1 'Info', 2 'Empty'"):
        sheet_tables(content, "f.xlsx", "Orders")
    assert [name for name, _ in sheet_tables(content, "f.xlsx", None)] == ["Info"]
    with pytest.raises(ImportRefused, match="without rows"):
        sheet_tables(workbook({"Empty": []}), "f.xlsx", None)


@pytest.mark.parametrize("content", [b"PK\x03\x04 but no workbook", OLE_MARK + b"\0" * 600])
def test_a_damaged_spreadsheet_is_refused(content: bytes) -> None:
    with pytest.raises(ImportRefused, match="no readable spreadsheet"):
        as_table(content, Path("f.xls").name)
