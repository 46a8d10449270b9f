"""What a customer is worth, from parameters set by hand.

Covers recommender/value/value_intervals.py, too.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.time_units import MEAN_YEAR_DAYS
from recommender.model.bundle import flatten, unflatten
from recommender.value.business_calendar import YEAR_PARTS
from recommender.value.customer_value import Customers, CustomerValue, recalibrated
from recommender.value.forecast import forecast
from recommender.value.order_models import (
    NBD,
    PARETO_NBD,
    OrderSummary,
    SpendModel,
    expected_orders,
    expected_spend,
)
from recommender.value.value_intervals import (
    around,
    central_interval,
    draw_orders,
    intervals,
    next_order_days,
)

TODAY = 20_000
ONE = np.ones(1, np.float32)
VALUE = CustomerValue(
    pace=np.ones(YEAR_PARTS),
    model=np.array([NBD, 1.0, 10.0, 0.0, 0.0]),
    rare=np.array([1.0, 10.0]),
    spend=np.array([2.0, 3.0, 40.0]),
    margin=np.array([0.25]),
    reference_weeks=np.array([10.0]),
    means=np.zeros(2),
    far=np.array([1e6, 1e9]),
    features_seen=np.zeros((2, 7)),
    order_weights=np.zeros(8),
    revenue_weights=np.zeros(8),
    order_knots=np.ones((2, 1)),
    revenue_knots=np.ones((2, 1)),
    first_day=np.array([TODAY - 70], np.int32),
    last_day=np.array([TODAY - 35], np.int32),
    order_days=2 * ONE,
    revenue=100 * ONE,
    own_margin=np.nan * ONE,
    order_lift=ONE,
    revenue_lift=ONE,
)


def test_numbers_count_as_far_as_they_were_seen() -> None:
    weights, seen = np.zeros(8), np.zeros((2, 7))
    weights[5], seen[1, 4] = 2.0, np.log1p(1)  # log1p(frequency)
    learned = replace(VALUE, order_weights=weights, features_seen=seen)
    customer = VALUE.customer(0)
    for order_days in (2.0, 20.0):
        who = customer._replace(order_days=np.array([order_days]))
        corrected, plain = (forecast(value, who, TODAY, (70,)).orders[0, 0] for value in (learned, VALUE))
        assert corrected / plain == pytest.approx(4.0)


def test_uncorrected_it_is_the_models_by_hand() -> None:
    found = forecast(VALUE, VALUE.customer(0), TODAY, (70,))
    orders = (1 + 1) / (10 + 10) * 10  # (r + x) / (alpha + T) t
    spend = (
        1 - 4 / 6
    ) * 40 + 4 / 6 * 50  # p n / (p n + q - 1) of their own, the rest the shop's p v / (q - 1)
    assert found.orders[0, 0] == pytest.approx(orders)
    assert found.revenue[0, 0] == pytest.approx(orders * spend)
    assert found.margin[0, 0] == pytest.approx(orders * spend / 4)
    assert np.isnan(found.p_alive).all()  # NBD saw nobody leave


SHAKY = replace(  # corrections that tear orders and revenue apart
    VALUE,
    order_weights=np.array([3.0, 0, 0, 0, 0, 0, 0, 0]),
    revenue_weights=np.array([-4.0, 0, 0, 0, 0, 0, 0, 0]),
    revenue_knots=np.array([[1.0, 50.0], [0.001, 4_000.0]]),
)


@given(
    st.integers(1, 2_000), st.integers(0, 700), st.integers(0, 700), st.floats(0, 1e6), st.floats(0.01, 50)
)
def test_no_forecast_of_a_customer_contradicts_another(
    order_days: int, span: int, silence: int, revenue: float, lift: float
) -> None:
    """Whoever they are, and however live orders move them beyond what training saw."""
    who = Customers(
        np.array([TODAY - span - silence], np.int32),
        np.array([TODAY - silence], np.int32),
        np.array([float(order_days)]),
        np.array([revenue]),
        np.full(1, np.nan),
        np.array([lift]),
        np.array([1 / lift]),
    )
    for value in (VALUE, SHAKY, replace(SHAKY, far=np.array([50.0, 1e4]))):
        found = forecast(value, who, TODAY)
        held = intervals(value, who, TODAY, found, np.random.default_rng(0))
        spend = expected_spend(value.spend_model, who.order_days, who.revenue / who.order_days)[0]
        assert (np.diff(found.orders) >= 0).all()
        assert (found.orders <= [30, 90, 365]).all()
        money = found.revenue / np.maximum(found.orders, 1e-300)
        assert np.ptp(money) <= 1e-6 * money.max()
        if not value.apart(who)[0]:
            assert spend / 2 * 0.999 <= money[0, 0] <= spend * 2 * 1.001
        for expected, ends in ((found.orders, held.orders), (found.revenue, held.revenue)):
            assert (ends[..., 0] <= expected).all()
            assert (expected <= ends[..., 1]).all()


def test_who_is_far_beyond_the_rest_is_forecast_from_their_own_history() -> None:
    """300 order days of 1,000 in a year, the last a week ago, in a shop of one order in ten weeks."""
    shop = replace(VALUE, far=np.array([50.0, 1e4]))
    wholesaler = Customers(
        np.array([TODAY - 365], np.int32),
        np.array([TODAY - 7], np.int32),
        np.array([300.0]),
        np.array([300_000.0]),
        *(np.array([each]) for each in (np.nan, 0.2, 0.2)),
    )
    found = forecast(shop, wholesaler, TODAY)
    assert found.orders[0, 2] == pytest.approx(300, rel=0.15)
    assert found.revenue[0, 2] == pytest.approx(300_000, rel=0.15)
    gone = wholesaler._replace(last_day=np.array([TODAY - 200], np.int32))
    assert forecast(shop, gone, TODAY).orders[0, 2] < 30


def test_a_live_order_moves_the_figures_at_once() -> None:
    before = VALUE.customer(0)
    after = before.ordered(TODAY, 80.0)
    assert after.summary(TODAY) == OrderSummary.of(2.0, 10.0, 10.0)
    assert after.revenue[0] == 180
    assert forecast(VALUE, after, TODAY).orders[0, 0] > forecast(VALUE, before, TODAY).orders[0, 0]
    assert after.ordered(TODAY, 20.0).order_days[0] == 3  # a second order of the day
    assert forecast(VALUE, after, TODAY).churn_risk[0] < forecast(VALUE, before, TODAY).churn_risk[0]


def test_a_new_customer_is_drawn_to_the_shop() -> None:
    first = VALUE.customer(-1).ordered(TODAY, 400.0)
    found = forecast(VALUE, first, TODAY, (70,))
    assert found.orders[0, 0] == pytest.approx(1 / 10 * 10)
    assert found.revenue[0, 0] == pytest.approx(0.5 * 40 + 0.5 * 400)


def test_refunds_that_took_everything_back_leave_no_negative_worth() -> None:
    gone = VALUE.customer(0)._replace(revenue=np.array([-5.0]))
    assert forecast(VALUE, gone, TODAY).revenue[0, 0] > 0


def test_an_interval_holds_what_is_expected() -> None:
    ends = around(np.array([0.05, 7.0]), np.array([[0.0, 0.0], [1.0, 9.0]]))
    assert ends.tolist() == [[0.0, 0.05], [1.0, 9.0]]


def test_the_next_order_comes_when_half_have_ordered() -> None:
    day, earliest, latest = next_order_days(VALUE, VALUE.customer(0), TODAY)[0]
    assert day == pytest.approx(TODAY + 7 * 20 * (2**0.5 - 1))
    rng = np.random.default_rng(0)
    waits = TODAY + 7 * rng.exponential(20 / rng.gamma(2.0, size=100_000))
    assert np.mean((waits >= earliest) & (waits <= latest)) == pytest.approx(0.9, abs=0.005)


def test_recalibration_is_linear_between_knots_and_in_proportion_outside() -> None:
    knots = np.array([[1.0, 3.0], [2.0, 4.0]])
    assert recalibrated(np.array([0.5, 1.0, 2.0, 3.0, 6.0]), knots).tolist() == [1.0, 2.0, 3.0, 4.0, 8.0]


def test_intervals_hold_what_they_say_and_grow_with_time() -> None:
    rng = np.random.default_rng(3)
    customers = Customers._make(np.repeat(part, 300) for part in VALUE.customer(0))
    found = forecast(VALUE, customers, TODAY)
    central_interval = intervals(VALUE, customers, TODAY, found, rng)
    rate = rng.gamma(2.0, 1 / 20, (300, 50))
    later = rng.poisson(rate * 90 / 7)
    inside = (later >= central_interval.orders[:, 1, :1]) & (later <= central_interval.orders[:, 1, 1:])
    assert 0.87 <= inside.mean() <= 0.97
    width = central_interval.revenue[..., 1] - central_interval.revenue[..., 0]
    assert np.all(width.mean(axis=0)[1:] > width.mean(axis=0)[:-1])


def test_draws_have_the_mean_that_is_expected() -> None:
    model = replace(VALUE, model=np.array([PARETO_NBD, 0.6, 8.0, 1.2, 40.0])).order_model
    seen = OrderSummary(np.full(500, 3.0), np.full(500, 20.0), np.full(500, 30.0))
    drawn = draw_orders(model, seen, 13.0, np.ones(500), np.random.default_rng(0))
    assert drawn.mean() == pytest.approx(expected_orders(model, seen, 13.0)[0], rel=0.02)


def test_an_interval_begins_at_nothing_only_where_nothing_may_well_come() -> None:
    draws = np.array([[0.0] * 6 + [*range(1, 95)], [0.0] * 5 + [*range(1, 96)]])
    assert central_interval(draws).tolist() == [[0.0, 85.0], [1.0, 91.0]]


def test_nobody_was_seen_leaving_for_as_long_as_the_shop_knows() -> None:
    """Half stay for as long again: expected orders are those of b ln(1 + t / b) weeks."""
    doubting = replace(VALUE, model=np.array([NBD, 1.0, 10.0, 0.0, 20.0]))
    found = forecast(doubting, doubting.customer(0), TODAY, (70, 365))
    assert found.orders[0, 0] == pytest.approx(2 / 20 * 20 * np.log1p(10 / 20))
    assert found.orders[0, 1] < forecast(VALUE, VALUE.customer(0), TODAY).orders[0, 2]
    drawn = draw_orders(
        doubting.order_model, OrderSummary(*np.ones((3, 500))), 13.0, np.ones(500), np.random.default_rng(0)
    )
    expected = expected_orders(doubting.order_model, OrderSummary.of(1, 1, 1), 13.0)[0]
    assert drawn.mean() == pytest.approx(expected, rel=0.02)


def test_a_busy_time_is_expected_to_bring_more() -> None:
    pace = np.ones(YEAR_PARTS)
    begins = int(TODAY / MEAN_YEAR_DAYS % 1.0 * YEAR_PARTS) + 1
    pace[[begins % YEAR_PARTS, (begins + 1) % YEAR_PARTS]] = 3.0
    busy = replace(VALUE, pace=pace)
    soon = forecast(busy, busy.customer(0), TODAY, (42,)).orders[0, 0]
    assert soon > 1.3 * forecast(VALUE, VALUE.customer(0), TODAY, (42,)).orders[0, 0]


def test_spend_of_many_orders_is_their_own() -> None:
    model = SpendModel(2.0, 3.0, 40.0)
    assert expected_spend(model, np.array([1e9]), np.array([77.0]))[0] == pytest.approx(77)


def test_it_is_a_part_of_a_bundle() -> None:
    arrays = dict(flatten(VALUE))
    again = unflatten(CustomerValue, arrays)
    assert all(np.array_equal(getattr(again, name), array, equal_nan=True) for name, array in arrays.items())
