"""The files of texts: each language says the same, with all plural forms and placeholders."""

import re
from collections.abc import Mapping

import pytest

from recommender.context.request import PLACEMENTS
from recommender.reasons.language import LANGUAGES, Texts, known_tag, language_of, number, texts_of

DAY = 20_576  # 3 May 2026
ENGLISH = texts_of("en")


def entries(texts: Texts) -> Mapping[str, Mapping[str, str]]:
    """Name -> plural form, placement or "" -> text."""
    said = {
        name: getattr(texts, name) for name in Texts.__struct_fields__ if name not in ("locale", "regions")
    }
    return {name: text if isinstance(text, dict) else {"": text} for name, text in said.items()}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def test_a_file_is_a_language() -> None:
    assert {"de", "en", "es", "fr", "it", "nl", "pl", "pt"} <= set(LANGUAGES)


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_file_says_everything(name: str) -> None:
    language = language_of(name)
    forms = language.locale.plural_form.tags | {"other"}
    for entry, texts in entries(language.texts).items():
        english = entries(ENGLISH)[entry]
        if entry == "heading":
            assert set(texts) == set(PLACEMENTS)
        elif "" not in english:
            assert set(texts) == forms, entry
        for form, text in texts.items():
            asked = placeholders(english.get(form, english.get("other", "")))
            optional = {"n"} if form == "one" else set()  # "once"
            assert asked - optional <= placeholders(text) <= asked | {"n"}, (entry, form)
            assert text.strip(" .") == text, (entry, form)
            assert not set(text) & set('"\\\n\t'), "texts go into JSON as they are"


@pytest.mark.parametrize(
    ("name", "n", "text"),
    [
        ("de", 1, "Von Ihnen gekauft am 3. Mai"),
        ("de", 2, "2-mal von Ihnen gekauft, zuletzt am 3. Mai"),
        ("fr", 3, "Vous l'avez acheté 3 fois, la dernière le 3 mai"),
        ("es", 3, "Lo has comprado 3 veces, la última el 3 de mayo"),
        ("it", 1, "Lo hai comprato in data 3 maggio"),
        ("nl", 2, "Je kocht dit 2 keer, het laatst op 3 mei"),
        ("pt", 2, "Comprou este artigo 2 vezes, a última em 3 de maio"),
        ("en-US", 2, "You bought this 2 times, last on May 3"),
        ("en", 2, "You bought this 2 times, last on 3 May"),
    ],
)
def test_counts_and_dates_are_written_as_there(name: str, n: int, text: str) -> None:
    language = language_of(name)
    assert language.counted(language.texts.buy_again, n, date=language.date(DAY, DAY)) == text


def test_polish_has_four_forms() -> None:
    language = language_of("pl")
    said = [language.counted(language.texts.trending, n) for n in (1, 3, 5, 22)]
    assert [text.split()[-5] for text in said] == ["zamówienie", "zamówienia", "zamówień", "zamówienia"]


def test_another_year_is_said() -> None:
    assert language_of("de").date(DAY, DAY + 365) == "3. Mai 2026"


def test_numbers_prices_and_shares() -> None:
    german, english = language_of("de"), language_of("en")
    assert (number("de", 12_345), number("en", 12_345)) == ("12.345", "12,345")
    assert (german.price(12.5, "EUR"), english.price(12.5, "EUR")) == ("12,50\xa0€", "€12.50")
    assert (german.price(12.5, None), english.price(1, None)) == ("12,50", "1.00")
    assert (german.percent(0.25), english.percent(0.25)) == ("25\xa0%", "25%")


@pytest.mark.parametrize(
    ("asked", "otherwise", "tag"),
    [
        ("de", "en", "de"),
        ("DE_at", "en", "de-AT"),
        ("de-XX", "en", "de"),
        ("sv", "fr", "fr"),
        ("", None, "en"),
        (None, "pl", "pl"),
        ("../en", "nl", "nl"),
    ],
)
def test_what_is_asked_for_or_the_shop_s(asked: str | None, otherwise: str | None, tag: str) -> None:
    assert known_tag(asked, otherwise) == tag
    assert language_of(tag).texts is texts_of(tag[:2])
