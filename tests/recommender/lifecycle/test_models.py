"""What the fitted models say, from parameters set by hand."""

import numpy as np
import pytest

from features.time_units import DAY_MS
from recommender.arrays.id_map import IdMap
from recommender.lifecycle.models import CustomerModel, FittedModel, customer_model_of
from recommender.lifecycle.vocabulary.customer import Person
from recommender.model.customer_tables import CustomerFacts, CustomerTable
from recommender.value.business_calendar import YEAR_PARTS
from recommender.value.customer_value import CustomerValue
from recommender.value.order_models import BG_NBD
from recommender.value.reorder_timing import Habits, Reorder

from bundles import TODAY, item, small_tables


def value() -> CustomerValue:
    """ann ordered on three days, the last 25 days ago; bob yesterday."""
    ones = np.ones(2, np.float32)
    return CustomerValue(
        pace=np.ones(YEAR_PARTS),
        model=np.array([BG_NBD, 1.0, 4.0, 1.0, 2.0]),
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
        first_day=np.array([TODAY - 85, TODAY - 1], np.int32),
        last_day=np.array([TODAY - 25, TODAY - 1], np.int32),
        order_days=np.array([3, 1], np.float32),
        revenue=np.array([50, 30], np.float32),
        own_margin=np.nan * ones,
        order_lift=ones,
        revenue_lift=ones,
    )


def reorder() -> Reorder:
    """ann bought tea twice, 20 days apart; nothing but own gaps counts."""
    tea = Habits.first_purchase(item("tea"), TODAY - 45).bought(item("tea"), TODAY - 25)
    weights = np.zeros(8)
    weights[2] = 1.0  # the last gap
    n = len(small_tables().products)
    return Reorder(
        weights,
        np.array([[-1.0, 1.0]] * 4),
        np.full(n, np.log(30.0), np.float32),
        np.full(n, 0.5, np.float32),
        np.zeros(n, np.float32),
        np.array([0, 1, 1]),
        *tea,
        expected=np.zeros((1, 3), np.float32),
    )


@pytest.fixture
def model() -> FittedModel:
    facts = CustomerFacts(
        orders=np.array([4, 1], np.int32),  # two of them on one day
        revenue=np.array([50.0, 30.0]),
        first=np.array([TODAY - 85, TODAY - 1]) * 86_400,
        last=np.array([TODAY - 25, TODAY - 1]) * 86_400 + 3_600,
        discounted=np.zeros(2, np.float32),
        currency=np.full(2, -1, np.int32),
        channel=np.full(2, -1, np.int32),
        country=np.array([0, -1], np.int32),
        language=np.full(2, -1, np.int32),
        consent=np.array([1, -1], np.int8),
        words=IdMap.build(["NO"]),
    )
    customers = CustomerTable(facts, value(), reorder(), np.array([30.0, 40.0, 50.0]), np.zeros(8, np.int8))
    return FittedModel(small_tables(), customers)


def test_attributes_from_the_history(model: FittedModel) -> None:
    assert [model.person(row) for row in (0, 1, -1)] == [Person(True, "NO"), Person(), Person()]


def test_stats_of_a_known_customer(model: FittedModel) -> None:
    ann = model.stats(0, [], 0.0, TODAY)
    assert (ann.revenue, ann.orders, ann.rank) == (50.0, 4, 0.0)
    assert ann.last_order_ms == (TODAY - 25) * DAY_MS + 3_600_000
    later = model.stats(0, [], 0.0, TODAY + 200)
    assert 0.0 < ann.churn_risk < later.churn_risk < 1.0
    assert model.rank(40.0) == 0.5


def test_a_live_order_counts_at_once(model: FittedModel) -> None:
    ann = model.stats(0, [([(item("pot"), 1.0)], TODAY)], 20.0, TODAY)
    assert (ann.revenue, ann.orders, ann.churn_risk) == (70.0, 5, 0.0)
    new = model.stats(-1, [([(item("pot"), 1.0)], TODAY - 3), ([(item("cup"), 1.0)], TODAY)], 32.0, TODAY)
    assert (new.revenue, new.orders, new.last_order_ms) == (32.0, 2, TODAY * DAY_MS)
    assert model.stats(-1, [], 0.0, TODAY).orders == 0


def test_refills_move_with_live_orders(model: FittedModel) -> None:
    (tea,) = model.refills(0, [], TODAY)
    assert (tea.product_id, tea.orders, tea.last_day) == ("tea", 2, TODAY - 25)
    assert (tea.due_day, tea.gap_days) == pytest.approx((TODAY - 5, 20))
    bought = model.refills(0, [([(item("tea"), 1.0), (item("pot"), 2.0)], TODAY)], TODAY)
    assert [(each.product_id, each.orders) for each in bought] == [("tea", 3), ("pot", 1)]
    assert bought[0].due_day == pytest.approx(TODAY + 25)
    assert bought[1].due_day == pytest.approx(TODAY + 30)


def test_a_bundle_without_models_is_read_plainly() -> None:
    model = customer_model_of(small_tables())
    assert isinstance(model, CustomerModel)
    bob = model.stats(1, [], 0.0, TODAY)
    assert (bob.revenue, bob.orders, bob.last_order_ms) == (30.0, 1, (TODAY - 1) * DAY_MS)
    assert model.stats(1, [], 0.0, TODAY + 119).churn_risk == pytest.approx(0.5)  # two gaps of 60 days
