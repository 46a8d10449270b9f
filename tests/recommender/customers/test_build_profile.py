"""One customer's profile, by hand: orders, value, tier, refills, affinities, and what live orders change.

Covers recommender/customers/affinities.py, profile.py and refills.py, too.
"""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from small_customers import ALPHA, R, bundle_with_customers

from features.live.shopper_state import Purchase
from recommender.customers.build_profile import build_profile
from recommender.customers.profile import Profile
from recommender.customers.tiers import TierPlan, read_plan
from recommender.model.availability import Availability

from bundles import NOW, small_bundle

TIERS = read_plan(b'{"tiers": [{"name": "Silver", "threshold": 50}, {"name": "Gold", "threshold": 100}]}')
TODAY = NOW.date()
NOW_MS = int(NOW.timestamp() * 1000)


def of(customer: str, *purchases: Purchase, plan: TierPlan | None = TIERS, **changes: Any) -> Profile:
    bundle = changes.get("bundle", bundle_with_customers())
    availability = Availability.of(bundle.tables) if bundle else None
    return build_profile(
        customer, bundle, availability, purchases, plan, NOW.timestamp(), np.random.default_rng(0)
    )


def live(*products: str, order: str = "o-new", late: bool = True) -> Purchase:
    """Just now; late: since the training."""
    received = NOW_MS - (1_000 if late else 86_400_000)
    return Purchase(order, NOW_MS, received, products, tuple(2.0 for _ in products))


def test_orders_so_far_segment_and_tier() -> None:
    ann = of("ann")
    assert (ann.known, ann.orders, ann.revenue, ann.currency) == (True, 5, 60.0, "EUR")
    assert (ann.first_order, ann.last_order) == (TODAY - timedelta(100), TODAY - timedelta(25))
    assert (ann.recency_days, ann.segment, ann.vip) == (25.0, "champions", False)
    assert ann.tier is not None
    assert (ann.tier.name, ann.tier.next) == ("Silver", "Gold")
    assert (ann.tier.missing, ann.tier.progress) == (40.0, 0.2)
    assert (ann.channel, ann.country, ann.language, ann.consent) == ("google", "DE", "de", True)
    bob = of("bob")
    assert (bob.segment, bob.country, bob.consent) == ("new", None, None)


def test_what_is_expected() -> None:
    ann = of("ann")
    age, recency = 100 / 7, 75 / 7
    orders = (R + 4) / (ALPHA + age) * 90 / 7
    assert ann.p_alive is None  # NBD saw nobody leave
    assert ann.churn_risk == pytest.approx(1 - (ALPHA + recency) / (ALPHA + age), abs=1e-4)
    assert ann.expected_orders_90d is not None
    assert ann.expected_orders_90d.value == pytest.approx(orders, abs=1e-4)
    assert ann.expected_orders_90d.low <= orders <= ann.expected_orders_90d.high
    assert ann.predicted_clv_365d is not None
    spend = 20 * 2 / 7 + 12 * 5 / 7  # five orders of 12 against a shop's 20, (q - 1) / p = 2
    assert ann.predicted_clv_365d.value == pytest.approx(orders * 365 / 90 * spend, rel=1e-3)
    assert [each.days for each in ann.ahead] == [30, 90, 365]
    assert (ann.ahead[1].orders, ann.ahead[2].revenue) == (ann.expected_orders_90d, ann.predicted_clv_365d)
    assert ann.ahead[0].margin is None  # no cost is known
    assert ann.next_order_date is not None
    assert TODAY <= ann.next_order_date.earliest <= ann.next_order_date.expected <= ann.next_order_date.latest


def test_what_they_buy_again() -> None:
    tea, mug = of("ann").reorders[0], of("ann").reorders[-1]
    gap = (20**3 * 30) ** 0.25  # three own gaps and one of the product, in logarithms
    assert (tea.product_id, tea.bought) == ("tea", 4)
    assert tea.next.expected == TODAY - timedelta(25) + timedelta(int(gap))
    assert (tea.next.earliest, tea.next.latest) == (
        TODAY - timedelta(25) + timedelta(int(gap / 2)),
        TODAY - timedelta(25) + timedelta(int(gap * 2)),
    )
    assert 0 < mug.chance < 1


def test_tastes() -> None:
    likes = of("ann").affinities
    assert [(each.name, each.share) for each in likes.categories] == [("pantry", 0.8), ("kitchen", 0.2)]
    assert [(each.name, each.share) for each in likes.brands] == [("fern", 1.0)]
    assert [(each.name, each.share) for each in likes.price_bands] == [("lower", 1.0)]
    assert likes.discount == pytest.approx(0.4)


def test_a_live_order_counts_at_once_and_one_that_training_has_seen_does_not() -> None:
    before, again, after = of("ann"), of("ann", live("pot", late=False)), of("ann", live("pot"))
    assert again == before
    assert (after.orders, after.revenue, after.last_order) == (6, 100.0, TODAY)  # two pots at 20
    assert (after.recency_days, after.churn_risk) == (0.0, 0.0)
    assert after.tier is not None
    assert after.tier.name == "Gold"
    assert "pot" in {each.product_id for each in after.reorders}
    assert [each.name for each in after.affinities.price_bands] == ["lower", "middle"]
    assert after.predicted_clv_365d is not None
    assert before.predicted_clv_365d is not None
    assert after.predicted_clv_365d.value > before.predicted_clv_365d.value


def test_somebody_new_with_a_live_order() -> None:
    eve = of("eve", live("tea"))
    assert (eve.known, eve.orders, eve.revenue, eve.segment) == (True, 1, 10.0, "new")
    assert eve.affinities.discount is None
    assert eve.predicted_clv_365d is not None


def test_what_the_model_does_not_know_is_no_revenue_but_an_order() -> None:
    eve = of("eve", live("never heard of it"))
    assert (eve.orders, eve.revenue, eve.reorders) == (1, 0.0, [])


def test_nobody_has_an_empty_history_and_no_guesses() -> None:
    assert of("nobody") == Profile("nobody", known=False)


@pytest.mark.parametrize("bundle", [None, small_bundle()])
def test_without_a_model_nothing_is_made_up(bundle: Any) -> None:
    assert of("ann", bundle=bundle) == Profile("ann", known=False, degraded_reasons=["no_model"])


def test_without_tiers_there_is_none() -> None:
    assert of("ann", plan=None).tier is None


def test_the_same_question_has_the_same_answer() -> None:
    assert of("ann") == of("ann")
    assert isinstance(of("ann").first_order, date)
