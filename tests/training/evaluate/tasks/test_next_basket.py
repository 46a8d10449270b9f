"""The next-basket evaluation on shops small enough to know what must come out."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from training.errors import BadDataset
from training.evaluate.datasets.baskets import read_baskets
from training.evaluate.tasks.next_basket import evaluate_next_basket
from training.models.next_basket import fit_next_basket
from training.settings import TrainingSettings


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 customers of six baskets; each has a staple that stands in every one, and a product by chance."""
    rng = np.random.default_rng(5)
    rows = [
        (f"u-{user}", number, item, number == 5)
        for user in range(150)
        for number in range(6)
        for item in {int(user % 30), int(rng.integers(30, 60))}
    ]
    folder = tmp_path_factory.mktemp("shop")
    table = pl.DataFrame(rows, ["user_id", "basket_idx", "item_id", "is_target"], orient="row")
    table.write_parquet(folder / "baskets.parquet")
    return folder


def test_the_same_history_gives_the_same_model(dataset: Path) -> None:
    history = read_baskets(dataset, seeds=1).history()
    category = np.full(len(history.product_ids), -1, np.int32)
    one, other = (fit_next_basket(history, category, TrainingSettings()) for _ in range(2))
    assert one.blend.tolist() == other.blend.tolist()
    assert one.peers.weights.tolist() == other.peers.weights.tolist()
    assert one.trees.leaves.tolist() == other.trees.leaves.tolist()


def test_of_whom_nobody_asks_no_peers_are_found(dataset: Path) -> None:
    history = read_baskets(dataset, seeds=1).history()
    category = np.full(len(history.product_ids), -1, np.int32)
    everybody = fit_next_basket(history, category, TrainingSettings()).peers
    some = fit_next_basket(history, category, TrainingSettings(), customers=np.array([3, 90])).peers
    assert [some.of(customer).weights.tolist() for customer in (3, 90)] == [
        everybody.of(customer).weights.tolist() for customer in (3, 90)
    ]
    assert len(some.items) == len(some.of(3).items) + len(some.of(90).items) < len(everybody.items)


def test_a_target_is_never_part_of_the_history(dataset: Path) -> None:
    baskets = read_baskets(dataset, seeds=2)
    assert [len(keyset) for keyset in baskets.keysets] == [30, 30]
    assert baskets.keysets[0] != baskets.keysets[1]
    asked = baskets.lines.filter("is_target")["day"].unique().to_list()
    assert asked == [20_000]
    assert int(baskets.history().purchases.day.max()) < 20_000


def test_keysets_say_who_is_asked_about(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "baskets.parquet").write_bytes((dataset / "baskets.parquet").read_bytes())
    users = pl.DataFrame({"user_id": ["u-1", "u-2", "u-3"], "split": ["test", "val", "train"]})
    users.write_parquet(tmp_path / "keyset_0.parquet")
    assert read_baskets(tmp_path, seeds=5).keysets == [["u-1"]]


def test_staples_come_first_and_beat_popularity(dataset: Path) -> None:
    found = evaluate_next_basket(dataset, seeds=1, baselines=True)
    assert found.cases == 30
    staples = found.metrics["perennial"]["recall@10_repeat"]["value"]
    assert staples > 0.9
    ours, best_sellers = (
        found.metrics[name]["ndcg@10_full"]["value"] for name in ("perennial", "popularity")
    )
    assert ours > 2 * best_sellers


def test_days_of_events_are_baskets_and_fees_are_no_products(tmp_path: Path) -> None:
    days = [1, 1, 5, 9, 13]
    bought = {
        "customer_id": ["ann"] * 5,
        "event": ["purchase"] * 5,
        "product_id": ["tea", "POST", "tea", "mug", "tea"],
        "order_id": ["1", "1", "2", "3", "4"],
        "timestamp": [datetime(2026, 11, day, 9, tzinfo=UTC) for day in days],
    }
    pl.DataFrame(bought).write_parquet(tmp_path / "events.parquet")
    baskets = read_baskets(tmp_path / "events.parquet", seeds=1)
    last_day = date(2026, 11, 13).toordinal() - date(1970, 1, 1).toordinal()
    assert baskets.targets().rows() == [("ann", last_day, ["tea"])]
    assert baskets.history().product_ids == ["mug", "tea"]


def test_a_data_set_of_another_kind_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "baskets.parquet")
    with pytest.raises(BadDataset, match="holds neither"):
        read_baskets(tmp_path, seeds=1)
