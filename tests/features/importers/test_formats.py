"""The table of formats in the documentation is the code's; each format is told from all others."""

from pathlib import Path

import pytest

from features.importers.formats import ORDER_FORMATS, fitting
from features.importers.guesses import NEEDS
from features.importers.headers import SYNONYMS
from features.importers.lines import plain
from features.importers.order_lines import MAPPABLE
from features.importers.table import as_table

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "import.md").read_text()
EXPORTS = Path(__file__).with_name("platforms") / "exports"


@pytest.mark.parametrize("name", ORDER_FORMATS)
def test_the_documentation_lists_the_format_with_its_columns(name: str) -> None:
    each = ORDER_FORMATS[name]
    needs = "not taken: it names no products" if each.instead else ", ".join(each.needed())
    assert f"| `{name}` | {each.label} | {needs} |" in PAGE


def test_the_documentation_lists_no_other_format_and_every_column() -> None:
    table = PAGE.partition("| `--format` |")[2].partition("\n\n")[0]
    assert table.count("\n| `") == len(ORDER_FORMATS)
    assert [
        name for name in MAPPABLE if f"`{name}`" not in PAGE and name not in {"order_id", "timestamp"}
    ] == []


@pytest.mark.parametrize("name", ORDER_FORMATS)
def test_a_file_is_of_one_format(name: str) -> None:
    table = as_table((EXPORTS / f"{name}.csv").read_bytes(), f"{name}.csv")
    found = fitting(ORDER_FORMATS, table)
    assert found is not None
    assert found.name == name


def test_a_synonym_is_one_of_our_names_and_stands_for_one_thing_first() -> None:
    assert SYNONYMS.keys() <= set(MAPPABLE)
    assert {name for names in NEEDS.values() for name in names} <= SYNONYMS.keys()
    assert all(plain(each) for synonyms in SYNONYMS.values() for each in synonyms)


@pytest.mark.parametrize(
    ("header", "bare"),
    [
        ("N° de commande", "ndecommande"),
        ("Größe", "grosse"),
        ("Ilość", "ilosc"),
        ("Order #", "order"),
        ("注文", "注文"),
    ],
)
def test_headers_are_compared_without_case_accents_and_punctuation(header: str, bare: str) -> None:
    assert plain(header) == bare
