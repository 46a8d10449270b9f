"""The next best offer: eligible arms by expected incremental margin, and no offer always among them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from recommender.draws import digest, uniform
from recommender.offer_catalogue import NO_OFFER, Catalogue, Offer
from recommender.offer_choice import propensities, taken
from recommender.offer_eligibility import Asked, contact_barred, why_not
from recommender.offer_model import OfferModel
from recommender.offer_reasons import Reason, explain

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


def decide(
    catalogue: Catalogue,
    model: OfferModel,
    asked: Asked,
    now: datetime,
    prices: Mapping[str, float] | None = None,
    standing: Decision | None = None,
) -> Decision:
    """What to offer this customer now (aware).

    prices: of a unit of money from each budget (`budgets.prices`). standing: their last decision, answered
    again while it is valid. The draw belongs to customer, day and
    catalogue: two workers asked at once decide the same under the same id.
    """
    if standing is not None and stands(standing, now):
        return standing
    arms = arms_of(catalogue, asked, now)
    average, personal = (_net(model, arms, asked, prices or {}, personal=own) for own in (False, True))
    stage = model.stage_for(arms.offers)
    chances = propensities(average, personal, stage, catalogue.exploration)
    salt = (asked.customer_id, now.date().isoformat(), *(offer.id for offer in arms.offers))
    arm = taken(chances, uniform("offer", *salt))
    worth = np.c_[model.worth(arms.offers, asked, personal=stage == "personal"), np.zeros(len(model.worlds))]
    low, high = np.quantile(worth[:, arm], [0.05, 0.95])
    chosen = arms.offers[arm] if arm < len(arms.offers) else None
    return Decision(
        decision_id=digest("offer", *salt[:2]),
        customer_id=asked.customer_id,
        offer_id=chosen.id if chosen else NO_OFFER,
        propensity=float(chances[arm]),
        expected_incremental_margin=float(worth[:, arm].mean()),
        low=float(low),
        high=float(high),
        decided_at=now,
        expires_at=_expiry(chosen, now),
        reason=explain(arms.offers, worth.mean(axis=0), arm, chances, arms.refused, asked),
        stage=stage,
    )


def stands(decision: Decision, now: datetime) -> bool:
    """Whether it is the answer still. A clock may go back a day; one decided later than that was a clock's
    error, and must not stand until its error comes true."""
    return decision.decided_at - timedelta(days=1) <= now < decision.expires_at


def arms_of(catalogue: Catalogue, asked: Asked, now: datetime) -> Arms:
    """Who used up their contacts gets no offer, whatever it would bring."""
    if contact_barred(catalogue, asked, now):
        return Arms((), {offer.id: "they got as many offers as they may" for offer in catalogue.offers})
    why = {offer.id: why_not(offer, catalogue, asked, now) for offer in catalogue.offers}
    offers = tuple(offer for offer in catalogue.offers if why[offer.id] is None)
    return Arms(offers, {offer_id: reason for offer_id, reason in why.items() if reason is not None})


def _net(
    model: OfferModel, arms: Arms, asked: Asked, prices: Mapping[str, float], *, personal: bool
) -> Numbers:
    """(n_worlds, n_offers + 1): incremental margin less what the budgets charge; no offer is 0."""
    charges = [_charge(offer, prices) * model.expected_cost(offer, asked) for offer in arms.offers]
    worth = model.worth(arms.offers, asked, personal=personal) - np.array(charges)
    return np.hstack([worth, np.zeros((len(worth), 1))])


def _charge(offer: Offer, prices: Mapping[str, float]) -> float:
    return sum(prices.get(budget, 0.0) for budget in offer.budgets)


def _expiry(chosen: Offer | None, now: datetime) -> datetime:
    """No offer stands until the day is over: tomorrow somebody else may be in the shop."""
    if chosen is None:
        return datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
    return now + timedelta(days=chosen.valid_days)
