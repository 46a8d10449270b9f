"""Every placement by its purpose. Covers training/evaluate/datasets/placement_cases.py, any_shop.py and
training/evaluate/baselines/placements.py, too."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from histories import archive, list_products, order
from typer.testing import CliRunner

from features.events.vocabulary import Event
from features.home import Home
from recommender.context.request import PLACEMENTS
from training.cli.evaluate import evaluate
from training.evaluate.datasets.any_shop import read_any_shop
from training.evaluate.datasets.parquet import dataset_name
from training.evaluate.tasks.placements import PlacementEvaluation, PlacementRow, evaluate_placements

from factories import NOW, event

KINDS = {"tea": "tea", "cup": "dishes", "pot": "dishes", "bun": "food", "jam": "food", "wax": "light"}


def orders(customers: int, weeks: int) -> list[Event]:
    """Everybody orders every week: two of six products, one after another, later ones new to them."""
    names = list(KINDS)
    return [
        order(
            names[(who + week // 4) % 6],
            names[(who + week // 4 + 1) % 6],
            customer=f"c{who:02}",
            days_ago=7 * (weeks - week) - who / customers,
            order_id=f"o-{who}-{week}",
        )
        for week in range(weeks)
        for who in range(customers)
    ]


def views(visits: int) -> list[Event]:
    """Visits of three products in their order, some a day."""
    return [
        event(
            "view",
            at=NOW - timedelta(days=60 * (1 - visit / visits)) + timedelta(seconds=30 * step),
            product_id=list(KINDS)[(visit + step) % 6],
            session_id=f"s{visit}",
            anonymous_id=f"s{visit}",
        )
        for visit in range(visits)
        for step in range(3)
    ]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> PlacementEvaluation:
    home = Home(tmp_path_factory.mktemp("placements") / "corner-shop")
    archive(home, [*orders(12, 16), *views(60)])
    list_products(home, {name: name.title() for name in KINDS}, category=list(KINDS.values()))
    return evaluate_placements(home)


def rows_of(found: PlacementEvaluation, placement: str) -> Sequence[PlacementRow]:
    return [row for row in found.rows if row.placement == placement]


def test_every_placement_is_asked_about_in_its_own_words(found: PlacementEvaluation) -> None:
    assert found.dataset == "corner-shop"
    asked = [row.placement for row in found.rows]
    assert set(asked) >= set(PLACEMENTS) - {"new", "upgrade"}  # nothing is new, and no price is known to rise
    assert asked == sorted(asked, key=PLACEMENTS.index)
    judged = {row.judged for row in rows_of(found, "home")}
    assert judged == {
        "new products of the next order",
        "repeats of the next order",
        "the next view of a visit",
    }


def test_differences_are_to_the_best_simple_method(found: PlacementEvaluation) -> None:
    for row in found.rows:
        assert row.best in row.simple
        assert row.simple[row.best] == max(row.simple.values())
        gain = row.perennial["value"] - row.simple[row.best]
        assert row.difference["value"] == pytest.approx(gain, abs=1e-9)
        assert row.difference["low"] <= row.difference["value"] <= row.difference["high"]
        assert row.perennial["low"] <= row.perennial["value"] <= row.perennial["high"]


def test_shares_are_shares(found: PlacementEvaluation) -> None:
    for row in found.rows:
        assert 0 <= row.coverage <= 1
        assert 0 <= row.answered <= 1
    assert found.overlap.keys() == {"buy_again", "email", "post_purchase"}
    assert all(0 <= share <= 1 for share in found.overlap.values())


def test_similar_products_are_of_one_kind(found: PlacementEvaluation) -> None:
    (row,) = [row for row in rows_of(found, "product_similar") if row.measure == "precision@10"]
    assert row.cases == 4  # of the two kinds with two products
    assert row.perennial["value"] >= 0.2  # one of five; others may fill up


def test_a_shop_of_guests_alone_is_evaluated(tmp_path: Path) -> None:
    home = Home(tmp_path)
    names = list(KINDS)
    archive(
        home,
        [
            order(names[n % 6], names[(n + 1) % 6], days_ago=200 - n / 2, order_id=f"o-{n}")
            for n in range(400)
        ],
    )
    found = evaluate_placements(home, baselines=False)
    asked = {row.placement for row in found.rows}
    assert asked >= {"cart", "product_complements", "trending"}
    assert asked.isdisjoint({"home", "buy_again", "post_purchase"})
    assert found.overlap == {}
    assert all(row.best == "" for row in found.rows)


def test_the_command_prints_and_saves_one_object(tmp_path: Path) -> None:
    rows = [
        (f"u{user}", basket, (user + basket) % 5 + step, basket == 5)
        for user in range(30)
        for basket in range(6)
        for step in range(2)
    ]
    folder = tmp_path / "grocer"
    folder.mkdir()
    schema = ["user_id", "basket_idx", "item_id", "is_target"]
    pl.DataFrame(rows, schema=schema, orient="row").write_parquet(folder / "baskets.parquet")
    saved = tmp_path / "placements.json"
    result = CliRunner().invoke(
        evaluate, ["placements", str(folder / "baskets.parquet"), "--json", "--save", str(saved)]
    )
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert printed == json.loads(saved.read_text())
    assert (printed["task"], printed["dataset"]) == ("placements", "grocer")
    (cart,) = [row for row in printed["rows"] if row["placement"] == "cart"]
    assert cart["cases"] == 30


def test_purchases_with_times_are_cut_in_time(tmp_path: Path) -> None:
    times = [NOW - timedelta(days=day) for day in range(100)]
    table = pl.DataFrame(
        {
            "customer_id": ["a", "b"] * 50,
            "event": "purchase",
            "order_id": [f"o{n}" for n in range(100)],
            "product_id": ["x", "y"] * 50,
            "timestamp": times,
        }
    )
    table.write_parquet(tmp_path / "events.parquet")
    shop, cut = read_any_shop(tmp_path)
    assert shop.name == tmp_path.name == dataset_name(tmp_path / "events.parquet")
    assert len(shop.history.purchases) == 100
    late = int((shop.history.purchases.timestamp >= cut).sum())
    assert 15 <= late <= 33
    assert np.ptp(shop.history.purchases.timestamp) == 99 * 86_400
