"""The tables of reports say of a customer what the profile says in the same minute."""

from datetime import timedelta

import numpy as np
import pytest
from histories import archive
from small_customers import bundle_with_customers

from features.home import Home
from recommender.customers.build_profile import build_profile
from recommender.model.availability import Availability
from training.ledger.shop import load_shop

from bundles import NOW, write_small
from factories import event

ORDERS = [("ann", ago, 12.0) for ago in (100, 85, 65, 45, 25)] + [("bob", 1, 30.0)]


@pytest.mark.parametrize("hours_later", [0, 7, 250, 620, 630, 1_000, 3_000])
def test_report_and_profile_agree_on_segment_and_forecast(home: Home, hours_later: int) -> None:
    """Also within a day in which the segment changes; the rhythm is the serving model's, not the ledger's."""
    write_small(home.models, bundle_of=bundle_with_customers)
    orders = [
        event("purchase", at=NOW - timedelta(days=ago), customer_id=who, items=[("tea", 1, money)])
        for who, ago, money in ORDERS
    ]
    archive(home, orders)
    now, bundle = NOW + timedelta(hours=hours_later), bundle_with_customers()
    availability = Availability.of(bundle.tables)
    reported = {row["customer"]: row for row in load_shop(home, now.date(), now=now).customers.to_dicts()}
    for who in ("ann", "bob"):
        profile = build_profile(
            who, bundle, availability, (), None, now.timestamp(), np.random.default_rng(0)
        )
        row = reported[who]
        assert (row["segment"], row["vip"]) == (profile.segment, profile.vip)
        assert row["recency_days"] == pytest.approx(profile.recency_days, abs=0.01)
        assert profile.predicted_clv_365d is not None
        assert row["predicted_365d"] == pytest.approx(profile.predicted_clv_365d.value, rel=1e-4)
        assert row["p_alive"] is profile.p_alive is None


def test_a_past_day_is_seen_at_its_end(home: Home) -> None:
    archive(home, [event("purchase", at=NOW, customer_id="ann", items=[("tea", 1, 12.0)])])
    (row,) = load_shop(home, NOW.date(), with_forecast=False).customers.to_dicts()
    assert row["recency_days"] == pytest.approx(0.5)
