"""The next best offer: eligible arms by expected incremental margin, and no offer always among them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import numpy as np

from recommender.arrays.dtypes import Float64s
from recommender.arrays.hashing import digest_of, uniform
from recommender.offers.catalogue import NO_OFFER, Catalogue, Offer
from recommender.offers.eligibility import OfferContext, barred_by, less_interesting, why_not
from recommender.offers.incremental_margin import EvidenceLevel, OfferModel
from recommender.offers.propensities import may_pay, propensities, sample_arm
from recommender.offers.reasons import DecisionReason, explain, loss_reason


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """offer_id "none": no offer. expected_incremental_margin: money above no offer, with its 90 % interval;
    propensity: the exact chance that this arm had. Equal ids mean the same decision."""

    decision_id: str
    customer_id: str
    offer_id: str
    propensity: float
    expected_incremental_margin: float
    low: float
    high: float
    decided_at: datetime
    expires_at: datetime
    reason: DecisionReason
    stage: str
    margin_assumed: bool = False


class Arms(NamedTuple):
    """The offers that may be given, and why the others may not. The arm after the last offer is no offer."""

    offers: tuple[Offer, ...]
    refused: Mapping[str, str]


class BudgetPrice(NamedTuple):
    """price: what a unit of the budget's money must bring; share: by how much less it explores, where it is
    so short that exploration would take a larger part of it than of all decisions."""

    price: float = 0.0
    share: float = 1.0


class ScoredOffers(NamedTuple):
    """incremental_margin: (n_worlds, n_arms), money above no offer; chances: (n_arms), exact propensities;
    charges: (n_arms), the budgets' price of each; no offer is the last arm."""

    arms: Arms
    stage: EvidenceLevel
    incremental_margin: Float64s
    chances: Float64s
    charges: Float64s


def decide(
    catalogue: Catalogue,
    model: OfferModel,
    context: OfferContext,
    now: datetime,
    prices: Mapping[str, BudgetPrice] | None = None,
    previous: Decision | None = None,
) -> Decision:
    """What to offer this customer now (aware).

    prices: of a unit of money from each budget (`budgets.prices`). previous: their last decision, returned
    again while it is valid. Customer, day and catalogue seed the draw: two workers that decide at the same
    time come to the same decision with the same id.
    """
    if previous is not None and is_valid(previous, now):
        return previous
    return draw_decision(score_offers(catalogue, model, context, now, prices), context, now)


