"""Texts, numbers and dates in the reader's language; every language says all that the pages ask for."""

import re
from pathlib import Path

import pytest

from api.console.language import TEXTS, language_of, languages
from api.console.navigation import PAGES

CONSOLE = TEXTS.parent
USED = re.compile(r"""\bt\(\s*"([a-z_]+\.[a-z_0-9]+)"(?:\s*\)|\s*,\s*(count=)?)""")
USED_IN_CODE = re.compile(r"""\btext\(\s*"([a-z_]+\.[a-z_0-9]+)"(?:\s*\)|\s*,\s*(count=)?)""")


def used() -> set[tuple[str, bool]]:
    """The keys that templates and code ask for, and whether by a count."""
    found = set()
    for path in CONSOLE.rglob("*"):
        pattern = {".html": USED, ".py": USED_IN_CODE}.get(path.suffix)
        if pattern:
            found |= {(key, bool(count)) for key, count in pattern.findall(path.read_text())}
    return found


@pytest.mark.parametrize("code", languages())
def test_each_language_says_what_is_asked_for(code: str) -> None:
    texts = language_of(code).texts
    assert texts.keys() == language_of("en").texts.keys()
    for key, is_counted in used():
        assert (f"{key}_other" if is_counted else key) in texts, key
    assert {f"{page}.title" for page in PAGES} <= texts.keys()


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("code", languages())
def test_each_language_fills_in_the_same(code: str) -> None:
    english = language_of("en").texts
    for key, text in language_of(code).texts.items():
        if not key.endswith("_one"):
            assert placeholders(text) == placeholders(english[key]), key


def test_what_is_filled_in_cannot_be_markup() -> None:
    assert "<script>" not in language_of("en").text("console.before", value="<script>")


def test_figures_read_as_the_reader_writes_them() -> None:
    german, english = language_of("de"), language_of("en-GB")
    assert german.money(1234.5, "EUR") == "1.234,50\xa0€"
    assert english.money(1234.5, "EUR") == "€1,234.50"
    assert english.money(1234.5, "EUR", cents=False) in {"€1,234", "€1,235"}
    assert english.money(1234.5, "JPY") == "JP¥1,234"
    assert (german.number(1234.56, 1), german.percent(0.1234)) == ("1.234,6", "12,3\xa0%")
    assert (german.day("2026-03-05T10:00:00Z"), english.day("2026-03-05")) == ("05.03.2026", "5 Mar 2026")
    assert english.text("console.days", count=1) == "1 day"
    assert {english.money(None, "EUR"), english.number(None), english.day(None), english.ago("")} == {"–"}


@pytest.mark.parametrize(("code", "language"), [("de-AT", "de"), ("xx", "en"), ("", "en"), ("de_CH", "de")])
def test_an_unknown_language_is_english(code: str, language: str) -> None:
    assert language_of(code).locale.language == language


def test_texts_lie_beside_the_code() -> None:
    assert {path.stem for path in Path(TEXTS).glob("*.toml")} >= {"en", "de"}
