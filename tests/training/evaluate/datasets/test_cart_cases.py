from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from cases import shopper_of

from training.errors import BadDataset
from training.evaluate.baselines.interactions import visit_numbers
from training.evaluate.datasets.cart_cases import read_carts
from training.evaluate.tasks.cart import evaluate_cart

START = datetime(2026, 1, 1, tzinfo=UTC)


def events(*orders: tuple[str | None, int, str]) -> pl.DataFrame:
    """customer, day and products (a letter each); one order a row."""
    rows = [
        (customer, "purchase", f"o{number}", product, START + timedelta(days=day))
        for number, (customer, day, products) in enumerate(orders)
        for product in products
    ]
    return pl.DataFrame(rows, ["customer_id", "event", "order_id", "product_id", "timestamp"], orient="row")


def test_orders_of_the_last_weeks_are_asked_about_and_earlier_ones_learned_from(tmp_path: Path) -> None:
    table = events(
        ("ann", 0, "ab"), ("ann", 90, "cd"), ("ann", 95, "ef"), ("bob", 95, "ab"), (None, 100, "ab")
    )
    table.write_parquet(tmp_path / "events.parquet")
    carts = read_carts(tmp_path)
    history = carts.history()
    assert (history.n_orders, history.customer_ids) == (1, ["ann"])
    first, second = carts.cases(history, 1)  # of bob and the guest nothing was known
    assert {*first.request.cart, history.product_ids[first.truth[0]]} == {"c", "d"}
    assert shopper_of(first).purchases == ()
    assert [sorted(order.product_ids) for order in shopper_of(second).purchases] == [["c", "d"]]


def test_numbered_baskets_say_themselves_which_are_late(tmp_path: Path) -> None:
    rows = [("u", 1, 10, False), ("u", 1, 11, False), ("u", 2, 10, True), ("u", 2, 12, True)]
    columns = ["user_id", "basket_idx", "item_id", "is_target"]
    pl.DataFrame(rows, columns, orient="row").write_parquet(tmp_path / "baskets.parquet")
    carts = read_carts(tmp_path)
    history = carts.history()
    assert history.n_orders == 1
    assert len(list(carts.cases(history, 3))) == 3


def test_other_files_are_refused_with_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="basket_idx"):
        read_carts(tmp_path)


def test_planted_pairs_are_found_ahead_of_popularity(tmp_path: Path) -> None:
    pairs = [f"{chr(97 + 2 * n)}{chr(98 + 2 * n)}" for n in range(12)]
    orders = [(f"c{n}", day, pairs[(n + day) % 12]) for n in range(24) for day in (0, 5, 40, 99)]
    events(*orders).write_parquet(tmp_path / "events.parquet")
    found = evaluate_cart(tmp_path).metrics
    assert found["perennial"]["hr@10"]["value"] == 1.0
    assert found["perennial"]["ndcg@10_full"]["value"] > 0.9 > found["popularity"]["ndcg@10_full"]["value"]


def test_interactions_ask_for_the_held_out_purchase(tmp_path: Path) -> None:
    def row(user: int, item: int, event: str, hour: int | None) -> tuple[object, ...]:
        at = None if hour is None else START + timedelta(hours=hour)
        return user, item, event, "test" if hour is None else "train", at

    rows = []
    for user in range(20):
        rows += [row(user, 1, "view", user), row(user, 2, "view", user), row(user, 3, "purchase", user)]
    rows += [row(20, 1, "view", 30), row(20, 2, "purchase", None)]
    columns = ["user", "item", "event", "split", "timestamp"]
    pl.DataFrame(rows, columns, orient="row").write_parquet(tmp_path / "interactions.parquet")
    evaluation = evaluate_cart(tmp_path)
    assert evaluation.cases == 1
    assert evaluation.metrics["perennial"]["hr@10"]["value"] == 1.0
    assert evaluation.metrics["latest cart, view"]["hr@10"]["value"] == 0.0


def test_half_an_hour_without_an_event_ends_a_visit() -> None:
    table = pl.DataFrame({"customer_id": ["a", "a", "a", "b"], "at": [0, 1_800, 3_601, 3_602]})
    assert visit_numbers(table).to_list() == [0, 0, 1, 2]
