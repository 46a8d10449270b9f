from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from histories import history_of, list_products, old_clocks, order

from features.catalogue.products import add_aliases
from features.home import Home
from training.customers.rfm import order_days
from training.data.history import History

from factories import NOW, event


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def bought(history: History) -> list[tuple[str | None, str, float]]:
    """(customer, product, quantity) of each line."""
    lines = history.purchases
    return [
        (
            history.customer_ids[customer] if customer >= 0 else None,
            history.product_ids[item],
            float(quantity),
        )
        for customer, item, quantity in zip(lines.customer, lines.item, lines.quantity, strict=True)
    ]


def test_a_refund_takes_its_pieces_off_and_a_cancellation_the_whole_order(home: Home) -> None:
    history = history_of(
        home,
        event("purchase", order_id="o-1", customer_id="c", items=[("a", 3, 2.0), ("b", 1, 5.0)]),
        event("refund", order_id="o-1", items=[("a", 2)]),
        event("refund", order_id="o-1", items=[("b", 1)], event_id="second"),
        order("a", "b", customer="d", order_id="o-2"),
        event("cancel", order_id="o-2"),
    )
    assert bought(history) == [("c", "a", 1.0)]


@pytest.mark.parametrize(
    ("sums", "left"), [([5.0], 27 / 32), ([5.0, 5.0], 22 / 32), ([20.0, 12.0], None), ([99.0], None)]
)
def test_sums_given_back_are_off_the_price_and_all_of_them_off_the_order(
    home: Home, sums: list[float], left: float | None
) -> None:
    items = [("a", 3, 10.0), ("b", 1, 10.0)]
    lines = [dict(zip(("product_id", "quantity", "unit_price"), item, strict=True)) for item in items]
    history = history_of(
        home,
        event("purchase", customer_id="c", order={"order_id": "o-1", "items": lines, "discount": 8.0}),
        *(event("refund", order_id="o-1", unit_price=each) for each in sums),
    )
    assert bought(history) == ([] if left is None else [("c", "a", 3.0), ("c", "b", 1.0)])
    if left is not None:
        assert history.purchases.unit_price.tolist() == pytest.approx([10 * left] * 2)
        assert order_days(history).revenue.tolist() == pytest.approx([32 * left])


def test_a_line_without_a_price_bears_its_part_of_a_sum(home: Home) -> None:
    history = history_of(
        home,
        event("purchase", order_id="o-1", customer_id="c", items=[("a", 1), ("b", 1, 10.0)]),
        event("purchase", order_id="o-2", customer_id="d", items=[("a", 1, 30.0)]),
        event("refund", order_id="o-1", unit_price=20.0),
    )
    assert sorted(history.purchases.unit_price.tolist()) == [5.0, 15.0, 30.0]


def test_before_a_time_its_later_refunds_and_sign_ins_are_not_known(home: Home) -> None:
    history = history_of(
        home,
        order("a", order_id="o-1", days_ago=9, anonymous_id="browser"),
        event("refund", order_id="o-1", at=NOW - timedelta(days=2), items=[("a", 1)]),
        event("identify", at=NOW - timedelta(days=3), customer_id="c", anonymous_id="browser"),
    )
    assert bought(history) == []
    assert bought(history.before((NOW - timedelta(days=2.5)).timestamp())) == [("c", "a", 1.0)]
    assert bought(history.before((NOW - timedelta(days=5)).timestamp())) == [(None, "a", 1.0)]


def test_each_guest_order_is_a_buyer_of_its_own(home: Home) -> None:
    lines = history_of(
        home, order("a"), order("a"), order("a", customer="c"), order("b", customer="c")
    ).purchases
    assert len(set(lines.buyer.tolist())) == 3


def test_postage_is_no_product_and_an_order_of_it_alone_is_none(home: Home) -> None:
    list_products(home, {"POST": "Postage", "a": "Cup"}, is_product=[False, True])
    history = history_of(
        home,
        order("a", "POST", customer="c", order_id="o-1"),
        order("POST", order_id="o-2"),
        event("refund", order_id="o-1", items=[("POST", 1)]),
    )
    assert history.product_ids == ["a"]
    assert bought(history) == [("c", "a", 1.0)]


