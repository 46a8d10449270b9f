"""Quotes that break the rules of CSV."""

import csv
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.importers import quotes
from features.importers.csv_text import read_csv
from features.importers.quotes import has_stray_quotes


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('10" bowl', '10" bowl'),
        ('Bowl 10"', 'Bowl 10"'),
        ('Bowl 10" x 5"', 'Bowl 10" x 5"'),
        ('"10" bowl"', '10" bowl'),
        ('"10" bowl, large"', '10" bowl, large'),
        ('"Bowl 10""', 'Bowl 10"'),
        ('"2" inch', '"2" inch'),
        (' "Bowl, red"', "Bowl, red"),
        ('="007"', '="007"'),
    ],
)
def test_stray_quotes_are_text(cell: str, value: str) -> None:
    body = read_csv(f'id,title,price\nA,{cell},20\nB,"Plate, ""big""\nand round",5\nC,Cup,1\n'.encode(), "f")
    assert body.cells.rows() == [
        ("A", value, "20"),
        ("B", 'Plate, "big"\nand round', "5"),
        ("C", "Cup", "1"),
    ]
    assert body.lines.to_list() == [2, 4, 5]


cells = st.text(st.sampled_from('ab",\n ;'), max_size=6)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(rows=st.lists(st.lists(cells, min_size=2, max_size=4), min_size=1, max_size=6))
def test_sound_csv_has_no_stray_quotes(rows: list[list[str]]) -> None:
    stream = StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    assert not has_stray_quotes(stream.getvalue().encode(), ",")


def test_blocks_are_checked_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"id,title\n" + b'1,"a, ""b"" c"\n' * 50
    monkeypatch.setattr(quotes, "BLOCK_BYTES", 7)
    assert not has_stray_quotes(text, ",")
    assert has_stray_quotes(text + b'2,5" pan\n', ",")
