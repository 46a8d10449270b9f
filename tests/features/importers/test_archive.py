import pytest
from containers import zipped

from features.importers.archive import files_inside, is_archive
from features.importers.refusal import ImportRefused

ROWS = b"id,title\n1,Cup\n"


def test_what_systems_add_is_not_among_the_files() -> None:
    content = zipped(
        {
            "shop/b.csv": ROWS,
            "shop/a.csv": ROWS,
            "__MACOSX/shop/._a.csv": b"\x00\x05\x16\x07",
            "shop/.DS_Store": b"\x00",
            "shop/~$a.xlsx": b"x",
            "empty.csv": b"",
        }
    )
    assert [name for name, _ in files_inside(content, "f.zip")] == ["shop/a.csv", "shop/b.csv"]


def test_a_spreadsheet_is_no_archive() -> None:
    assert not is_archive(zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}))
    assert is_archive(zipped({"a.csv": ROWS}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped({"a.csv": ROWS})[:40], "damaged"),
        (zipped({"__MACOSX/a": b"x"}), "holds 0 files"),
        (zipped({"a.csv": b"\n" * 60_000_000}), "unpacks to more than 100 times"),
    ],
)
def test_damaged_empty_and_exploding_archives_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(ImportRefused, match=message):
        list(files_inside(content, "f.zip"))


def test_a_password_is_named() -> None:
    content = bytearray(zipped({"a.csv": ROWS}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ImportRefused, match="password"):
        list(files_inside(bytes(content), "f.zip"))
