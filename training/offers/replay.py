"""Logged decisions replayed: what other policies would have earned with the same customers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Bools, Float64s, Int64s
from recommender.arrays.hashing import uniform
from recommender.offers.catalogue import NO_OFFER, Catalogue
from recommender.offers.decide import score_offers
from recommender.offers.eligibility import Given, OfferContext
from recommender.offers.incremental_margin import OFFER_FEATURES, OfferModel
from training.offers.learn import learn_offers
from training.offers.log import LOGGED_FEATURES, DecisionOutcomes
from training.offers.off_policy import Log
from training.offers.uplift import ridge

REPLAY_FOLDS = 5
ENOUGH = 50
"""Decisions of an arm from which its margin is predicted by features, and not by the mean of all arms."""
SAME_COST = 0.01
"""An offer whose cost differs by more than this share from the logged cost counts as another offer."""
MOST_UNSEEN = 0.05
"""Largest share of a policy's decisions for arms that were never logged with which it is still evaluated."""


class ReplayResult(NamedTuple):
    """log: for the estimators of off_policy; unseen: share of the policy's decisions for arms that were never
    logged; chances: arm -> its mean chance over the decisions."""

    log: Log
    unseen: float
    chances: dict[str, float]


@dataclass(frozen=True)
class PolicyReplay:
    """Finished decisions, on which policies are evaluated. Arms are numbered as in `arms`, no offer last."""

    outcomes: DecisionOutcomes

    @cached_property
    def arms(self) -> tuple[str, ...]:
        return (*self.outcomes.arms, NO_OFFER)

    @cached_property
    def eligible(self) -> Bools:
        """(n, n_arms): which arms each customer could have been given."""
        lists = self.outcomes.decided["arms"].to_list()
        return np.array([[arm in own for arm in self.arms] for own in lists])

    @cached_property
    def fold(self) -> Int64s:
        """(n): the fold of each decision, of REPLAY_FOLDS; all decisions of a customer are in one."""
        customers = self.outcomes.decided["customer_id"].to_list()
        return np.array([int(uniform("fold", customer) * REPLAY_FOLDS) for customer in customers])

    @cached_property
    def expected(self) -> Float64s:
        """(n, n_arms): margin after each arm, predicted by the other folds."""
        responses, margin = self.outcomes.responses, np.empty((len(self.fold), len(self.arms)))
        features = np.column_stack(
            [responses.features, responses.stays, responses.anyway, responses.expected]
        )
        spread = features.std(axis=0)
        rows = np.column_stack(
            [np.ones(len(features)), (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1)]
        )
        for fold in range(REPLAY_FOLDS):
            held_out, learned = self.fold == fold, self.fold != fold
            margin[held_out] = responses.margin[learned].mean() if learned.any() else 0.0
            for column in range(len(self.arms)):
                arm = column if column < len(self.outcomes.arms) else -1
                own = learned & (responses.arm == arm)
                if own.sum() >= ENOUGH:
                    margin[held_out, column] = rows[held_out] @ ridge(rows[own], responses.margin[own])
        return margin

    def evaluate(self, target: Float64s, unseen: float = 0.0) -> ReplayResult:
        """target: (n, n_arms), the chance of each arm under the policy to evaluate."""
        responses, each = self.outcomes.responses, np.arange(len(self.fold))
        arm = np.where(responses.arm < 0, len(self.arms) - 1, responses.arm)
        log = Log(
            reward=responses.margin,
            propensity=self.outcomes.propensity,
            target=target[each, arm],
            predicted=self.expected[each, arm],
            expected=(target * self.expected).sum(axis=1),
        )
        return ReplayResult(log, unseen, dict(zip(self.arms, target.mean(axis=0).tolist(), strict=True)))

    def for_all(self, arm: str) -> ReplayResult:
        """One arm for all who are eligible for it, no offer for the others."""
        column, last = self.arms.index(arm), len(self.arms) - 1
        target = np.zeros(self.eligible.shape)
        chosen = np.where(self.eligible[:, column], column, last)
        target[np.arange(len(target)), chosen] = 1.0
        return self.evaluate(target)

    def logging_policy(self) -> ReplayResult:
        """The logging policy itself: every weight is 1."""
        target = np.zeros(self.eligible.shape)
        rows = self.outcomes.decided.select("arms", "chances").iter_rows()
        for row, (arms, chances) in enumerate(rows):
            for arm, chance in zip(arms, chances, strict=True):
                if arm in self.arms:
                    target[row, self.arms.index(arm)] = chance
        return self.evaluate(target)

    def for_catalogue(self, catalogue: Catalogue, model: OfferModel | None = None) -> ReplayResult:
        """Today's code deciding from another catalogue. model: by whose expectations; None: of models fitted
        to the other folds. Budgets count as open, and caps count the offers that were logged."""
        target, unseen = np.zeros(self.eligible.shape), 0.0
        logged, models = self._logged_arms(catalogue), self._models(model)
        for row, (context, now) in enumerate(_offer_contexts(self.outcomes)):
            scored = score_offers(catalogue, models(row), context, now)
            arms, chances = scored.arms, scored.chances
            for arm, chance in zip((*(o.id for o in arms.offers), NO_OFFER), chances.tolist(), strict=True):
                if arm in logged and self.eligible[row, self.arms.index(arm)]:
                    target[row, self.arms.index(arm)] = chance
                else:
                    unseen += chance / len(target)
        return self.evaluate(target, unseen)

    def _logged_arms(self, catalogue: Catalogue) -> set[str]:
        """Arms of the catalogue that were logged at the same cost."""
        responses, logged = self.outcomes.responses, {NO_OFFER}
        for offer in catalogue.offers:
            if offer.id in self.arms:
                own = responses.arm == self.arms.index(offer.id)
                cost = np.array([offer.costs(basket) for basket in responses.basket[own]])
                if np.allclose(cost, responses.cost[own], rtol=SAME_COST, atol=0.01):
                    logged.add(offer.id)
        return logged

    def _models(self, model: OfferModel | None) -> Callable[[int], OfferModel]:
        if model is not None:
            return lambda _: model
        responses, arms, rng = self.outcomes.responses, self.outcomes.arms, np.random.default_rng(0)
        learned = [
            learn_offers(responses.where(self.fold != fold), arms, OFFER_FEATURES, rng)
            for fold in range(REPLAY_FOLDS)
        ]
        return lambda row: learned[int(self.fold[row])]


def _offer_contexts(outcomes: DecisionOutcomes) -> Iterator[tuple[OfferContext, datetime]]:
    """The context and time of each decision, with the offers that the customer had been given by then."""
    had: dict[str, tuple[Given, ...]] = {}
    for row in outcomes.decided.iter_rows(named=True):
        customer, now = row["customer_id"], row["decided_at"]
        given = had.get(customer, ())
        yield (
            OfferContext(
                customer_id=customer,
                features=dict(zip(LOGGED_FEATURES, row["values"], strict=True)),
                basket=row["basket"],
                margin=row["margin"],
                cart=row["cart"] or 0.0,
                segment=row["segment"],
                tier=row["tier"],
                country=row["country"],
                channel=row["channel"],
                first_order=bool(row["first_order"]),
                consent=row["consent"] is not False,
                given=given,
            ),
            now,
        )
        if row["offer_id"] != NO_OFFER:
            had[customer] = (Given(row["offer_id"], now), *given)
