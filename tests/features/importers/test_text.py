import pytest

from features.importers.refusal import ImportRefused
from features.importers.text import to_utf8

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00"
POLISH = "id;title\n1;półka żółta\n2;miska mała\n"


@pytest.mark.parametrize(
    ("content", "text", "encoding"),
    [
        ("é\n".encode(), "é\n", "UTF-8"),
        (b"\xef\xbb\xbfa\n", "a\n", "UTF-8 with BOM"),
        (b"caf\xe9 \x80\n", "café €\n", "Latin-1 (Windows-1252)"),
        (b"caf\xe9\ncaf\xc3\xa9\n", "café\ncafé\n", "mixed: 1 lines UTF-8, 1 lines Latin-1 (Windows-1252)"),
        (b"\x81\n", "\x81\n", "Latin-1 (Windows-1252)"),
        (b"a\rb\r", "a\nb\n", "UTF-8"),
        ("id;ü\n1;€\n".encode("utf-16"), "id;ü\n1;€\n", "UTF-16"),
        (b"\xfe\xff" + "id;ü\n".encode("utf-16-be"), "id;ü\n", "UTF-16"),
        ("order;date\n1;2\n".encode("utf-16-le"), "order;date\n1;2\n", "UTF-16"),
        ("order;date\n1;2\n".encode("utf-16-be"), "order;date\n1;2\n", "UTF-16"),
        (POLISH.encode("cp1250"), POLISH, "Latin-2 (Windows-1250)"),
        ("Ilość;Cena\n2;40 zł\n".encode("cp1250"), "Ilość;Cena\n2;40 zł\n", "Latin-2 (Windows-1250)"),
        ("cœur; 3 cm³; blåbær\n".encode("cp1252"), "cœur; 3 cm³; blåbær\n", "Latin-1 (Windows-1252)"),
        ("wąska półka\n".encode("iso8859_2"), "wąska półka\n", "Latin-2 (ISO 8859-2)"),
        ("¿qué? 5 m² L´Oréal\n".encode("cp1252"), "¿qué? 5 m² L´Oréal\n", "Latin-1 (Windows-1252)"),
    ],
)
def test_encodings(content: bytes, text: str, encoding: str) -> None:
    assert to_utf8(content, "f") == (text.encode(), encoding)


@pytest.mark.parametrize("content", [PNG, b"a,b\n" * 5_000 + b"1,\x00\n", b"\xff\xfea"])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(ImportRefused, match="CSV"):
        to_utf8(content, "photo.png")
