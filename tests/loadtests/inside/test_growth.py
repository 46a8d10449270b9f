from pathlib import Path

import numpy as np
import pytest

from features.catalogue.products import load_products
from features.history.events_parquet import scan
from features.home import Home
from loadtests.inside.growth import Growth, write_shop
from training.data.history import load_history

SMALL = Growth(products=400, customers=300, orders=3_000, views=2_000)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("growth"))
    write_shop(home, SMALL)
    return home


def test_the_shop_has_the_size_asked_for(home: Home) -> None:
    history = load_history(home, load_products(home))
    assert len(np.unique(history.purchases.order)) == 3_000
    assert len(history.product_ids) == 400
    assert len(history.purchases) == pytest.approx(9_000, rel=0.1)
    assert len(history.visits) == pytest.approx(2_000, rel=0.1)


def test_sales_have_a_long_tail_and_customers_buy_again(home: Home) -> None:
    lines = load_history(home, load_products(home)).purchases
    sold = np.sort(np.bincount(lines.item, minlength=400))[::-1]
    assert sold[:40].sum() > 0.3 * sold.sum()
    assert sold[-200:].sum() > 0.05 * sold.sum()
    pairs = lines.customer.astype(np.int64) * 400 + lines.item
    assert 1 - len(np.unique(pairs)) / len(pairs) > 0.2


def test_products_are_bought_with_their_partners(home: Home) -> None:
    history, partner = load_history(home, load_products(home)), SMALL.partner
    number = np.array([int(product_id[2:]) for product_id in history.product_ids])
    lines = history.purchases
    bought = set(zip(lines.order.tolist(), number[lines.item].tolist(), strict=True))
    assert np.mean([(order, int(partner[product])) in bought for order, product in bought]) > 0.1
    assert partner[partner].tolist() == list(range(400))


def test_the_same_numbers_give_the_same_history(home: Home, tmp_path: Path) -> None:
    again = Home(tmp_path)
    write_shop(again, SMALL)
    first, second = (scan(one).sort("event_id", "line").collect() for one in (home, again))
    assert first.equals(second)
    assert load_products(home).equals(load_products(again))
