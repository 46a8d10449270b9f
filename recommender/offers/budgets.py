"""Shadow prices of budgets: what a unit of money must bring, so that a budget lasts until it closes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

import msgspec
import numpy as np

from recommender.arrays.dtypes import Bools, Float64s
from recommender.offers.catalogue import Budget, Catalogue, Offer
from recommender.offers.decide import BudgetPrice, arms_worth_trying, with_none
from recommender.offers.eligibility import OfferContext
from recommender.offers.incremental_margin import EvidenceLevel, OfferModel
from recommender.offers.propensities import propensities
from recommender.validity import is_active

PRICE_ROUNDS, HALVINGS, HIGHEST_PRICE = 40, 12, 1e3
OPEN_DAYS = 90.0
"""How long a budget without an end is to last."""


class Traffic(NamedTuple):
    """A sample of customers like those to expect; daily: decisions a day."""

    contexts: Sequence[OfferContext]
    daily: float


class Cases(NamedTuple):
    """Customers who are decided for by one stage. gain: (n, n_worlds, n_offers + 1), -inf for offers that
    they may not get; mean: (n, 1, n_offers + 1), over the worlds; average: the gain of all customers, in axes
    that broadcast; cost: (n, n_offers + 1)."""

    stage: EvidenceLevel
    gain: Float64s
    mean: Float64s
    average: Float64s
    cost: Float64s

    @property
    def evenly(self) -> Float64s:
        """(n, n_offers + 1): the same chance for each arm that a customer may get."""
        allowed = np.isfinite(self.mean[:, 0])
        return np.asarray(allowed / allowed.sum(axis=1, keepdims=True))


class Decisions(NamedTuple):
    """All that decides at given prices. drawn_on: (n_budgets, n_offers + 1); exploration: as in the
    catalogue."""

    cases: Sequence[Cases]
    drawn_on: Bools
    exploration: float

    def chances(self, lambdas: Float64s, shares: Float64s) -> Iterator[tuple[Cases, Float64s]]:
        """The cases with their (n, n_arms) propensities, as `score_offers` has them at these prices."""
        charge = lambdas @ self.drawn_on
        scarcity = np.where(self.drawn_on, shares[:, None], 1.0).min(axis=0)
        for cases in self.cases:
            explored = self.exploration * cases.evenly * scarcity
            explored[:, -1] += self.exploration - explored.sum(axis=1)
            charges = charge * cases.cost if lambdas.any() else None
            gain = cases.gain if charges is None or cases.stage == "thin" else cases.mean
            yield cases, propensities(cases.average, gain, cases.stage, explored, charges)

    def explored(self) -> Float64s:
        """(n_budgets): what all cases would take if each arm that they may get were as likely."""
        return self._charged((cases, cases.evenly) for cases in self.cases)

    def spent(self, lambdas: Float64s, shares: Float64s) -> Float64s:
        """(n_budgets): what all cases are expected to take; an offer charges each of its budgets once."""
        return self._charged(self.chances(lambdas, shares))

    def _charged(self, decided: Iterable[tuple[Cases, Float64s]]) -> Float64s:
        given = [(chances * cases.cost).sum(axis=0) for cases, chances in decided]
        return np.asarray(self.drawn_on @ np.sum(given, axis=0))


def prices(decisions: Decisions, amounts: Float64s, lambdas: Float64s) -> tuple[Float64s, Float64s]:
    """(n_budgets) lambda >= 0 at which what is decided takes no more than the amounts; and the shares of
    `BudgetPrice`, with which exploration takes no larger part of a budget than of all decisions.

    Each lambda in turn, from those given, becomes the smallest that keeps its budget, until none moves.
    Budgets that share offers may push each other for long: what is then too much, raising all takes away.
    """
    explored = decisions.explored()
    shares = np.divide(amounts, explored, out=np.ones(len(amounts)), where=explored > amounts)

    def fits(trial: Float64s) -> Bools:
        return np.asarray(decisions.spent(trial, shares) <= amounts, bool)

    def fitting(budget: int) -> Float64s:
        own = np.arange(len(amounts)) == budget
        others = np.where(own, 0.0, lambdas)
        price = _smallest(lambda price: bool(fits(others + own * price)[budget]), 0.0, lambdas[budget] or 0.1)
        return np.asarray(others + own * price)

    for _ in range(PRICE_ROUNDS):
        before = lambdas
        for budget in range(len(amounts)):
            lambdas = fitting(budget)
        if np.allclose(lambdas, before, rtol=1e-3):
            break
    return lambdas * _smallest(lambda times: bool(fits(lambdas * times).all()), 1.0, 1.01), shares


def _smallest(fits: Callable[[float], bool], low: float, high: float) -> float:
    """The smallest number from `low` on that fits, up to HIGHEST_PRICE; looked for about `high` first."""
    if fits(low):
        return low
    while high < HIGHEST_PRICE and not fits(high):
        low, high = high, 2 * high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def budget_prices(
    catalogue: Catalogue,
    model: OfferModel,
    traffic: Traffic,
    spent: Mapping[str, float],
    now: datetime,
    last: Mapping[str, BudgetPrice] | None = None,
) -> dict[str, BudgetPrice]:
    """Budget -> its price, 0 where the money is enough for every offer that pays. Budgets not open are left
    out.

    Each customer of the traffic represents as many decisions as are expected until a budget closes, decided
    as they will be: by the same stage, with its exploration, among the offers that each may get. last: the
    prices of a minute ago, near which the new ones are found sooner.
    """
    budgets = [each for each in catalogue.budgets if is_active(each, now)]
    offers = tuple(offer for offer in catalogue.offers if is_active(offer, now))
    if not (budgets and offers and traffic.contexts and traffic.daily > 0):
        return {}
    running = msgspec.structs.replace(catalogue, offers=offers)
    drawn_on = np.array([[*(each.id in offer.budgets for offer in offers), False] for each in budgets])
    cases = list(_cases(running, model, traffic, now))
    amounts = np.array([_share(each, traffic, spent, now) for each in budgets])
    start = np.array([(last or {}).get(each.id, BudgetPrice()).price for each in budgets])
    lambdas, shares = prices(Decisions(cases, drawn_on, catalogue.exploration), amounts, start)
    return {
        each.id: BudgetPrice(float(price), float(share))
        for each, price, share in zip(budgets, lambdas, shares, strict=True)
    }


def _cases(catalogue: Catalogue, model: OfferModel, traffic: Traffic, now: datetime) -> Iterator[Cases]:
    """The customers of the traffic by the stage that decides for them."""
    rows = sorted((_scored(catalogue, model, each, now) for each in traffic.contexts), key=lambda row: row[0])
    for stage, group in groupby(rows, key=lambda row: row[0]):
        _, gains, costs = zip(*group, strict=True)
        gain = np.stack(gains)
        average = gain if stage == "thin" else with_none(_averages(catalogue.offers, model))
        yield Cases(stage, gain, gain.mean(axis=1, keepdims=True), average, np.stack(costs))


def _scored(
    catalogue: Catalogue, model: OfferModel, context: OfferContext, now: datetime
) -> tuple[EvidenceLevel, Float64s, Float64s]:
    """The stage, the gain of each arm and its cost, of one customer; (n_worlds, n_arms), (n_arms)."""
    arms, gain = arms_worth_trying(catalogue, model, context, now)
    columns = [catalogue.offers.index(offer) for offer in arms.offers]
    all_arms = np.full((len(gain), len(catalogue.offers) + 1), -np.inf)
    all_arms[:, [*columns, -1]] = gain
    cost = np.zeros(all_arms.shape[1])
    cost[columns] = [offer.costs(context.basket) for offer in arms.offers]
    return model.stage_for(arms.offers), all_arms, cost


def _averages(offers: Sequence[Offer], model: OfferModel) -> Float64s:
    """(n_worlds, n_offers): those of `OfferModel`; of an offer that was never given, which no customer of
    this stage may get, 0."""
    tried = model.tried(offers)
    average = np.zeros((len(model.response), len(offers)))
    average[:, tried] = model.averages(
        [offer for offer, is_tried in zip(offers, tried, strict=True) if is_tried]
    )
    return average


def _share(budget: Budget, traffic: Traffic, spent: Mapping[str, float], now: datetime) -> float:
    """The part of the remaining money that falls to the customers of the traffic."""
    days = (budget.until - now) / timedelta(days=1) if budget.until else OPEN_DAYS
    left = max(budget.amount - spent.get(budget.id, 0.0), 0.0)
    return left * len(traffic.contexts) / max(traffic.daily * days, 1.0)


NAMED = ("segment", "tier", "country", "channel")
"""What of a customer's case has a name; the other columns of the traffic are numbers."""


def traffic_of(
    rows: Float64s, names: Sequence[str], named: Sequence[Sequence[str | None]], daily: float
) -> Traffic:
    """rows: (n, k + 5): features and chances by `names`, then basket, margin, cart, and 0 or 1 for a first
    order and for consent. named: of each row, the NAMED; None where it is not known."""
    k = len(names)
    contexts = [
        OfferContext(
            customer_id="",
            features=dict(zip(names, row[:k], strict=True)),
            basket=row[k],
            margin=row[k + 1],
            cart=row[k + 2],
            first_order=row[k + 3] > 0,
            consent=row[k + 4] > 0,
            segment=segment,
            tier=tier,
            country=country,
            channel=channel,
        )
        for row, (segment, tier, country, channel) in zip(rows.tolist(), named, strict=True)
    ]
    return Traffic(contexts, daily)