def test_lines_of_one_product_in_one_order_are_one_line_at_the_mean_price(home: Home) -> None:
    history = history_of(home, event("purchase", items=[("a", 1, 4.0), ("a", 3, 2.0)]))
    assert history.purchases.quantity.tolist() == [4.0]
    assert history.purchases.unit_price.tolist() == [2.5]


def test_without_a_session_id_a_browser_has_one_session_a_day(home: Home) -> None:
    visits = history_of(
        home,
        event("view", product_id="a", anonymous_id="x"),
        event("view", product_id="b", anonymous_id="x"),
        event("view", product_id="b", anonymous_id="x", at=NOW - timedelta(days=1)),
        event("add_to_cart", product_id="a", session_id="s"),
        event("view", product_id="a"),
    ).visits
    assert len(visits) == 4
    assert len(set(visits.session.tolist())) == 3
    assert int(visits.carted.sum()) == 1


def test_products_that_only_the_catalogue_knows_have_rows_too(home: Home) -> None:
    list_products(home, {"new": "Teapot"})
    assert history_of(home, order("old")).product_ids == ["new", "old"]


def test_some_people_are_drawn_with_all_that_they_did(home: Home) -> None:
    events = [order("a", "b", customer=f"c{n % 40}", days_ago=n, order_id=f"o-{n}") for n in range(400)]
    events += [
        event("view", product_id="a", anonymous_id=f"b{n % 40}", session_id=f"s-{n}") for n in range(80)
    ]
    history = history_of(home, *events, event("cancel", order_id="o-0"))
    some = history.sample_customers(400, seed=7)
    theirs = {name for name, _, _ in bought(some)}
    assert 0 < len(theirs) < 40
    assert bought(some) == [line for line in bought(history) if line[0] in theirs]
    assert 0 < len(some.visits) < 80
    assert some.product_ids is history.product_ids


def test_a_small_history_is_taken_whole(home: Home) -> None:
    history = history_of(home, order("a", customer="c"))
    assert history.sample_customers(1, seed=7) is history


def test_what_a_browser_did_is_drawn_with_the_customer_it_turned_out_to_be(home: Home) -> None:
    events = [order("a", customer=f"c{n}", order_id=f"o-{n}") for n in range(60)]
    events += [event("view", product_id="a", anonymous_id=f"b{n}", session_id=f"s-{n}") for n in range(60)]
    signed_in = [event("identify", customer_id=f"c{n}", anonymous_id=f"b{n}") for n in range(60)]
    some = history_of(home, *events, *signed_in).sample_customers(90, seed=7)
    assert 0 < len(some.visits) < 60
    assert set(some.visits.customer.tolist()) == set(some.purchases.customer.tolist())


def test_active_are_those_who_bought_or_looked_at_something_since(home: Home) -> None:
    history = history_of(
        home,
        order("a", customer="early", days_ago=9),
        order("a", customer="buyer", days_ago=1),
        order("a", customer="reader", days_ago=9),
        event("view", product_id="a", customer_id="reader", session_id="s"),
        order("a", days_ago=1),
    )
    since = (NOW - timedelta(days=5)).timestamp()
    assert [history.customer_ids[row] for row in history.active_since(since)] == ["buyer", "reader"]
    assert history.active_since(since + 10 * 86_400).tolist() == []


def test_rows_of_impossible_times_are_left_out_and_said(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    history = history_of(home, order("a", customer="c"), *old_clocks())
    assert bought(history) == [("c", "a", 1.0)]
    assert history.until == int(NOW.timestamp())
    assert "Left out 4 rows of the history" in caplog.text


def test_every_name_of_a_product_is_its_id(tmp_path: Path) -> None:
    home = Home(tmp_path)
    list_products(home, {"TEA033": "Tea", "mug": "Mug"})
    add_aliases(home, pl.DataFrame({"alias": ["44012"], "product_id": ["mug"]}))
    history = history_of(home, order("tea033", "mug"), order("44012", " TEA033"), order("strange"))
    assert history.product_ids == ["TEA033", "mug", "strange"]
    assert np.bincount(history.purchases.item).tolist() == [2, 2, 1]
