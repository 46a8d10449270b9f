from random_shop import random_bundle

from training.demo.answers import (
    BEGIN,
    END,
    answers_of,
    answers_to,
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
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert looked_at(page, "new\n") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


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
