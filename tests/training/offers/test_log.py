"""What offers bring, out of the log of decisions and the orders after them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import numpy as np
import polars as pl
import pytest
import redis
from histories import archive, list_products, order

from features.catalogue.products import load_products
from features.history.archiver import Archiver
from features.home import Home
from features.outgoing.offer_decisions import DecisionRecord
from features.store import keys
from features.store.settings import StoreSettings
from recommender.model.bundle import flatten, unflatten
from recommender.model.offer_table import OfferTable
from recommender.offers.incremental_margin import OFFER_FEATURES
from training.data.history import load_history
from training.errors import BadDataset
from training.evaluate.tasks.policy import evaluate_decisions
from training.offers.log import LOGGED_FEATURES, DecisionOutcomes, decision_outcomes, fit_offers

from factories import NOW


def decision(number: int, customer: str, offer: str, days_ago: float) -> DecisionRecord:
    at = NOW - timedelta(days=days_ago)
    return DecisionRecord(
        decision_id=f"d-{number}",
        decided_at=at,
        expires_at=at + timedelta(days=3),
        customer_id=customer,
        channel="web",
        offer_id=offer,
        propensity=0.5,
        stage="thin",
        arms=("gift", "none"),
        chances=(0.5, 0.5),
        worth=(0.1, 0.0),
        features=LOGGED_FEATURES,
        values=(*np.random.default_rng(number).random(len(OFFER_FEATURES)).tolist(), 1.0, 0.2),
        basket=10.0,
        margin=5.0,
        cost=1.0 if offer == "gift" else 0.0,
        catalogue_revision=1,
        model_version="v",
    )


def logged(
    home: Home, client: redis.Redis, settings: StoreSettings, decisions: Sequence[DecisionRecord]
) -> None:
    """By way of the stream and the archiver."""
    for each in decisions:
        client.xadd(keys.decision_stream(), {"d": msgspec.json.encode(each)})
    Archiver(client, home, settings).run(burst=True)


def outcomes_of(home: Home) -> DecisionOutcomes | None:
    catalogue = load_products(home)
    return decision_outcomes(home, load_history(home, catalogue), catalogue)


def sold(home: Home, *orders: tuple[str, float]) -> None:
    """(customer, days ago) of orders of one cup at 10 that cost 5; the last order is now."""
    list_products(home, {"cup": "Cup"}, cost=[5.0])
    archive(home, [order("cup", customer=name, days_ago=ago) for name, ago in [*orders, ("last", 0.0)]])


def test_an_outcome_is_what_came_within_the_window(
    home: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    sold(home, ("ann", 29), ("ann", 20), ("bob", 31), ("cat", 10), ("dan", 25))
    decisions = [
        decision(0, "ann", "gift", 30),  # two orders within 14 days, the gift given once
        decision(1, "bob", "none", 30),  # ordered before
        decision(2, "cat", "gift", 30),  # ordered after
        decision(3, "dan", "none", 30),
        decision(4, "ann", "none", 28),  # in the window of the one before
        decision(5, "eve", "gift", 13),  # not over yet
    ]
    logged(home, client, settings, [*decisions, decisions[0]])  # a repeat of the archiver
    outcome = outcomes_of(home)
    assert outcome is not None
    assert outcome.arms == ("gift",)
    assert outcome.responses.arm.tolist() == [0, -1, 0, -1]
    assert outcome.responses.margin.tolist() == [9.0, 0.0, 0.0, 5.0]
    assert outcome.responses.ordered.tolist() == [1, 0, 0, 1]
    assert outcome.responses.features.shape == (4, len(OFFER_FEATURES))


def test_what_is_learned_is_the_difference_and_goes_through_a_bundle(
    home: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    """Of 250 each: 80 % order with the gift and 20 % without, 5 of margin an order, 1 for a gift."""
    decisions = [decision(n, f"c-{n}", "gift" if n < 250 else "none", 40) for n in range(500)]
    buyers = [n for n in range(500) if (n % 5 < 4 if n < 250 else n % 5 == 0)]
    sold(home, *[(f"c-{n}", 35.0) for n in buyers])
    logged(home, client, settings, decisions)
    catalogue = load_products(home)
    table = fit_offers(home, load_history(home, catalogue), catalogue)
    assert table is not None
    model = unflatten(OfferTable, dict(flatten(table))).model
    assert (model.arms, model.features) == (("gift",), OFFER_FEATURES)
    lift = model.response * 0.1 + model.worlds[:, 0, 0]
    assert 0.1 < lift.mean() < 0.6  # the truth is .6, the prior .035 +- .02: it gives way
    assert model.anyway[0] + model.anyway[1] * 0.2 == pytest.approx(0.2, abs=0.25)
    assert model.stage != "thin"
    assert len(table.traffic) == 300
    assert (table.daily[0], table.expected_traffic.contexts[0].basket) == (500.0, 10.0)
    assert np.array_equal(model.worlds, table.worlds)


def test_what_each_offer_for_all_would_have_earned(
    home: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    """Of 300 each: all order with the gift, for 5 of margin less 1; a third without."""
    decisions = [decision(n, f"c-{n}", "gift" if n < 300 else "none", 40) for n in range(600)]
    sold(home, *[(f"c-{n}", 35.0) for n in range(600) if n < 300 or n % 3 == 0])
    with pytest.raises(BadDataset, match="14 days"):
        evaluate_decisions(home)
    logged(home, client, settings, decisions)
    metrics = evaluate_decisions(home).metrics
    values = {name: metric["value"]["value"] for name, metric in metrics.items()}
    assert values == pytest.approx({"perennial": 17 / 6, "none for all": 5 / 3, "gift for all": 4.0})


def test_before_the_first_decisions_nothing_is_learned(
    home: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    sold(home, ("ann", 29))
    assert outcomes_of(home) is None
    catalogue = load_products(home)
    assert fit_offers(home, load_history(home, catalogue), catalogue) is None
    logged(home, client, settings, [decision(0, "ann", "gift", 30)])
    assert isinstance(outcomes_of(home), DecisionOutcomes)
    catalogue = load_products(home)
    table = fit_offers(home, load_history(home, catalogue), catalogue)
    assert table is not None
    assert (table.model.arms, len(table.traffic)) == ((), 1)


def test_the_log_is_plain_parquet(home: Home, client: redis.Redis, settings: StoreSettings) -> None:
    logged(home, client, settings, [decision(0, "ann", "gift", 30)])
    (row,) = pl.read_parquet(home.decisions / "*" / "*.parquet").iter_rows(named=True)
    at: datetime = row["decided_at"]
    assert (at, row["chances"], row["features"]) == (
        NOW - timedelta(days=30),
        [0.5, 0.5],
        list(LOGGED_FEATURES),
    )
