"""A home's own history as a data set: what lies before the cut, and what is asked about."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cases import shopper_of
from histories import archive, list_products, order
from typer.testing import CliRunner

from features.events.vocabulary import Event
from features.home import Home
from training.cli.evaluate import evaluate
from training.errors import BadDataset
from training.evaluate.datasets.own_shop import read_shop

from factories import NOW, event

MEASURED = {"recall@10", "ndcg@10_full", "ndcg@10_cut", "phr@10", "recall@10_repeat", "repeats@10"}


def look(product: str, days_ago: float, session: str, type: str = "view") -> Event:
    return event(
        type, at=NOW - timedelta(days=days_ago), product_id=product, session_id=session, anonymous_id=session
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Orders of ann and bob long before the cut; ann's two orders after it, and newcomer cid's."""
    shop = Home(tmp_path)
    archive(
        shop,
        [
            order("tea", "mug", customer="ann", days_ago=200),
            *(order("tea", "pot", customer="bob", days_ago=100 + week) for week in range(0, 105, 7)),
            order("tea", "tin", customer="ann", days_ago=20),
            order("mug", "postage", customer="ann", days_ago=5),
            order("pot", "tin", "cup", customer="ann", days_ago=2),
            order("tea", "mug", customer="cid", days_ago=1),
        ],
    )
    list_products(shop, dict.fromkeys(["tea", "mug", "pot", "tin", "cup"], "Title"))
    return shop


def test_the_first_later_day_of_earlier_customers_is_asked_about(home: Home) -> None:
    exam = read_shop(home).next_baskets()
    (case,) = exam.cases
    assert (case.request.placement, case.request.customer_id) == ("next_order", "ann")
    assert {exam.history.product_ids[item] for item in case.truth} == {"tea", "tin"}
    assert len(exam.history.purchases) == 2 + 2 * 15
    assert exam.history.until < case.request.now < (NOW - timedelta(days=20)).timestamp()


def test_what_was_ordered_since_the_cut_is_live_when_a_later_cart_is_asked_about(home: Home) -> None:
    exam = read_shop(home).carts(1)
    assert [case.request.customer_id for case in exam.cases] == ["ann"] * 3
    last = shopper_of(exam.cases[-1])
    assert [len(bought.product_ids) for bought in last.purchases] == [2, 2]
    manifest = exam.bundle().manifest
    assert last.purchased_since(manifest.data_until_ms) == last.purchases


def test_looks_of_later_visits_are_asked_about_and_a_cart_is_no_second_look(tmp_path: Path) -> None:
    shop = Home(tmp_path)
    early = [look(product, 100 - at, "s1") for at, product in enumerate(["tea", "mug"])]
    late = [look("tea", 1.0, "s2"), look("tea", 0.9, "s2", "add_to_cart"), look("pot", 0.8, "s2")]
    archive(shop, [*early, *late])
    exam = read_shop(shop).visits()
    (case,) = exam.cases
    assert shopper_of(case).viewed == ("tea",)
    assert exam.history.product_ids[case.truth[0]] == "pot"
    assert len(exam.history.visits) == 2


@pytest.mark.parametrize("task", ["next-basket", "cart", "session"])
def test_a_home_without_a_history_says_how_to_get_one(tmp_path: Path, task: str) -> None:
    result = CliRunner().invoke(evaluate, [task, "--home", str(tmp_path)])
    assert result.exit_code == 1
    assert "perennial import orders" in " ".join(result.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_a_history_too_short_to_ask_about_is_named(tmp_path: Path) -> None:
    shop = Home(tmp_path)
    archive(shop, [order("tea", customer="ann", days_ago=3)])
    for exam in (read_shop(shop).next_baskets, lambda: read_shop(shop).carts(1)):
        with pytest.raises(BadDataset, match="too short"):
            exam()
    with pytest.raises(BadDataset, match="no visit"):
        read_shop(shop).visits()


def test_the_command_measures_a_home_like_a_data_set(home: Home) -> None:
    result = CliRunner().invoke(evaluate, ["next-basket", "--home", str(home.root), "--json"])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert (found["task"], found["dataset"], found["cases"]) == ("next-basket", home.root.name, 1)
    assert set(found["metrics"]) >= {
        "perennial",
        "popularity",
        "personal frequency",
        "als",
        "ease",
        "tifu-knn",
    }
    assert set(found["metrics"]["perennial"]) > MEASURED


@pytest.mark.parametrize("words", [[], ["data", "--home", "home"]])
def test_a_data_set_or_a_home_and_not_both(words: list[str]) -> None:
    result = CliRunner().invoke(evaluate, ["cart", *words])
    assert result.exit_code == 2
    assert "DATASET or --home" in " ".join(result.stderr.replace("│", " ").split())
