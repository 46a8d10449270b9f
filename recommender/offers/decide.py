"""The next best offer: eligible arms by expected incremental margin, and no offer always among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from recommender.arrays.hashing import digest, uniform
from recommender.offers.catalogue import NO_OFFER, Catalogue, Offer
from recommender.offers.eligibility import OfferContext, contact_barred, why_not
from recommender.offers.incremental_margin import EvidenceLevel, OfferModel
from recommender.offers.propensities import may_pay, propensities, taken
from recommender.offers.reasons import Reason, explain, loses

Numbers = NDArray[np.float64]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """offer_id "none": no offer. expected_incremental_margin: money above no offer, with its 90 % interval;
    propensity: the chance that this arm had, exact. The same id says it is the same decision."""

    decision_id: str
    customer_id: str
    offer_id: str
    propensity: float
    expected_incremental_margin: float
    low: float
    high: float
    decided_at: datetime
    expires_at: datetime
    reason: Reason
    stage: str


class Arms(NamedTuple):
    """The offers that may be given, no offer being the arm after them, and why the others may not."""

    offers: tuple[Offer, ...]
    refused: Mapping[str, str]


class ScoredOffers(NamedTuple):
    """worth: (n_worlds, n_arms), money above no offer; chances: (n_arms), exact; charges: (n_arms), what the
    budgets ask for each; no offer is the last arm."""

    arms: Arms
    stage: EvidenceLevel
    worth: Numbers
    chances: Numbers
    charges: Numbers


def decide(
    catalogue: Catalogue,
    model: OfferModel,
    asked: OfferContext,
    now: datetime,
    prices: Mapping[str, float] | None = None,
    standing: Decision | None = None,
) -> Decision:
    """What to offer this customer now (aware).

    prices: of a unit of money from each budget (`budgets.prices`). standing: their last decision, answered
    again while it is valid. The draw belongs to customer, day and catalogue: two workers asked at once
    decide the same under the same id.
    """
    if standing is not None and stands(standing, now):
        return standing
    return drawn(weigh(catalogue, model, asked, now, prices), asked, now)


def drawn(weighed: ScoredOffers, asked: OfferContext, now: datetime, edition: str = "") -> Decision:
    """The decision that the draw makes of what the arms are worth. edition: tells a day's decisions apart."""
    arms, stage, worth, chances, charges = weighed
    salt = (asked.customer_id, now.date().isoformat(), *(offer.id for offer in arms.offers))
    arm = taken(chances, uniform("offer", *salt))
    believed = np.sort(worth[:, arm])
    chosen = arms.offers[arm] if arm < len(arms.offers) else None
    return Decision(
        decision_id=digest("offer", *salt[:2], edition),
        customer_id=asked.customer_id,
        offer_id=chosen.id if chosen else NO_OFFER,
        propensity=float(chances[arm]),
        expected_incremental_margin=float(believed.mean()),
        low=float(believed[len(believed) // 20]),
        high=float(believed[-1 - len(believed) // 20]),
        decided_at=now,
        expires_at=_expiry(chosen, now),
        reason=explain(arms.offers, worth.mean(axis=0), charges, arm, chances, arms.refused, asked),
        stage=stage,
    )


def weigh(
    catalogue: Catalogue,
    model: OfferModel,
    asked: OfferContext,
    now: datetime,
    prices: Mapping[str, float] | None = None,
) -> ScoredOffers:
    """What each arm is worth and how likely it is taken: what a replay of this policy on a log needs."""
    arms, worth = _worth_a_try(arms_of(catalogue, asked, now), model, asked)
    stage, charges = model.stage_for(arms.offers), _charges(arms.offers, asked, prices or {})
    average = worth if stage == "thin" else _with_none(model.averages(arms.offers))
    chances = propensities(average - charges, worth - charges, stage, catalogue.exploration)
    return ScoredOffers(arms, stage, worth, chances, charges)


def _worth_a_try(arms: Arms, model: OfferModel, asked: OfferContext) -> tuple[Arms, Numbers]:
    """Without the offers that almost surely give more away than they bring, as far as any of this was seen;
    what the others are worth."""
    worth = model.worth(arms.offers, asked)
    kept = may_pay(worth) | ~model.tried(arms.offers)
    if kept.all():
        return arms, _with_none(worth)
    lost = {
        offer.id: loses(offer, float(mean), asked, model.anyway_chance(asked))
        for offer, mean, keep in zip(arms.offers, worth.mean(axis=0), kept, strict=True)
        if not keep
    }
    offers = tuple(offer for offer in arms.offers if offer.id not in lost)
    return Arms(offers, {**arms.refused, **lost}), _with_none(worth[:, kept])


def stands(decision: Decision, now: datetime) -> bool:
    """Whether it is the answer still. A clock may go back a day; one decided later than that was a clock's
    error, and must not stand until its error comes true."""
    return decision.decided_at - timedelta(days=1) <= now < decision.expires_at


def arms_of(catalogue: Catalogue, asked: OfferContext, now: datetime) -> Arms:
    """Who used up their contacts gets no offer, whatever it would bring."""
    if contact_barred(catalogue, asked, now):
        return Arms((), {offer.id: "they got as many offers as they may" for offer in catalogue.offers})
    why = {offer.id: why_not(offer, catalogue, asked, now) for offer in catalogue.offers}
    offers = tuple(offer for offer in catalogue.offers if why[offer.id] is None)
    return Arms(offers, {offer_id: reason for offer_id, reason in why.items() if reason is not None})


def _with_none(worth: Numbers) -> Numbers:
    """(n_worlds, n_offers + 1): no offer brings nothing in every world."""
    return np.hstack([worth, np.zeros((len(worth), 1))])


def _charges(offers: Sequence[Offer], asked: OfferContext, prices: Mapping[str, float]) -> Numbers:
    """(n_offers + 1): what the budgets charge for each offer, and nothing for none."""
    if not prices:
        return np.zeros(len(offers) + 1)
    return np.array([*(_charge(offer, prices) * offer.costs(asked.basket) for offer in offers), 0.0])


def _charge(offer: Offer, prices: Mapping[str, float]) -> float:
    return sum(prices.get(budget, 0.0) for budget in offer.budgets)


def _expiry(chosen: Offer | None, now: datetime) -> datetime:
    """No offer stands until the day is over: tomorrow somebody else may be in the shop."""
    if chosen is None:
        return datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
    last = now + timedelta(days=chosen.valid_days)
    return min(last, chosen.until) if chosen.until else last
