from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from histories import archive, list_products, old_clocks, order

from features.catalogue.products import merge_products
from features.home import Home
from features.live.shopper_state import ShopperState
from recommender.context.request import Request
from recommender.model import versions
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle, flatten
from recommender.recommend import Recommender
from training.errors import NothingToTrainOn
from training.run.train import train
from training.settings import TrainingSettings

from factories import NOW, event

SETTINGS = TrainingSettings(als_factors=8, als_iterations=4)
TITLES = {
    "cup": "Regency cup",
    "saucer": "Regency saucer",
    "mug": "Tin mug",
    "tea": "Green tea",
    "pot": "Clay pot",
    "card": "Plain card",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def current(home: Home) -> Bundle:
    bundle = versions.load_current(home.models)
    assert bundle is not None
    return bundle


def answer(home: Home, k: int = 5, **request: Any) -> list[str]:
    bundle = current(home)
    recommender = Recommender(bundle, Availability.of(bundle.tables))
    picks = recommender.recommend(Request(now=NOW.timestamp(), **request), k)
    return [bundle.tables.products.name(pick.item) for pick in picks]


def busy_shop(home: Home) -> None:
    """Sixty customers with three orders each in 120 days; a cup brings its saucer, tea comes again."""
    rng = np.random.default_rng(3)
    list_products(home, TITLES)
    orders = []
    for number in range(60):
        fond_of = ["cup", "saucer"] if number % 2 else ["tea", "pot"]
        for _ in range(3):
            extra = [str(rng.choice(["mug", "card"]))] if rng.random() < 0.3 else []
            orders.append(
                order(*fond_of, *extra, customer=f"c-{number}", days_ago=float(rng.uniform(0, 120)))
            )
    archive(home, [*orders, event("view", product_id="mug", anonymous_id="x")])


def test_a_history_with_impossible_times_trains(home: Home) -> None:
    archive(home, [order("cup", customer="c-1", days_ago=2), *old_clocks()])
    result = train(home, SETTINGS, NOW)
    assert (result.orders, result.products) == (1, 1)


def test_one_order_of_one_customer_trains_and_serves(home: Home) -> None:
    list_products(home, {"a": "Cup", "b": "Pot"})
    archive(home, [order("a", customer="c")])
    result = train(home, SETTINGS, NOW)
    assert result.published
    assert result.metrics == {}
    assert (result.orders, result.customers) == (1, 1)
    assert answer(home, placement="home") == ["a", "b"]
    assert answer(home, placement="cart", cart=("a",)) == ["b"]


def test_a_catalogue_without_orders_trains_and_serves(home: Home) -> None:
    titles = {"a": "Red Mug", "b": "Blue Mug", "c": "Tea Pot", "d": "Green Mug"}
    list_products(home, titles, category=["Mugs", "Mugs", "Pots", "Mugs"], price=[5.0, 6.0, 20.0, 9.0])
    result = train(home, SETTINGS, NOW)
    assert (result.published, result.orders, result.products) == (True, 0, 4)
    assert answer(home, placement="home")[:2] == ["b", "c"]  # the kinds take turns, each with its usual price
    assert answer(home, 2, placement="product_similar", product_id="a") == ["b", "d"]
    assert answer(home, 1, placement="upgrade", product_id="a") == []  # nothing tells that it is better
    assert not len(current(home).tables.newest.items)  # imported today, of any age


def test_what_comes_after_the_import_is_new(home: Home) -> None:
    merge_products(
        home, pl.DataFrame({"product_id": list("abc"), "title": list("ABC")}), NOW - timedelta(days=2)
    )
    list_products(home, {"d": "D"})
    train(home, SETTINGS, NOW)
    assert answer(home, 1, placement="new") == ["d"]


def test_without_products_the_error_says_what_to_do(home: Home) -> None:
    with pytest.raises(NothingToTrainOn, match="perennial import"):
        train(home, SETTINGS, NOW)
    assert versions.current(home.models) is None


def test_a_shop_of_guests_alone_trains(home: Home) -> None:
    archive(home, [order("a", "b", days_ago=day) for day in range(8)])
    assert train(home, SETTINGS, NOW).published
    assert answer(home, placement="cart", cart=("a",)) == ["b"]


def test_what_was_planted_is_found_and_measured(home: Home) -> None:
    busy_shop(home)
    progress: list[tuple[str, int, int]] = []
    result = train(home, SETTINGS, NOW, lambda *far: progress.append(far))
    assert result.published
    assert answer(home, 1, placement="cart", cart=("cup",)) == ["saucer"]
    assert answer(home, 1, placement="product_complements", product_id="tea") == ["pot"]
    cart = result.metrics["cart"]
    assert cart["perennial"]["ndcg@10_full"]["value"] > cart["popularity"]["ndcg@10_full"]["value"]
    assert ("ALS", 4, 4) in progress
    assert {"cup", "saucer"} == set(answer(home, 2, placement="buy_again", customer_id="c-1"))


def test_the_manifest_says_what_the_bundle_was_made_of(home: Home) -> None:
    busy_shop(home)
    train(home, SETTINGS, NOW)
    manifest = current(home).manifest
    assert manifest.version == "2026-11-22T12-00-00Z"
    assert manifest.data_until_ms == int(NOW.timestamp() * 1000)
    assert (manifest.orders, manifest.customers, manifest.buyers, manifest.products) == (180, 60, 60, 6)
    assert manifest.first_order < manifest.last_order
    assert manifest.settings["als_factors"] == 8


def test_the_same_history_gives_the_same_tables(home: Home) -> None:
    busy_shop(home)
    train(home, SETTINGS, NOW)
    first = dict(flatten(current(home).tables))
    train(home, SETTINGS, NOW + timedelta(hours=1))
    for name, array in flatten(current(home).tables):
        assert np.array_equal(array, first[name], equal_nan=array.dtype.kind == "f"), name


def test_every_pair_of_neighbours_stands_in_order_and_never_names_the_product_itself(home: Home) -> None:
    busy_shop(home)
    train(home, SETTINGS, NOW)
    tables = current(home).tables
    for table in (tables.similar, tables.complements, tables.companions):
        for item in range(len(tables.products)):
            row = table.of(item)
            assert item not in row.items
            size = np.abs(row.weights) if table is tables.companions else row.weights
            assert all(larger >= smaller > 0 for larger, smaller in pairwise(size.tolist()))


def test_no_file_of_a_bundle_is_pickled(home: Home) -> None:
    busy_shop(home)
    version = train(home, SETTINGS, NOW).version
    for path in (home.models / version).glob("*.npy"):
        np.load(path, allow_pickle=False)
    assert {path.suffix for path in (home.models / version).iterdir()} == {".npy", ".faiss", ".json"}


def test_a_refused_bundle_is_kept_but_the_old_one_serves_on(home: Home) -> None:
    busy_shop(home)
    first = train(home, SETTINGS, NOW)
    assert first.metrics["cart"]["cases"] >= 20
    strict = {"gate_min_cases": 1, "gate_running_tolerance": 0.0}
    without_carts = {"ease_products": 1, "complement_support": 1_000}
    second = train(home, SETTINGS.model_copy(update=strict | without_carts), NOW)
    assert not second.published
    assert any("`cart` ranks worse than the model that serves" in reason for reason in second.reasons)
    assert second.version == f"{first.version}-2"
    serving = versions.current(home.models)
    assert serving is not None
    assert serving.version == first.version
    kept = {manifest.version for manifest in versions.manifests(home.models)}
    assert kept == {first.version, second.version}
    with pytest.raises(versions.Refused, match="`cart` ranks worse"):
        versions.publish(home.models, second.version)
    assert versions.publish(home.models, second.version, force=True).version == second.version


def test_a_shop_whose_products_have_no_titles_but_one_is_refused(home: Home) -> None:
    list_products(home, {"a": "Cup"})
    archive(home, [order("a", "b", "c")])
    result = train(home, SETTINGS, NOW)
    assert not result.published
    assert "import the catalogue" in result.reasons[0]
    assert versions.current(home.models) is None
    assert ("Refused", result.reasons[0]) in list(result.lines())


def test_odd_ids_and_prices_and_quantities_train(home: Home) -> None:
    odd = ['a/"b"', "日本 🍵", "x" * 500, "<script>"]
    list_products(home, dict.fromkeys(odd, "Cup"), price=[0.0, 1e9, None, 0.01])
    lines = [(product, 80_995, 0.0) for product in odd]
    archive(home, [event("purchase", customer_id="c'1", items=lines) for _ in range(3)])
    assert train(home, SETTINGS, NOW).published
    assert set(answer(home, placement="cart", cart=(odd[0],))) == set(odd[1:])


def test_views_alone_can_be_learned_from(home: Home) -> None:
    """Visits to five kinds of product; one of them is looked at more and more."""
    rng = np.random.default_rng(2)
    list_products(home, {f"p-{number}": f"Product {number}" for number in range(30)})
    views = []
    for visit in range(200):
        days_ago = rng.uniform(0, 40)
        kind = 0 if days_ago < 5 else int(rng.integers(5))
        for step in range(4):
            at = NOW - timedelta(days=days_ago, minutes=-step)
            ids = {"session_id": f"s-{visit}", "anonymous_id": f"a-{visit}"}
            views.append(event("view", at=at, product_id=f"p-{kind * 6 + rng.integers(6)}", **ids))
    archive(home, views)
    result = train(home, SETTINGS, NOW)
    assert (result.published, result.orders) == (True, 0)
    others = {f"p-{number}" for number in range(6, 12)}
    assert set(answer(home, 3, placement="product_similar", product_id="p-7")) < others
    assert set(answer(home, 3, placement="home", shopper=ShopperState(viewed=("p-7", "p-8")))) < others
    assert set(answer(home, 3, placement="trending")) < {f"p-{number}" for number in range(6)}
    bundle = current(home)
    viewed = Counter(each.product_id for each in views)
    first = [bundle.tables.products.name(item) for item in bundle.tables.popular.items[:3]]
    assert min(viewed[product] for product in first) > 30
    assert bundle.tables.trending.counts.max() == 0  # of orders there are none
