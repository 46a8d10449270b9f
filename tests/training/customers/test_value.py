"""Customer value of shops of every size, and what a shop's past teaches."""

from collections.abc import Iterable
from functools import cache

import numpy as np
import polars as pl
import pytest

from features.time_units import DAY_S
from recommender.value.forecast import forecast
from recommender.value.order_models import NBD
from recommender.value.value_intervals import intervals
from training.customers.value import fit_customer_value
from training.data.history import History, history_of

FIRST, LAST = 19_000, 19_560


def shop(orders: Iterable[tuple[str, int, float]]) -> History:
    """(customer, day since FIRST, money) of each order."""
    rows = list(orders)
    table = pl.DataFrame(rows, schema=["customer_id", "day", "price"], orient="row")
    lines = table.with_row_index("order_id").select(
        "customer_id",
        pl.col("order_id").cast(pl.String),
        product_id=pl.lit("p"),
        timestamp=((FIRST + pl.col("day")) * DAY_S).cast(pl.Int64),
        unit_price=pl.col("price"),
    )
    return history_of(lines, pl.Series(["p"]))


def lively(n: int, seed: int = 0) -> Iterable[tuple[str, int, float]]:
    """Customers who come at their own rate, leave at some time, and pay their own price."""
    rng = np.random.default_rng(seed)
    for customer in range(n):
        day, rate, mean = rng.uniform(0, 500), rng.gamma(0.8, 0.03), rng.lognormal(3.5, 0.5)
        leaves = day + rng.exponential(250)
        while day < min(leaves, LAST - FIRST):
            yield f"c{customer:04}", int(day), float(mean * rng.gamma(4) / 4)
            day += rng.exponential(1 / rate) + 1


def test_forecasts_of_a_shop_come_true() -> None:
    everything = shop(lively(500))
    cut = FIRST + 400
    value = fit_customer_value(everything.before((cut + 1) * DAY_S), until_day=cut)
    rows = np.flatnonzero(value.order_days > 0)
    forecasts = forecast(value, value.customers(rows), cut, (90,))
    later = everything.purchases.where(
        (everything.purchases.day > cut) & (everything.purchases.day <= cut + 90)
    )
    orders = np.bincount(later.customer, minlength=len(value.order_days))[rows]
    assert forecasts.orders.sum() == pytest.approx(orders.sum(), rel=0.2)
    assert np.corrcoef(forecasts.orders[:, 0], orders)[0, 1] > 0.5


@pytest.mark.parametrize("n", [1, 2, 40])
def test_small_shops_have_finite_values_and_wide_intervals(n: int) -> None:
    value = fit_customer_value(shop(lively(n)))
    today = int(value.last_day.max())
    customers = value.customers()
    forecasts = forecast(value, customers, today)
    ends = intervals(value, customers, today, forecasts, np.random.default_rng(0))
    for part in (forecasts.orders, forecasts.revenue, ends.orders, ends.revenue):
        assert np.isfinite(part).all()
        assert (part >= 0).all()
    wide = forecasts.orders[:, 2] > 1
    assert (ends.orders[wide, 2, 1] >= 1.5 * forecasts.orders[wide, 2]).all()


def test_a_busy_season_is_not_taken_for_the_whole_year() -> None:
    """Two years of customers who stay, three times as lively in autumn, seen as autumn ends."""
    rng = np.random.default_rng(0)
    autumn = np.arange(1_095) % 365 >= 274
    chance, busy = np.where(autumn, 3.0, 1.0) / 100, 274 + 365
    orders: list[tuple[str, int, float]] = []
    for number in range(600):
        begin = int(rng.integers(0, busy))
        again = begin + 1 + np.flatnonzero(rng.random(1_094 - begin) < chance[begin + 1 :])
        orders += [(f"c{number:03}", day, 20.0) for day in [begin, *again.tolist()]]
    everything = shop(orders)
    cut = FIRST + 729
    value = fit_customer_value(everything.before((cut + 1) * DAY_S), until_day=cut)
    is_later = everything.purchases.day > cut
    assert forecast(value, value.customers(), cut).orders[:, 2].sum() == pytest.approx(
        is_later.sum(), rel=0.2
    )


