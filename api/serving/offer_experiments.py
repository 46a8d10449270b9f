"""Offers under experiments: what an arm leaves of them, nothing where a customer is held out."""

import time
from datetime import UTC, datetime

import msgspec

from api.schemas.offers import OfferAnswer, OfferAsk, OfferReason
from api.schemas.recommendations import ExperimentAnswer
from api.serving.experiments import Treatment
from api.serving.offers import next_offer, nothing_decided
from api.serving.service import Service
from api.web.tokens import new_token
from features.events.nobody import is_nobody, somebody
from features.outgoing.impressions import ExperimentAssignment, ServedRecord
from recommender.experiments.plan import OFFERS
from recommender.offers.catalogue import NO_OFFER, Catalogue
from recommender.recommend import Recommender

_experiment_of = msgspec.json.Decoder(ExperimentAnswer | None).decode


async def offer_in_trial(service: Service, ask: OfferAsk) -> OfferAnswer:
    """The next best offer among those that this customer's arm leaves; an earlier promise stays valid.

    Raises StoreUnavailable.
    """
    if all(name is None or is_nobody(name) for name in (ask.customer_id, ask.anonymous_id)):
        return nothing_decided("nobody")
    known = visitor_of(service, ask)
    if known is None:
        return nothing_decided("erased")
    if not ask.personalise:
        return nothing_decided("no_profiling")
    ask = known
    treatment = service.treatment(ask.visitor, OFFERS, time.time())
    left = offers_of(service.offers, treatment)
    answer = await next_offer(service, ask, left)
    if (
        treatment.recommender is None
        or not service.offers.offers
        or answer.degraded_reasons == ["no_profiling"]
    ):
        return answer
    if answer.degraded_reasons == ["no_offers"]:
        answer = withheld(treatment.assignment)
    if not ask.preview:
        # Noted with and without an offer: whose purchases are compared must not depend on the arm.
        service.served.add(_record(ask, answer, treatment.recommender, treatment.assignment))
    return msgspec.structs.replace(answer, experiment=_experiment_of(treatment.experiment_json))


def _record(
    ask: OfferAsk, answer: OfferAnswer, recommender: Recommender, assignment: ExperimentAssignment
) -> ServedRecord:
    return ServedRecord(
        recommendation_id=answer.decision_id or f"r-{new_token()}",
        at=datetime.now(UTC),
        placement=OFFERS,
        product_ids=tuple(answer.products),
        customer_id=ask.customer_id,
        anonymous_id=ask.anonymous_id,
        model_version=recommender.bundle.manifest.version,
        treated=assignment,
    )


def visitor_of(service: Service, ask: OfferAsk) -> OfferAsk | None:
    """The question under the names that may be used; None: it is about somebody who was erased.

    An id that names nobody is as none; without a customer it is the browser's question.
    """
    browser = somebody(ask.anonymous_id)
    named = somebody(ask.customer_id)
    customer = service.customer(named)
    if (named and customer is None) or (browser and service.erased.holds("browser", browser)):
        return None
    return msgspec.structs.replace(ask, customer_id=customer, anonymous_id=browser)


def offers_of(catalogue: Catalogue, treatment: Treatment) -> Catalogue:
    """The offers that an arm leaves."""
    left = () if treatment.assignment.held_out else treatment.arm.offers if treatment.arm else None
    if left is None:
        return catalogue
    return msgspec.structs.replace(catalogue, offers=tuple(o for o in catalogue.offers if o.id in left))


def withheld(assignment: ExperimentAssignment) -> OfferAnswer:
    """No offer, on purpose: customers without offers are what the others are compared with."""
    text = (
        f"Held out: {assignment.holdout:.0%} of customers get no offers, "
        "so that it can be told what they earn."
        if assignment.held_out
        else f"The arm `{assignment.arm}` of the experiment `{assignment.experiment}` makes no offers."
    )
    return OfferAnswer(offer_id=NO_OFFER, reason=OfferReason("withheld", text))
