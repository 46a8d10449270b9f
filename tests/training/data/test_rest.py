"""How long products rest, by hand."""

from pathlib import Path

import numpy as np
import pytest
from histories import history_of, order

from features.home import Home
from training.data.history import History
from training.data.rest import bought_again, rest_days, rest_table


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Milk every other day and coffee every 25 days by 40 customers; each buys one kettle."""
    home = Home(tmp_path_factory.mktemp("rest"))
    days = {"milk": range(0, 100, 2), "coffee": range(0, 100, 25), "kettle": [99]}
    return history_of(
        home,
        *(
            order(product, customer=f"c{number}", days_ago=ago)
            for number in range(40)
            for product, agos in days.items()
            for ago in agos
        ),
    )


@pytest.fixture(scope="module")
def kinds(history: History) -> np.typing.NDArray[np.int32]:
    """Each a category of its own."""
    return np.arange(len(history.product_ids), dtype=np.int32)


def rests(history: History, table: np.typing.NDArray[np.int32]) -> dict[str, int]:
    return dict(zip(history.product_ids, table.tolist(), strict=True))


def test_a_product_rests_until_a_share_of_its_buyers_bought_it_again(
    history: History, kinds: np.typing.NDArray[np.int32]
) -> None:
    found = rests(history, rest_table(history, kinds, 0.3, 14))
    assert found == {"milk": 1, "coffee": 21, "kettle": 90}


def test_with_a_share_of_nothing_nothing_rests(history: History, kinds: np.typing.NDArray[np.int32]) -> None:
    assert set(rests(history, rest_table(history, kinds, 0.0, 14)).values()) == {0}


def test_without_a_share_everything_rests_alike(history: History, kinds: np.typing.NDArray[np.int32]) -> None:
    assert set(rests(history, rest_table(history, kinds, None, 14)).values()) == {14}


def test_a_product_without_orders_rests_as_its_category(history: History) -> None:
    """Of one kind with coffee, by few purchases of its own: none."""
    sold = len(history.product_ids)
    wider = History(
        [*history.product_ids, "beans"], history.customer_ids, history.n_orders, 0, history.log, 0
    )
    shares = bought_again(wider, np.array([*range(sold), history.product_ids.index("coffee")], np.int32))
    found = rests(wider, rest_days(shares, 0.3, 14))
    assert found["beans"] == found["coffee"]


def test_a_history_of_one_day_says_nothing(tmp_path: Path) -> None:
    day = history_of(Home(tmp_path), order("milk", customer="ann"), order("tea", customer="ann"))
    assert bought_again(day, np.zeros(2, np.int32)).shape == (0, 2)
    assert rest_table(day, np.zeros(2, np.int32), 0.02, 14).tolist() == [14, 14]
