import pytest
from random_shop import random_bundle

from training.demo.answers import (
    BEGIN,
    END,
    WIDTH,
    answers_of,
    answers_to,
    best_sellers_apart,
    looked_at,
    some_customers,
    some_products,
)

from bundles import small_bundle


def test_answers_name_products_prices_and_what_is_known() -> None:
    text = answers_of(small_bundle(), ["kettle", "mug"])
    assert text == (
        "\n**Kettle (30.00)**\n\n"
        "* instead of it: Pot (20.00)\n"
        "* with it: Tea (5.00), 16 of 40 buyers; Mug (8.00), 10 of 40 buyers\n"
        "* a step up: nothing\n"
        "\n**Mug (8.00)**\n\n"
        "* instead of it: Cup (12.00)\n"
        "* with it: nothing\n"
        "* a step up: Cup (12.00), rated 4.8 instead of 4.4\n"
    )


def test_a_page_keeps_what_stands_around_its_answers() -> None:
    one, other = ((BEGIN.format(shop=shop), END.format(shop=shop)) for shop in ("one", "other"))
    page = f"before\n{one[0]}\nold\n{one[1]}\n{other[0]}\nold\n{other[1]}\nafter\n"
    answered = looked_at(page, "new\n", "other")
    assert answered == f"before\n{one[0]}\nold\n{one[1]}\n{other[0]}\nnew\n{other[1]}\nafter\n"
    with pytest.raises(ValueError, match="no place for these answers: add `<!-- answers of a third -->`"):
        looked_at(page, "new\n", "a third")


def test_long_lists_are_wrapped() -> None:
    page = f"{BEGIN.format(shop='one')}\n{END.format(shop='one')}\n"
    answers = f"**Kettle**\n\n* instead of it: {'; '.join(['Pot, 2 l (20.00)'] * 20)}\n"
    lines = looked_at(page, answers, "one").splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert [line[:2] for line in lines[1:6]] == ["**", "", "* ", "  ", "  "]


def test_products_of_a_shop_with_nothing_planted_sell() -> None:
    bundle = random_bundle()
    chosen = best_sellers_apart(bundle, 5)
    rows = [bundle.tables.products.row(name) for name in chosen]
    places = [bundle.tables.popular.items.tolist().index(row) for row in rows]
    assert places[0] == 0
    assert len(set(places)) == 5
    assert places[-1] <= len(bundle.tables.popular.items) // 2


def test_products_come_from_all_over_the_shop() -> None:
    names = [f"p-{number}" for number in range(90)]
    chosen = some_products(dict.fromkeys(names), number=15)
    assert len(set(chosen)) == 15
    assert chosen[0] == "p-0"
    assert names.index(chosen[-1]) >= 84


def test_customers_are_shown_what_each_list_is_for() -> None:
    bundle = small_bundle()
    text = answers_to(bundle, [bundle.tables.customers.row("ann")])
    assert text.startswith("\n**ann**, 2 products bought, most often Tea (5.00); Mug (8.00)\n\n* at home: ")
    assert "* to buy again: Tea (5.00); Mug (8.00); " in text
    (letter,) = [line for line in text.splitlines() if line.startswith("* in a newsletter: ")]
    assert "Tea" not in letter
    assert "Mug" not in letter


def test_customers_are_those_with_few_products_to_those_with_most() -> None:
    bundle = random_bundle()
    chosen = some_customers(bundle, 4)
    bought = [bundle.tables.purchases.number(row) for row in chosen]
    assert len(set(chosen)) == 4
    assert bought == sorted(bought)
    assert bought[0] >= 3
