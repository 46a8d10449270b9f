import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
from catalogues import take
from histories import history_of, list_products, order

from features.catalogue.products import load_products, merge_products
from features.home import Home
from training.data.history import load_history
from training.data.products import align
from training.models.popularity import is_new

from factories import NOW, event


def test_the_card_holds_what_is_known_and_never_the_id(tmp_path: Path) -> None:
    home = Home(tmp_path)
    list_products(home, {'a/"1': 'Cup "Émile"'}, price=[4.5], currency=["EUR"], url=["https://shop.test/a"])
    products = align(load_products(home), history_of(home, order("b")))
    cards = [json.loads(b"{%b}" % products.cards()[item]) for item in range(2)]
    assert cards[0] == {"title": 'Cup "Émile"', "price": 4.5, "currency": "EUR", "url": "https://shop.test/a"}
    assert cards[1] == {"price": 10.0}


def test_a_price_that_the_catalogue_lacks_is_the_median_of_the_last_sales(tmp_path: Path) -> None:
    sales = [
        event("purchase", at=NOW - timedelta(days=day), items=[("a", 1, price)])
        for day, price in enumerate([4.0, 5.0, 9.0])
    ]
    home = Home(tmp_path)
    products = align(load_products(home), history_of(home, *sales, event("view", product_id="b")))
    assert products.price[0] == 5.0
    assert np.isnan(products.price[1])


def test_stock_and_titles_decide_what_may_be_shown(tmp_path: Path) -> None:
    home = Home(tmp_path)
    list_products(
        home,
        {"a": "Cup", "b": "Pot", "c": "Jug", "d": None},
        stock=[None, 0.0, 5.0, 1.0],
        available=[None, True, False, True],
    )
    products = align(load_products(home), history_of(home, order("a")))
    assert products.in_stock.tolist() == [True, False, False, True]
    assert products.recommendable.tolist() == [True, True, True, False]


def test_a_shop_that_sent_no_titles_shows_all_its_products(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert align(load_products(home), history_of(home, order("a", "b"))).recommendable.tolist() == [
        True,
        True,
    ]


def test_categories_and_brands_are_codes_in_order_of_their_names(tmp_path: Path) -> None:
    home = Home(tmp_path)
    list_products(home, {"a": "Cup", "b": "Tea", "c": "Pot"}, category=["kitchen", "food", None])
    products = align(load_products(home), history_of(home, order("a")))
    assert products.categories == ["food", "kitchen"]
    assert products.category.tolist() == [1, 0, -1]
    assert products.brand.tolist() == [-1, -1, -1]


def test_a_category_holds_what_is_in_it_and_below_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    paths = ["home > kitchen", "food", None, "home"]
    names = [path and path.rpartition(" > ")[2] for path in paths]
    list_products(home, dict.fromkeys("abcd", "Title"), category=names, category_path=paths)
    products = align(load_products(home), history_of(home, order("a")))
    held = dict(zip(products.categories, (items.tolist() for items in products.category_items), strict=True))
    assert held == {"food": [1], "home": [0, 3], "kitchen": [0]}


def test_the_first_day_is_that_of_the_first_sale_or_view_or_listing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    list_products(home, {"old": "Cup"})
    merge_products(home, pl.DataFrame({"product_id": ["new"], "title": ["Pot"]}), NOW - timedelta(days=2))
    history = history_of(home, order("old", days_ago=30), order("sold", days_ago=3))
    today = int(NOW.timestamp() // 86_400)
    products = align(load_products(home), history)
    assert products.first_day(history).tolist() == [today - 3, today - 30, today - 3]


def test_a_shop_that_just_imported_its_catalogue_has_nothing_new(tmp_path: Path) -> None:
    home = Home(tmp_path / "shop")
    take(home, "id,title,link,price\nold,Cup,/a,1\nunsold,Pot,/b,1\n", now=NOW)
    history = history_of(home, order("old", days_ago=200), order("old", days_ago=1))
    first = align(load_products(home), history).first_day(history)
    assert not is_new(first, history).any()
    take(home, "id,title,link,price\nold,Cup,/a,1\nfresh,Jug,/c,1\n", now=NOW)
    history = load_history(home, load_products(home))
    first = align(load_products(home), history).first_day(history)
    assert [history.product_ids[row] for row in is_new(first, history).nonzero()[0]] == ["fresh"]


def test_what_is_retired_is_not_recommended_and_its_history_counts(tmp_path: Path) -> None:
    home = Home(tmp_path / "shop")
    list_products(home, {"a": "Cup", "b": "Pot"}, retired=[True, False])
    history = history_of(home, order("a", "b"))
    assert align(load_products(home), history).recommendable.tolist() == [False, True]
    assert history.product_ids == ["a", "b"]


def test_variants_are_groups_of_two_or_more(tmp_path: Path) -> None:
    home = Home(tmp_path / "shop")
    list_products(home, dict.fromkeys("abcd", "Cup"), group_id=["x", None, "x", "y"])
    assert align(load_products(home), history_of(home)).variant_group.tolist() == [0, -1, 0, -1]


def test_filters_go_by_attributes_brand_and_categories_of_every_level(tmp_path: Path) -> None:
    home = Home(tmp_path / "shop")
    list_products(
        home,
        {"a": "Cup", "b": "Pot"},
        brand=["Fern", None],
        category=["Mugs", None],
        category_path=["Home > Mugs", None],
        attributes=['{"colour":["Red","blue"],"volume":"0,3 l"}', None],
    )
    table = align(load_products(home), history_of(home)).attributes()
    assert table.known == ["brand", "category", "colour", "volume"]
    holders = {
        name: table.holders.items[table.holders.row(row)].tolist()
        for row, name in enumerate(table.value_names)
    }
    assert set(holders) == {
        "colour:red", "colour:blue", "volume:0,3 l", "brand:fern", "category:home", "category:mugs"
    }  # fmt: skip
    assert set(map(tuple, holders.values())) == {(0,)}
    assert table.numbers.amounts[table.numbers.row(table.names.row("volume"))].tolist() == [0.3]
