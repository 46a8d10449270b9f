import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features.home import Home
from training.errors import BadDataset
from training.evaluate.tasks.demo import evaluate_demo, oracle, planted_complements, planted_refills

from bundles import item, small_bundle, write_small

LAST_ORDER = datetime(2026, 11, 22, tzinfo=UTC)  # of the small bundle


def planted(*products: str) -> dict[str, list[dict[str, str]]]:
    return {"complements": [{"product_id": product} for product in products]}


def habit(product: str, due_in: float, every: float = 20.0) -> dict[str, object]:
    due = (LAST_ORDER + timedelta(days=due_in)).isoformat()
    return {"product_id": product, "quantity": 1, "every_days": every, "due": due}


def write_customers(
    folder: Path, *rows: tuple[str, float | None, list[str], list[dict[str, object]]]
) -> Path:
    """customer, days until the next order, what it refills, and all habits."""
    lines = ["customer_id,next_order_at,next_refills,refills"]
    for customer, days, refilled, habits in rows:
        at = "" if days is None else (LAST_ORDER + timedelta(days=days)).isoformat()
        cells = [json.dumps(cell).replace('"', '""') for cell in (refilled, habits)]
        lines.append(f'{customer},{at},"{cells[0]}","{cells[1]}"')
    (folder / "truth_customers.csv").write_text("\n".join(lines) + "\n")
    return folder / "truth_customers.csv"


def test_only_what_may_be_shown_is_asked_for() -> None:
    (case,) = planted_complements({"kettle": planted("tea", "postage"), "mug": planted()}, small_bundle())
    assert case.request.product_id == "kettle"
    assert case.truth.tolist() == [item("tea")]


def test_customers_who_refill_soon_are_asked_about(tmp_path: Path) -> None:
    truth = write_customers(
        tmp_path,
        ("ann", 5, ["tea", "postage"], [habit("tea", 4)]),
        ("bob", 40, ["tea"], [habit("tea", 40)]),
        ("cid", None, [], [habit("tea", 2)]),
        ("dan", 3, [], [habit("tea", 30)]),
    )
    (ann,) = planted_refills(truth, small_bundle())
    assert ann.refilled.tolist() == [item("tea")]
    assert ann.case("next_order").request.now == (LAST_ORDER + timedelta(days=5)).timestamp()


def test_the_oracle_names_what_is_due_and_the_most_overdue_first(tmp_path: Path) -> None:
    habits = [habit("tea", 7), habit("mug", 2), habit("tin", 10)]  # a fifth of 20 days: 4 days early
    truth = write_customers(tmp_path, ("ann", 5, ["tea", "mug"], habits))
    (ann,) = planted_refills(truth, small_bundle())
    assert oracle([ann])(ann.case("next_order"), 5).items.tolist() == [item("mug"), item("tea")]


def test_an_older_demo_shop_is_to_be_made_anew(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("customer_id,refills\nann,[]\n")
    with pytest.raises(BadDataset, match="anew"):
        list(planted_refills(tmp_path / "old.csv", small_bundle()))


def test_shares_of_what_was_planted_by_hand(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_small(home.models)
    (tmp_path / "demo").mkdir()
    truth = {"products": {"kettle": planted("tea"), "tea": planted("tin")}}
    (tmp_path / "demo" / "truth.json").write_text(json.dumps(truth))
    write_customers(tmp_path / "demo", ("ann", 5, ["tea"], [habit("tea", 4)]))
    evaluation = evaluate_demo(home)
    found = evaluation.metrics
    assert evaluation.cases == 3
    assert found["perennial"]["recall@5_complements"]["value"] == 1.0
    assert found["popularity"]["recall@5_complements"]["value"] == 0.5  # tin sells least
    assert found["oracle"]["recall@5_buy_again"]["value"] == 1.0
    assert found["perennial"]["of_oracle_recall@5_buy_again"]["value"] == 1.0


def test_a_home_without_a_demo_shop_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="perennial demo"):
        evaluate_demo(Home(tmp_path))
