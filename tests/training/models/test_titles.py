import pytest

from training.models.titles import ENGLISH, compounds, heads, language_of, noun_phrase, singular, words

RANGE = [
    "REGENCY CAKESTAND 3 TIER",
    "CAKE STAND LACE",
    "CAKE STAND VICTORIAN FILIGREE",
    *(f"{thing} STAND" for thing in ("UMBRELLA", "PLANT", "COAT")),
    "GREEN REGENCY TEACUP AND SAUCER",
    *(f"{thing} CUP" for thing in ("EGG", "PAPER")),
    *(f"TEA {thing}" for thing in ("TOWEL", "TRAY")),
    "JUMBO BAG RED RETROSPOT",
    "LUNCH BAG WOODLAND",
    *(f"{thing} BAG" for thing in ("SHOPPER", "PEG", "WASH", "PICNIC")),
    "SET OF 3 CAKE TINS PANTRY DESIGN",
    *(f"{thing} TIN" for thing in ("BISCUIT", "SPICE", "STORAGE", "HERB")),
    "ALARM CLOCK BAKELIKE RED",
    *(f"{thing} CLOCK" for thing in ("WALL", "KITCHEN", "CUCKOO", "TRAVEL")),
    "12",
]


@pytest.mark.parametrize(
    ("word", "one"),
    [("teacups", "teacup"), ("boxes", "box"), ("berries", "berry"), ("glass", "glass"), ("dishes", "dish")],
)
def test_singular(word: str, one: str) -> None:
    assert singular(word) == one


def test_words_are_lower_case_singular_and_without_numbers() -> None:
    assert words("Set of 3 CAKE TINS, 20cm") == ["set", "of", "cake", "tin", "cm"]


@pytest.mark.parametrize(
    ("title", "phrase"),
    [
        ("SET OF 3 CAKE TINS PANTRY DESIGN", ["cake", "tin", "pantry"]),
        ("SET/6 RED SPOTTY PAPER PLATES", ["spotty", "paper", "plate"]),
        ("TEACUP AND SAUCER", ["teacup"]),
        ("Kerze mit Duft", ["kerze", "mit", "duft"]),
        ("GIFT SET", ["gift"]),
        ("", []),
    ],
)
def test_noun_phrase(title: str, phrase: list[str]) -> None:
    assert noun_phrase(title) == phrase


def test_another_language_is_known_by_its_small_words_and_stemmed() -> None:
    titles = ["Kerzen mit Duft", "Kerze für Kinder", "Duftkerzen in Rot", "Duft-Kerze und Teller"]
    german = language_of(titles)
    assert {noun_phrase(title, german)[0] for title in titles[:2]} == {"kerz"}
    assert noun_phrase("Kerzen mit Duft", german) == ["kerz"]
    assert compounds(titles, german) == {"duftkerz": ("duft", "kerz")}
    assert heads(titles, compounds(titles, german), german)[2] == "kerz"
    assert language_of(RANGE) is language_of(["12", ""]) is ENGLISH


def test_compounds_are_words_whose_parts_are_as_usual_by_themselves() -> None:
    assert compounds(RANGE) == {"cakestand": ("cake", "stand"), "teacup": ("tea", "cup")}


def test_heads_say_what_a_thing_is_wherever_the_pattern_stands() -> None:
    head_of = dict(zip(RANGE, heads(RANGE, compounds(RANGE)), strict=True))
    assert head_of["REGENCY CAKESTAND 3 TIER"] == "stand"
    assert head_of["CAKE STAND LACE"] == "stand"
    assert head_of["GREEN REGENCY TEACUP AND SAUCER"] == "cup"
    assert head_of["JUMBO BAG RED RETROSPOT"] == "bag"
    assert head_of["LUNCH BAG WOODLAND"] == "bag"
    assert head_of["SET OF 3 CAKE TINS PANTRY DESIGN"] == "tin"
    assert head_of["ALARM CLOCK BAKELIKE RED"] == "clock"
    assert head_of["12"] == ""