def draw_decision(
    scored: ScoredOffers, context: OfferContext, now: datetime, state_hash: str = ""
) -> Decision:
    """Draws an arm by its propensity. state_hash: tells apart the ids of a customer's decisions of a day."""
    arms, stage, gain, chances, charges = scored
    salt = (context.customer_id, now.date().isoformat(), *(offer.id for offer in arms.offers))
    arm = sample_arm(chances, uniform("offer", *salt))
    gains = np.sort(gain[:, arm])
    chosen = arms.offers[arm] if arm < len(arms.offers) else None
    return Decision(
        decision_id=digest_of("offer", *salt[:2], state_hash),
        customer_id=context.customer_id,
        offer_id=chosen.id if chosen else NO_OFFER,
        propensity=float(chances[arm]),
        expected_incremental_margin=float(gains.mean()),
        low=float(gains[len(gains) // 20]),
        high=float(gains[-1 - len(gains) // 20]),
        decided_at=now,
        expires_at=_expiry(chosen, now),
        reason=explain(arms.offers, gain.mean(axis=0), charges, arm, chances, arms.refused, context),
        stage=stage,
        margin_assumed=context.margin_assumed,
    )


def score_offers(
    catalogue: Catalogue,
    model: OfferModel,
    context: OfferContext,
    now: datetime,
    prices: Mapping[str, BudgetPrice] | None = None,
) -> ScoredOffers:
    """The incremental margin and the propensity of each arm. A replay of this policy on a log needs both."""
    arms, gain = arms_worth_trying(catalogue, model, context, now)
    stage, prices = model.stage_for(arms.offers), prices or {}
    average = gain if stage == "thin" else with_none(model.averages(arms.offers))
    charges = _charges(arms.offers, context, prices)
    explored = explored_chances(arms.offers, catalogue.exploration, prices)
    chances = propensities(average, gain, stage, explored, charges if any_short(prices) else None)
    return ScoredOffers(arms, stage, gain, chances, charges)


def any_short(prices: Mapping[str, BudgetPrice]) -> bool:
    """Whether some budget has not enough money for everybody."""
    return any(each.price > 0 for each in prices.values())


def explored_chances(
    offers: Sequence[Offer], exploration: float, prices: Mapping[str, BudgetPrice]
) -> Float64s:
    """(n_offers + 1): chance of each arm that is left to exploration; no offer is the last."""
    shares = [min((prices[b].share for b in o.budgets if b in prices), default=1.0) for o in offers]
    explored = np.append(shares, 0.0) * exploration / (len(offers) + 1)
    explored[-1] = exploration - explored.sum()
    return explored


def arms_worth_trying(
    catalogue: Catalogue, model: OfferModel, context: OfferContext, now: datetime
) -> tuple[Arms, Float64s]:
    """(arms, (n_worlds, n_arms) gain) without the offers that were tried and almost surely give away more
    than they bring."""
    arms = arms_of(catalogue, context, now)
    gain = model.incremental_margin(arms.offers, context)
    kept = may_pay(gain) | ~model.tried(arms.offers)
    if kept.all():
        return arms, with_none(gain)
    lost = {
        offer.id: loss_reason(offer, float(mean), context, model.anyway_chance(context))
        for offer, mean, keep in zip(arms.offers, gain.mean(axis=0), kept, strict=True)
        if not keep
    }
    offers = tuple(offer for offer in arms.offers if offer.id not in lost)
    return Arms(offers, {**arms.refused, **lost}), with_none(gain[:, kept])


def is_valid(decision: Decision, now: datetime) -> bool:
    """Whether the decision may still be returned. A clock may go back by a day; a decision dated further
    ahead comes from a wrong clock and is dropped."""
    return decision.decided_at - timedelta(days=1) <= now < decision.expires_at


def arms_of(catalogue: Catalogue, context: OfferContext, now: datetime) -> Arms:
    """A customer who is held back or used up the contact budget gets no offer, whatever it would bring."""
    if (barred := barred_by(catalogue, context, now)) is not None:
        return Arms((), dict.fromkeys((offer.id for offer in catalogue.offers), barred))
    why = {offer.id: why_not(offer, catalogue, context, now) for offer in catalogue.offers}
    why |= less_interesting([offer for offer in catalogue.offers if why[offer.id] is None], context)
    offers = tuple(offer for offer in catalogue.offers if why[offer.id] is None)
    return Arms(offers, {offer_id: reason for offer_id, reason in why.items() if reason is not None})


def with_none(gain: Float64s) -> Float64s:
    """(n_worlds, n_offers + 1): adds the arm of no offer, which brings 0 in every world."""
    arms = np.zeros((gain.shape[0], gain.shape[1] + 1))
    arms[:, :-1] = gain
    return arms


def _charges(offers: Sequence[Offer], context: OfferContext, prices: Mapping[str, BudgetPrice]) -> Float64s:
    """(n_offers + 1): what the budgets charge for each offer; 0 for no offer, the last."""
    if not prices:
        return np.zeros(len(offers) + 1)
    return np.array([*(_charge(offer, prices) * offer.costs(context.basket) for offer in offers), 0.0])


def _charge(offer: Offer, prices: Mapping[str, BudgetPrice]) -> float:
    return sum(prices[budget].price for budget in offer.budgets if budget in prices)


def _expiry(chosen: Offer | None, now: datetime) -> datetime:
    """A decision for no offer expires with the day: what is known of the customer may change by tomorrow."""
    if chosen is None:
        return datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
    last = now + timedelta(days=chosen.valid_days)
    return min(last, chosen.until) if chosen.until else last