def test_customers_of_one_order_each_are_drawn_to_the_shop() -> None:
    value = fit_customer_value(
        shop((f"c{number:03}", number % 200, 20.0 + number % 7) for number in range(150))
    )
    forecasts = forecast(value, value.customers(), int(value.last_day.max()))
    assert value.order_model.kind == NBD
    assert 0 < forecasts.orders[:, 2].max() < 1
    spend = forecasts.revenue[:, 0] / forecasts.orders[:, 0]
    assert spend.std() < 1


def test_a_shop_without_prices_has_orders_and_no_revenue() -> None:
    value = fit_customer_value(shop((customer, day, 0.0) for customer, day, _ in lively(100)))
    forecasts = forecast(value, value.customers(), LAST)
    assert (forecasts.orders > 0).all()
    assert np.isfinite(forecasts.revenue).all()
    assert forecasts.revenue.max() < 1e-6


def test_a_shop_without_customers() -> None:
    nobody = shop(lively(1)).before(0)
    value = fit_customer_value(nobody, until_day=LAST)
    first = value.customer(-1).ordered(LAST, 30.0)
    assert np.isfinite(forecast(value, first, LAST).orders).all()


def test_the_same_history_gives_the_same_value() -> None:
    first, second = (fit_customer_value(shop(lively(200))) for _ in range(2))
    assert all(
        np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True)
        for name in ("model", "spend", "order_weights", "order_knots", "revenue_lift")
    )


def retail(days: int) -> Iterable[tuple[str, int, float]]:
    """120 customers who all pay alike."""
    rng = np.random.default_rng(0)
    for customer in range(120):
        day, rate = rng.uniform(0, 300), rng.gamma(2, 0.008)
        while day < days:
            yield f"c{customer:03}", int(day), float(80 * rng.gamma(3) / 3)
            day += rng.exponential(1 / rate) + 1


def mean_of_others(orders: Iterable[tuple[str, int, float]], odd: str) -> float:
    """Of the revenue expected in a year, of customers whose ids do not begin with `odd`."""
    history = shop(orders)
    value = fit_customer_value(history)
    found = forecast(value, value.customers(), history.until // DAY_S).revenue[:, 2]
    return float(found[[not customer.startswith(odd) for customer in history.customer_ids]].mean())


@cache
def mean_of_retail(days: int) -> float:
    return mean_of_others(retail(days), "nobody")


@pytest.mark.parametrize(("orders", "money"), [(3_000, 6_000.0), (3_000, 5.0), (2, 500_000.0)])
def test_a_wholesaler_leaves_the_others_where_they_were(orders: int, money: float) -> None:
    bought = np.random.default_rng(1).integers(0, 362, orders).tolist()
    wholesaler = [("wholesaler", int(day), money) for day in bought]
    found = mean_of_others([*retail(362), *wholesaler], "wholesaler")
    assert found == pytest.approx(mean_of_retail(362), rel=0.15)


@pytest.mark.parametrize("days", [362, 800])
def test_a_crowd_of_the_last_day_leaves_the_others_where_they_were(days: int) -> None:
    crowd = [(f"new{number}", days - 1, 6.7) for number in range(400)]
    assert mean_of_others([*retail(days), *crowd], "new") == pytest.approx(mean_of_retail(days), rel=0.15)


def test_the_crowd_of_a_campaign_adds_little_each() -> None:
    """A third of them at most are believed to be like others, and their first order was small."""
    crowd = [(f"new{number}", 361, 6.7) for number in range(400)]
    history = shop([*retail(362), *crowd])
    value = fit_customer_value(history)
    found = forecast(value, value.customers(), history.until // DAY_S).revenue[:, 2]
    new = found[[customer.startswith("new") for customer in history.customer_ids]]
    assert 0 < new.max() < mean_of_retail(362) / 3


def test_a_wholesaler_is_expected_to_go_on_as_ever() -> None:
    days = np.random.default_rng(1).integers(0, 362, 3_000).tolist()
    history = shop([*retail(362), *(("wholesaler", int(day), 50.0) for day in days)])
    value = fit_customer_value(history)
    row = history.customer_ids.index("wholesaler")
    found = forecast(value, value.customer(row), history.until // DAY_S).revenue[0, 2]
    assert found == pytest.approx(150_000, rel=0.15)
    assert np.count_nonzero(value.apart(value.customers())) == 1


def test_an_order_that_a_wrong_clock_put_decades_back_moves_nothing() -> None:
    others = mean_of_others([*retail(362), ("clock", -6_000, 30.0), ("clock", 200, 30.0)], "clock")
    assert others == pytest.approx(mean_of_retail(362), rel=0.02)
