"""Logged decisions asked about again: what other policies would have earned with the same customers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.hashing import uniform
from recommender.offers.catalogue import NO_OFFER, Catalogue
from recommender.offers.decide import score_offers
from recommender.offers.eligibility import Given, OfferContext
from recommender.offers.incremental_margin import OFFER_FEATURES, OfferModel
from training.offers.learn import learn
from training.offers.log import TOLD, Outcomes
from training.offers.off_policy import WIDTH, Log, Value
from training.offers.uplift import ridge

Numbers = NDArray[np.float64]
FOLDS = 5
ENOUGH = 50
"""Decisions from which an arm's margin is foretold by features, and not by the mean of all."""
SAME = 0.01
"""An offer whose cost differs by more than this share from what was logged is another offer."""
MOST_UNSEEN = 0.05
"""Share of a policy's decisions that may fall on what was never given; beyond it the log says nothing."""


class Replay(NamedTuple):
    """log: as off_policy wants it; unseen: share of the policy's decisions that the log has never seen;
    chances: (arm, how often) mean over the decisions."""

    log: Log
    unseen: float
    chances: dict[str, float]


@dataclass(frozen=True)
class Traffic:
    """Finished decisions. Arms are numbered as in `arms`, none last."""

    outcomes: Outcomes

    @cached_property
    def arms(self) -> tuple[str, ...]:
        return (*self.outcomes.arms, NO_OFFER)

    @cached_property
    def might(self) -> NDArray[np.bool_]:
        """(n, n_arms): what each customer could have been given."""
        lists = self.outcomes.decided["arms"].to_list()
        return np.array([[arm in own for arm in self.arms] for own in lists])

    @cached_property
    def fold(self) -> NDArray[np.int64]:
        """(n) of FOLDS; a customer is in one."""
        customers = self.outcomes.decided["customer_id"].to_list()
        return np.array([int(uniform("fold", customer) * FOLDS) for customer in customers])

    @cached_property
    def expected(self) -> Numbers:
        """(n, n_arms) margin after each arm, foretold by the other folds."""
        seen, found = self.outcomes.seen, np.empty((len(self.fold), len(self.arms)))
        told = np.column_stack([seen.features, seen.stays, seen.anyway, seen.expected])
        spread = told.std(axis=0)
        rows = np.column_stack(
            [np.ones(len(told)), (told - told.mean(axis=0)) / np.where(spread > 0, spread, 1)]
        )
        for fold in range(FOLDS):
            asked, known = self.fold == fold, self.fold != fold
            usual = float(seen.margin[known].mean()) if known.any() else 0.0
            for place in range(len(self.arms)):
                arm = place if place < len(self.outcomes.arms) else -1
                own = known & (seen.arm == arm)
                enough = own.sum() >= ENOUGH
                found[asked, place] = rows[asked] @ ridge(rows[own], seen.margin[own]) if enough else usual
        return found

    def judge(self, target: Numbers, unseen: float = 0.0) -> Replay:
        """target: (n, n_arms), the chance of each arm under the policy in question."""
        seen, each = self.outcomes.seen, np.arange(len(self.fold))
        arm = np.where(seen.arm < 0, len(self.arms) - 1, seen.arm)
        log = Log(
            reward=seen.margin,
            propensity=self.outcomes.propensity,
            target=target[each, arm],
            predicted=self.expected[each, arm],
            expected=(target * self.expected).sum(axis=1),
        )
        return Replay(log, unseen, dict(zip(self.arms, target.mean(axis=0).tolist(), strict=True)))

    def for_all(self, arm: str) -> Replay:
        """One offer for all who might get it, none for the others."""
        place, last = self.arms.index(arm), len(self.arms) - 1
        target = np.zeros(self.might.shape)
        chosen = np.where(self.might[:, place], place, last)
        target[np.arange(len(target)), chosen] = 1.0
        return self.judge(target)

    def served(self) -> Replay:
        """What decided: every weight is 1."""
        target = np.zeros(self.might.shape)
        rows = self.outcomes.decided.select("arms", "chances").iter_rows()
        for place, (arms, chances) in enumerate(rows):
            for arm, chance in zip(arms, chances, strict=True):
                if arm in self.arms:
                    target[place, self.arms.index(arm)] = chance
        return self.judge(target)

    def anew(self, catalogue: Catalogue, model: OfferModel | None = None) -> Replay:
        """Decided by today's code from another catalogue. model: another one's beliefs; None: those that the
        other folds teach. Budgets are taken as open, and caps count what was really given."""
        target, unseen = np.zeros(self.might.shape), 0.0
        known, models = self._known(catalogue), self._models(model)
        for place, (asked, now) in enumerate(_questions(self.outcomes)):
            scored = score_offers(catalogue, models(place), asked, now)
            arms, chances = scored.arms, scored.chances
            for arm, chance in zip((*(o.id for o in arms.offers), NO_OFFER), chances.tolist(), strict=True):
                if arm in known and self.might[place, self.arms.index(arm)]:
                    target[place, self.arms.index(arm)] = chance
                else:
                    unseen += chance / len(target)
        return self.judge(target, unseen)

    def _known(self, catalogue: Catalogue) -> set[str]:
        """Arms that the log has seen as they stand in the catalogue."""
        seen, found = self.outcomes.seen, {NO_OFFER}
        for offer in catalogue.offers:
            if offer.id in self.arms:
                own = seen.arm == self.arms.index(offer.id)
                cost = np.array([offer.costs(basket) for basket in seen.basket[own]])
                if np.allclose(cost, seen.cost[own], rtol=SAME, atol=0.01):
                    found.add(offer.id)
        return found

    def _models(self, model: OfferModel | None) -> Callable[[int], OfferModel]:
        if model is not None:
            return lambda _: model
        seen, arms, rng = self.outcomes.seen, self.outcomes.arms, np.random.default_rng(0)
        learned = [learn(seen.where(self.fold != fold), arms, OFFER_FEATURES, rng) for fold in range(FOLDS)]
        return lambda place: learned[int(self.fold[place])]


def above(one: Log, other: Log) -> Value:
    """What `one` earns a decision above `other`: doubly robust, decision by decision."""
    scores = [each.expected + each.weight * (each.reward - each.predicted) for each in (one, other)]
    gain = scores[0] - scores[1]
    value, error = float(gain.mean()), float(gain.std(ddof=1)) / np.sqrt(len(gain))
    return Value(value, float(value - WIDTH * error), float(value + WIDTH * error))


def _questions(outcomes: Outcomes) -> Iterator[tuple[OfferContext, datetime]]:
    """Each decision as it was asked, with what that customer had been given by then."""
    had: dict[str, tuple[Given, ...]] = {}
    for row in outcomes.decided.iter_rows(named=True):
        customer, now = row["customer_id"], row["decided_at"]
        given = had.get(customer, ())
        yield (
            OfferContext(
                customer_id=customer,
                features=dict(zip(TOLD, row["values"], strict=True)),
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
