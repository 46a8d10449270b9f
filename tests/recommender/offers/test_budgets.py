"""What budgets ask, so that they last for those who are to come, and bring the most that they allow."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_array, vstack

from recommender.offers.budgets import Traffic, budget_prices, traffic_of
from recommender.offers.catalogue import Budget, Catalogue, Eligibility, Offer
from recommender.offers.decide import BudgetPrice, any_short, score_offers
from recommender.offers.eligibility import OfferContext
from recommender.offers.incremental_margin import N_WORLDS, EvidenceLevel, OfferModel

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
    return lambdas["spring"].price


def test_enough_for_all_costs_nothing() -> None:
    assert priced(50.0) == 0.0


def test_a_short_budget_is_kept_for_those_for_whom_it_brings_most() -> None:
    """Ten are to come, and there is money for four: those from 6.50 on. At 1.1 to 1.3 a unit they are the
    only ones; exploration's twentieth of the money is not theirs."""
    price = priced(20.0)
    assert 5.5 / 1.05 < price * 5 < 7.5 * 1.05
    assert priced(50.0, spent=30.0) == pytest.approx(price)
    assert priced(200.0, daily=10.0) == pytest.approx(price)
    assert priced(40.0, days=20.0) == pytest.approx(price)


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
    assert 5.5 / 1.05 < lambdas["spring"].price * 5 < 6.5 * 1.05
    assert lambdas["all"].price == 0.0


TEN = Offer(id="ten", kind="percentage", value=10, budgets=("spring", "all"))
POST = Offer(id="post", kind="free_shipping", cost=4.9, budgets=("all",))
LOOK = Offer(id="look", kind="content", eligible=Eligibility(segments=("loyal",)))
FEW = Offer(id="few", kind="amount", value=2, budgets=("spring",), eligible=Eligibility(minimum_cart=30))


def varied(stage: EvidenceLevel, seed: int) -> OfferModel:
    """Offers of which each customer's lift differs by two features; some lose on most customers."""
    rng, arms = np.random.default_rng(seed), ("five", "ten", "post", "look", "few")
    worlds = np.array([0.09, 0.07, 0.08, 0.001, 0.05])[:, None] * np.array([1.0, 0.5, 0.3])
    worlds = worlds + rng.normal(scale=0.02, size=(N_WORLDS, len(arms), 3)) * np.array([1.0, 0.5, 0.5])
    fields = {"features": ("a", "b"), "centre": np.zeros(2), "scale": np.ones(2), "arms": arms}
    rest = {"response": np.zeros(N_WORLDS), "size": np.ones((N_WORLDS, 5)), "used": np.ones(5)}
    order = {"anyway": np.array([0.0, 1.0, 0.0, 0.0]), "average": 30 * worlds[:, :, 0] - 0.5}
    return OfferModel(**fields, worlds=worlds, **rest, **order, stage=stage)  # type: ignore[arg-type]


def shoppers(n: int, seed: int) -> list[OfferContext]:
    rng, made = np.random.default_rng(seed), []
    for number in range(n):
        basket, a, b, anyway = rng.gamma(4, 12) + 8, rng.normal(), rng.normal(), rng.uniform(0, 0.25)
        made.append(
            OfferContext(
                customer_id=f"c-{number}",
                features={"a": a, "b": b, "anyway": anyway},
                basket=basket,
                margin=0.5 * basket,
                cart=basket if number % 2 else 0.0,
                segment="loyal" if number % 3 else "new",
            )
        )
    return made


def outcome(
    shop: Catalogue, believed: OfferModel, people: list[OfferContext], prices: Mapping[str, BudgetPrice]
) -> tuple[float, dict[str, float]]:
    """What all decisions are expected to bring, and to take from each budget."""
    gain, taken = 0.0, {budget.id: 0.0 for budget in shop.budgets}
    for each in people:
        scored = score_offers(shop, believed, each, NOW, prices)
        gain += float(scored.chances @ scored.incremental_margin.mean(axis=0))
        for offer, chance in zip(scored.arms.offers, scored.chances, strict=False):
            for budget in offer.budgets:
                taken[budget] += chance * offer.costs(each.basket)
    return gain, taken


