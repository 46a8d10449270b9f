"""What budgets ask, so that they last for those who are to come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from recommender.offers.budgets import Traffic, budget_prices, traffic_of
from recommender.offers.catalogue import Budget, Catalogue, Offer
from recommender.offers.eligibility import OfferContext
from recommender.offers.incremental_margin import N_WORLDS, OfferModel

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
FIVE = Offer(id="five", kind="amount", value=5, budgets=("spring",))


def model(arms: tuple[str, ...] = ("five",)) -> OfferModel:
    """An offer's lift is .1 x stays; an order leaves its margin less the offer."""
    lifts = np.full((N_WORLDS, len(arms), 1), 0.1)
    return OfferModel(
        features=(),
        centre=np.zeros(0),
        scale=np.zeros(0),
        arms=arms,
        worlds=lifts,
        response=np.zeros(N_WORLDS),
        size=np.ones((N_WORLDS, len(arms))),
        used=np.ones(len(arms)),
        average=lifts[:, :, 0],
        anyway=np.zeros(2),
        stage="single",
    )


def customers() -> list[OfferContext]:
    """The offer brings ten of them .5, 1.5 ... 9.5: .1 x (margin - 5)."""
    order: dict[str, Any] = {"features": {"stays": 1.0}, "basket": 200.0}
    return [OfferContext(customer_id=str(i), margin=10.0 + 10 * i, **order) for i in range(10)]


def priced(amount: float, spent: float = 0.0, days: float = 10, daily: float = 1.0, **more: Any) -> float:
    budget = Budget(id="spring", amount=amount, until=NOW + timedelta(days=days))
    catalogue = Catalogue(offers=(FIVE,), budgets=(budget,), **more)
    lambdas = budget_prices(catalogue, model(), Traffic(customers(), daily), {"spring": spent}, NOW)
    return lambdas["spring"]


def test_enough_for_all_costs_nothing() -> None:
    assert priced(50.0) == 0.0


def test_a_short_budget_is_kept_for_those_for_whom_it_brings_most() -> None:
    """Ten are to come, and there is money for four: those from 6.50 on. At 1.1 a unit, 5.50 is not enough."""
    price = priced(20.0)
    assert price * 5 == pytest.approx(5.5, abs=0.01)
    assert priced(50.0, spent=30.0) == pytest.approx(price)
    assert priced(200.0, daily=10.0) == pytest.approx(price)
    assert priced(2.0, days=1.0) == pytest.approx(price)


def test_an_empty_budget_asks_more_than_anybody_brings() -> None:
    assert priced(20.0, spent=20.0) * 5 >= 9.5


def test_closed_budgets_and_unknown_traffic_have_no_price() -> None:
    assert budget_prices(Catalogue(), model(), Traffic(customers(), 1.0), {}, NOW) == {}
    late = Budget(id="spring", amount=1, from_=NOW + timedelta(days=1))
    shop = Catalogue(offers=(FIVE,), budgets=(late,))
    assert budget_prices(shop, model(), Traffic(customers(), 1.0), {}, NOW) == {}
    shop = Catalogue(offers=(FIVE,), budgets=(Budget(id="spring", amount=1),))
    assert budget_prices(shop, model(), Traffic((), 0.0), {}, NOW) == {}


def test_overlapping_budgets_are_priced_together() -> None:
    """Of the offer's two budgets the shorter one alone has a price."""
    both = Offer(id="five", kind="amount", value=5, budgets=("spring", "all"))
    until = NOW + timedelta(days=10)
    budgets = (Budget(id="spring", amount=20, until=until), Budget(id="all", amount=40, until=until))
    shop = Catalogue(offers=(both,), budgets=budgets)
    lambdas = budget_prices(shop, model(), Traffic(customers(), 1.0), {}, NOW)
    assert lambdas["spring"] * 5 == pytest.approx(5.5, abs=0.01)
    assert lambdas["all"] == 0.0


def test_traffic_comes_as_it_was_told() -> None:
    (one,) = traffic_of(np.array([[0.5, 0.9, 40.0, 20.0]]), ("keen", "stays"), 3.0).contexts
    assert (one.features, one.basket, one.margin) == ({"keen": 0.5, "stays": 0.9}, 40.0, 20.0)
