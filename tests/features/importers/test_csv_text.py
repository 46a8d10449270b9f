"""Where the table stands in delimited text."""

import pytest

from features.importers.csv_text import likeliest_delimiter, read_csv
from features.importers.layout import Body
from features.importers.refusal import ImportRefused

ROWS = "order;date;price\n1;2025-01-31;12,50\n2;2025-02-01;3,20\n"


def read(text: str) -> Body:
    return read_csv(text.encode(), "f.csv")


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ('"order, no";"price, net"\n1;12,50\n', ";"),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ('a,b\n"x;y;z",1\n', ","),
        ("name\ttags\ncup\tred, blue, green\nbowl\tblue, red\n", "\t"),
        ("a|b\n1,2|3,4\n", "|"),
        ("a\n1\n", ","),
    ],
)
def test_the_delimiter_is_the_one_that_makes_regular_rows(text: str, delimiter: str) -> None:
    assert likeliest_delimiter(text.encode()) == delimiter


@pytest.mark.parametrize("mark", ["sep=;\n", "SEP=;\r\n", '"sep=;"\n'])
def test_excels_line_above_the_table_is_no_row(mark: str) -> None:
    body = read(mark + ROWS)
    assert body.cells.columns == ["order", "date", "price"]
    assert body.lines.to_list() == [3, 4]
    assert body.notes == ()


def test_a_separator_that_the_table_does_not_have_is_not_believed() -> None:
    assert read("sep=,\n" + ROWS).cells.columns == ["order", "date", "price"]


def test_rows_that_were_saved_as_single_cells_are_unwrapped() -> None:
    assert read('"a,b,c"\n"1,""Cup, red"",3"\n').cells.rows() == [("1", "Cup, red", "3")]
    assert read('"a";"b"\n"1,5";"2"\n').cells.rows() == [("1,5", "2")]


def test_the_semicolon_of_an_entity_ends_no_cell() -> None:
    titles = "1;Cup &amp; saucer;5\n2;Caf&eacute; &amp;quot;R&amp;quot;;6\n3;R&D;7\n4;Salt&Pepper;8\n"
    assert read("id;title;price\n" + titles).cells["title"].to_list() == [
        "Cup &amp; saucer",
        "Caf&eacute; &amp;quot;R&amp;quot;",
        "R&D",
        "Salt&Pepper",
    ]


def test_a_separator_that_only_its_line_names_is_used() -> None:
    assert read("sep=^\na^b\n1^2\n").cells.rows() == [("1", "2")]


@pytest.mark.parametrize(
    "above",
    ["My shop\nOrders of 2025; all of them\n\n", "My shop;;\n;;\n;;\n", 'Created:;"31.01.2025\n14:05"\n'],
)
def test_lines_of_text_above_the_header_are_left_out_and_said(above: str) -> None:
    body = read(
        above
        + ROWS.replace("price", "price;sku;title").replace(",50", ",50;A;Cup").replace(",20", ",20;B;Bowl")
    )
    assert body.cells.columns[:3] == ["order", "date", "price"]
    assert body.lines.to_list() == [5, 6] if "Created" not in above else [4, 5]
    [note] = body.notes
    assert ("My shop" in note) or ("Created" in note)


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\n1,2,3,\n4,5,6,\n",
        "a,b,c,coupon,note\n1,2,3,,\n4,5,6\n",
        "a,,c\n1,2,3\n",
        "a,b,c,d,e,f\n1,2,3,4,5,12,50\n1,2,3,4,5,12,50\n",
    ],
)
def test_a_header_narrower_or_wider_than_its_rows_is_the_header(text: str) -> None:
    body = read(text)
    assert body.cells.columns[0] == "a"
    assert body.lines[0] == 2
    assert body.notes == ()


def test_headers_in_the_middle_are_left_out_and_said() -> None:
    body = read(ROWS + ROWS)
    assert body.cells["order"].to_list() == ["1", "2", "1", "2"]
    assert body.lines.to_list() == [2, 3, 5, 6]
    assert body.notes == ("1 lines repeat the header and were left out",)


def test_a_mark_of_encoding_in_the_middle_hides_no_header() -> None:
    assert read(f"{ROWS}\ufeff{ROWS}").cells["order"].to_list() == ["1", "2", "1", "2"]


def test_blank_lines_keep_the_count() -> None:
    assert read(ROWS.replace("\n", "\n\n")).lines.to_list() == [3, 5]


def test_rows_inside_a_cell_are_said() -> None:
    body = read('a,b,c\n1,"Cup,2\n2,Bowl,3\n3,"Pan",4\n4,Jug 5",6\n'.replace('"Pan"', "Pan"))
    assert any("line 5" in note and "rows" in note for note in body.notes)


def test_a_quote_that_is_never_closed_is_located() -> None:
    with pytest.raises(ImportRefused, match="quotes around line 3"):
        read('a,b\n1,2\n1,"2 inch\n2,3\n')
    with pytest.raises(ImportRefused, match="quotes around line 4"):
        read('sep=,\na,b\n1,2\n1,"2 inch\n2,3\n')