def most(shop: Catalogue, believed: OfferModel, people: list[OfferContext]) -> float:
    """The most that the budgets allow: the linear program whose solutions may give somebody half an offer."""
    gains, takes, owner = [], [], []
    for row, each in enumerate(people):
        scored = score_offers(shop, believed, each, NOW)
        for offer, gain in zip(scored.arms.offers, scored.incremental_margin.mean(axis=0), strict=False):
            gains.append(gain)
            takes.append([offer.costs(each.basket) * (budget.id in offer.budgets) for budget in shop.budgets])
            owner.append(row)
    one_each = coo_array((np.ones(len(owner)), (owner, range(len(owner)))))
    limits: Any = vstack([one_each, coo_array(np.array(takes).T)])
    bounds = [*np.ones(len(people)), *(budget.amount for budget in shop.budgets)]
    solved: Any = linprog(-np.array(gains), A_ub=limits, b_ub=bounds, bounds=(0, 1))
    return -float(solved.fun)


@pytest.mark.parametrize("stage", ["single", "personal"])
@pytest.mark.parametrize("amount", [15.0, 60.0, 200.0, 1e5])
@pytest.mark.parametrize("offers", [(FIVE,), (FIVE, TEN, POST, LOOK, FEW)], ids=["one", "five"])
def test_short_budgets_bring_what_they_can_and_never_take_more(
    stage: EvidenceLevel, amount: float, offers: tuple[Offer, ...]
) -> None:
    """Within 5 % of the best, exploration and all. With money for everybody, nothing is charged."""
    budgets = tuple(
        Budget(id=name, amount=amount * times, until=NOW + timedelta(days=10))
        for name, times in (("spring", 1.0), ("all", 1.5))
    )
    shop, people = Catalogue(offers=offers, budgets=budgets), shoppers(300, seed=3)
    believed = varied(stage, seed=5)
    asked = budget_prices(shop, believed, Traffic(people, len(people) / 10), {}, NOW)
    gain, taken = outcome(shop, believed, people, asked)
    assert all(taken[budget.id] <= budget.amount * 1.000001 for budget in budgets)
    if amount < 1e5:
        assert any_short(asked)
        assert gain >= 0.95 * most(shop, believed, people)
        assert max(taken[budget.id] / budget.amount for budget in budgets) > 0.95
    else:
        assert not any_short(asked)


def test_a_thin_stage_spends_its_budget_and_no_more() -> None:
    budget = Budget(id="spring", amount=60, until=NOW + timedelta(days=10))
    shop, people = Catalogue(offers=(FIVE,), budgets=(budget,)), shoppers(300, seed=3)
    believed = varied("thin", seed=5)
    asked = budget_prices(shop, believed, Traffic(people, 30.0), {}, NOW)
    _, taken = outcome(shop, believed, people, asked)
    assert 57 < taken["spring"] <= 60.0001


def test_of_customers_who_are_all_alike_some_get_a_short_offer() -> None:
    budget = Budget(id="spring", amount=60, until=NOW + timedelta(days=10))
    shop, people = Catalogue(offers=(FIVE,), budgets=(budget,)), [customers()[9]] * 100
    asked = budget_prices(shop, model(), Traffic(people, 10.0), {}, NOW)
    _, taken = outcome(shop, model(), people, asked)
    assert 45 < taken["spring"] <= 60.0001  # one gift to each of 21 parts of the price's range


def test_offers_that_few_may_get_leave_the_money_to_them() -> None:
    """Half have a cart that is large enough; there is money for all of them."""
    people = shoppers(100, seed=3)
    few = msgspec.structs.replace(FIVE, eligible=Eligibility(minimum_cart=1.0))
    budget = Budget(id="spring", amount=250.01, until=NOW + timedelta(days=10))
    shop = Catalogue(offers=(few,), budgets=(budget,))
    asked = budget_prices(shop, varied("single", 5), Traffic(people, 10.0), {}, NOW)
    assert asked["spring"] == BudgetPrice(0.0, 1.0)


def test_traffic_comes_as_it_was_told() -> None:
    row, named = [0.5, 0.9, 40.0, 20.0, 35.0, 1.0, 0.0], ("loyal", None, "DE", "email")
    (one,) = traffic_of(np.array([row]), ("keen", "stays"), [named], 3.0).contexts
    assert (one.features, one.basket, one.margin) == ({"keen": 0.5, "stays": 0.9}, 40.0, 20.0)
    assert (one.cart, one.first_order, one.consent) == (35.0, True, False)
    assert (one.segment, one.tier, one.country, one.channel) == named
