from datetime import UTC, datetime

import numpy as np
import pytest

from training.demo.offers.customers import ARMS
from training.demo.offers.simulation import DemoShop, run
from training.demo.shop import write_demo_shop
from training.evaluate.tasks.offers import best_by_features, values_of

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> DemoShop:
    folder = tmp_path_factory.mktemp("demo")
    write_demo_shop(folder, now=NOW, customers=500, products=150)
    return DemoShop(folder)


def test_the_shop_is_read_back(shop: DemoShop) -> None:
    assert shop.now == NOW
    assert (shop.orders["day"] < 0).all()
    assert 0.3 < shop.response.margin_share < 0.7
    assert np.isfinite(shop.log.features).all()
    shares = np.bincount(shop.log.arm + 1, minlength=4) / len(shop.log.arm)
    assert shares == pytest.approx([0.4, 0.2, 0.2, 0.2], abs=0.05)


def test_draws_earn_on_average_what_is_expected(shop: DemoShop) -> None:
    rng, n = np.random.default_rng(0), len(shop.truth.customer_ids)
    who = np.tile(np.arange(n), 1_500)
    without = shop.response.draw(who, np.full(len(who), -1), 0.0, rng).margin.mean()
    for arm in range(len(ARMS)):
        margin = shop.response.draw(who, np.full(len(who), arm), 0.0, rng).margin
        error = margin.std() / np.sqrt(len(who) / 2)
        assert margin.mean() - without == pytest.approx(
            shop.response.incremental(0.0)[:, arm].mean(), abs=4 * error
        )


def test_campaigns_run_through_the_serving_decision_and_teach_it(shop: DemoShop) -> None:
    one, same = (run(shop, 700, warm=True, seed=5) for _ in range(2))
    assert len(one.picked) == 700
    assert one.picked.tolist() == same.picked.tolist()
    assert set(one.model.arms) == set(ARMS)
    assert one.day == 28.0
    earned = values_of(shop, one, "perennial", baselines=True)
    assert earned["none"].tolist() == [0.0, 0.0, 0.0]
    assert earned["random"][1] < earned["best by sight"][1] <= 1.0 == earned["all-knowing"][1]
    assert earned["perennial"][2] > earned["random"][2]


def test_the_best_by_features_sees_features_alone() -> None:
    features = np.random.default_rng(1).normal(size=(2_000, 1))
    visible = np.hstack([features, np.zeros((2_000, 1))])
    assert best_by_features(visible, features).tolist() == (features[:, 0] <= 0).astype(int).tolist()
    hidden = np.random.default_rng(2).normal(0.5, 1, size=(2_000, 1))
    assert (best_by_features(np.hstack([hidden, np.zeros((2_000, 1))]), features) == 0).mean() > 0.9
