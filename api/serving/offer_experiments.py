"""Offers under experiments: what an arm leaves of them, nothing where a customer is held out."""

from __future__ import annotations

import time

import msgspec

from api.schemas.offers import OfferAnswer, OfferAsk, OfferReason
from api.schemas.recommendations import ExperimentAnswer
from api.serving.experiments import Treatment, record_of
from api.serving.offers import next_offer
from api.serving.service import Service
from api.web.tokens import new_token
from features.outgoing.impressions import ExperimentAssignment
from recommender.experiments.plan import OFFERS
from recommender.offers.catalogue import NO_OFFER, Catalogue

_experiment_of = msgspec.json.Decoder(ExperimentAnswer | None).decode


async def offer_in_trial(service: Service, ask: OfferAsk) -> OfferAnswer:
    """The next best offer of those that this customer may get. What was promised before stands. Raises
    StoreUnavailable."""
    treatment = service.treatment(ask.customer_id, OFFERS, time.time())
    left = offers_of(service.offers, treatment)
    answer = await next_offer(service, ask, left)
    if treatment.recommender is None or not service.offers.offers:
        return answer
    if answer.degraded_reasons == ["no_offers"]:
        answer = withheld(treatment.treated)
    # Noted whatever came of it: who was asked about must not depend on the arm.
    known_as = answer.decision_id or f"r-{new_token()}"
    service.served.add(record_of(treatment, known_as, OFFERS, (), answer.products, ask.customer_id))
    return msgspec.structs.replace(answer, experiment=_experiment_of(treatment.told))


def offers_of(catalogue: Catalogue, treatment: Treatment) -> Catalogue:
    """The offers that an arm leaves."""
    left = () if treatment.treated.held_out else treatment.arm.offers if treatment.arm else None
    if left is None:
        return catalogue
    return msgspec.structs.replace(catalogue, offers=tuple(o for o in catalogue.offers if o.id in left))


def withheld(treated: ExperimentAssignment) -> OfferAnswer:
    """No offer, on purpose: by that it is told what offers earn."""
    text = (
        f"Held out: {treated.holdout:.0%} of customers get no offers, so that it can be told what they earn."
        if treated.held_out
        else f"The arm `{treated.arm}` of the experiment `{treated.experiment}` makes no offers."
    )
    return OfferAnswer(offer_id=NO_OFFER, reason=OfferReason("withheld", text))
