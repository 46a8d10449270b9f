"""One offer decision from start to end: look up, weigh, count; nothing is promised that is not counted."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from api.schemas.offers import OfferAnswer, OfferAsk, OfferReason
from api.serving.answering import shown_products
from api.serving.service import Service
from api.serving.tiers import tier_plan
from api.web.replies import encode
from features.live.customer_facts import CustomerState, fold_customer
from features.live.ingest import read_log
from features.live.shopper_state import ShopperState
from features.outgoing.offer_decisions import Charge, DecisionRecord, OfferState, keep_decision, read_offers
from recommender.arrays.hashing import digest_of
from recommender.context.request import Request
from recommender.customers.offer_context import (
    ON_SITE,
    OfferRequest,
    build_offer_context,
    cart_value,
    model_of,
)
from recommender.lifecycle.timing import held_back_until
from recommender.offers.catalogue import NO_OFFER, Catalogue, Offer
from recommender.offers.eligibility import OfferContext
from recommender.offers.promise import (
    OfferChoice,
    Promise,
    cart_class,
    charges,
    choose_offer,
    question_of,
    standing_promise,
)
from recommender.recommend import Recommender

ATTEMPTS = 4
NOTHING_DECIDED = {
    "no_offers": "The shop has no offers yet: set them with PUT /v1/offers/catalogue.",
    "no_model": "There is no model yet: run `perennial train`.",
    "no_costs": "Nothing says what an order earns: import costs or set `assumed_margins`; train on orders.",
    "store_unavailable": "What was given already cannot be looked up or counted at the moment.",
    "erased": "This person was erased: nothing is kept about them, and so nothing can be promised.",
    "nobody": "This id names nobody: send the shop's own id of the customer, or their `anonymous_id`.",
    "no_profiling": "They said no to profiling, and offers are decided from what is known of somebody.",
    "busy": "Others asked for the same customer or budget at the same moment: ask again.",
}


@dataclass(frozen=True)
class DecisionContext:
    """One question, and everything that it is decided from."""

    service: Service
    recommender: Recommender
    ask: OfferAsk
    customer: CustomerState
    state: OfferState
    catalogue: Catalogue
    question: str
    now: datetime

    @property
    def shopper(self) -> ShopperState:
        """What the visitor did lately."""
        return self.customer.shopper

    async def decide(self) -> OfferAnswer | None:
        """Decide, and count it; None: another decision or a spent budget came first."""
        by_tier = any(offer.eligible.tiers for offer in self.catalogue.offers)
        plan = await asyncio.to_thread(tier_plan, self.service.home) if by_tier else None
        bundle, shelf = self.recommender.bundle, self.recommender.availability
        offer_context = build_offer_context(
            self._offer_request(), self.catalogue, bundle, shelf, plan, self.now
        )
        return nothing_decided("no_costs") if offer_context is None else await self._promise(offer_context)

    def _offer_request(self) -> OfferRequest:
        ask, state = self.ask, self.state
        held_ms = held_back_until(self.customer, self.service.holds, int(self.now.timestamp() * 1000))
        return OfferRequest(
            ask.customer_id,
            ask.visitor,
            ask.channel,
            Counter(ask.cart),
            self.shopper,
            state.facts,
            state.promises.given,
            state.spent,
            state.contacts,
            datetime.fromtimestamp(held_ms / 1000, UTC) if held_ms else None,
        )

    async def _promise(self, offer_context: OfferContext) -> OfferAnswer | None:
        catalogue, revision = self.catalogue, self.service.offers_revision
        state_hash = digest_of(str(revision), self.state.packed.decode(errors="replace"))
        model, prices = model_of(self.recommender.bundle.tables), self.service.offer_prices.by_budget
        choice = choose_offer(catalogue, model, offer_context, self.now, state_hash, prices)
        promise = Promise(choice.decision, choice.offer, self._products(choice.offer), revision)
        if self.ask.preview:
            return msgspec.structs.replace(answer_of(promise, self.ask.k), decision_id=None)
        given = choice.offer.id if choice.offer else None
        kept = await keep_decision(
            self.service.writes,
            self.state,
            self.state.promises.with_decision(
                self.question, encode(promise), given, int(self.now.timestamp() * 1000)
            ),
            decision_record(choice, self.ask, revision, self.recommender.bundle.manifest.version),
            [Charge(*each) for each in charges(choice, catalogue)],
            choice.decision.decision_id if given and self._is_sent else "",
        )
        return answer_of(promise, self.ask.k) if kept else None

    @property
    def _is_sent(self) -> bool:
        """Whether the offer goes out as a message to a customer."""
        return self.ask.customer_id is not None and self.ask.channel not in ON_SITE

    def _products(self, offer: Offer | None) -> tuple[str, ...]:
        """What the offer is about, else what suits this customer now."""
        if offer is None or self.ask.k == 0:
            return ()
        if offer.products:
            return offer.products
        cart, customer = self.ask.cart, self.ask.customer_id
        placement = "cart" if cart or self.shopper.cart else "home"
        wanted = Request(placement, self.now.timestamp(), self.shopper, customer, cart=cart)  # type: ignore[arg-type]
        picks = self.recommender.recommend(wanted, self.ask.k, self.ask.visitor)
        return tuple([shown.product_id for shown in shown_products(self.recommender, picks)])


async def next_offer(service: Service, ask: OfferAsk, catalogue: Catalogue) -> OfferAnswer:
    """The promise that is still valid, or what is decided now. Raises StoreUnavailable."""
    for _ in range(ATTEMPTS):
        now = datetime.now(UTC)
        log, state = await asyncio.gather(
            read_log(service.store, ask.customer_id, ask.anonymous_id),
            read_offers(service.store, ask.visitor, identified=ask.customer_id is not None),
        )
        if log.refused:
            return nothing_decided("no_profiling")
        customer = fold_customer(log.entries, state.facts)
        serving = _in_market(service, ask, now)
        cart = _cart_value(serving, ask, customer.shopper)
        carts = cart_class(catalogue, cart)
        decisions, revision = state.promises.decisions, service.offers_revision
        standing = standing_promise(decisions, ask.channel, carts, cart, revision, now)
        if standing is not None:
            return answer_of(standing, ask.k)
        if serving is None:
            return nothing_decided("no_model")
        if not catalogue.offers:
            return nothing_decided("no_offers")
        question = question_of(ask.channel, carts)
        context = DecisionContext(service, serving, ask, customer, state, catalogue, question, now)
        answer = await context.decide()
        if answer is not None:
            return answer
    return nothing_decided("busy")


def _in_market(service: Service, ask: OfferAsk, now: datetime) -> Recommender | None:
    """The model with the prices of the customer's country, where these are in the offers' own currency."""
    serving = service.recommender
    market = Request("cart", now.timestamp(), customer_id=ask.customer_id, country=ask.country)
    return serving and serving.for_market_of(market, own_currency=True)


def _cart_value(serving: Recommender | None, ask: OfferAsk, shopper: ShopperState) -> float:
    """Money; 0 without a model, which knows the prices."""
    if serving is None:
        return 0.0
    return cart_value(Counter(ask.cart) or shopper.cart, serving.bundle, serving.availability).value


def nothing_decided(reason: str) -> OfferAnswer:
    """No offer, and no decision either."""
    return OfferAnswer(
        offer_id=NO_OFFER,
        reason=OfferReason("nothing_decided", NOTHING_DECIDED[reason]),
        degraded_reasons=[reason],
    )


def answer_of(promise: Promise, k: int) -> OfferAnswer:
    """A promise as it is answered."""
    decision, offer = promise.decision, promise.offer
    return OfferAnswer(
        offer_id=decision.offer_id,
        kind=offer.kind if offer else None,
        name=offer.name if offer else "",
        products=list(promise.products[:k]),
        discount=offer.value if offer and offer.kind in {"percentage", "amount"} else 0.0,
        decided_at=decision.decided_at,
        expires_at=decision.expires_at,
        expected_incremental_margin=round(decision.expected_incremental_margin, 4),
        low=round(decision.low, 4),
        high=round(decision.high, 4),
        propensity=decision.propensity,
        decision_id=decision.decision_id,
        stage=decision.stage,
        margin_assumed=decision.margin_assumed,
        reason=OfferReason(decision.reason.code, decision.reason.text, decision.reason.why_not),
    )


def decision_record(choice: OfferChoice, ask: OfferAsk, revision: int, model_version: str) -> DecisionRecord:
    """A decision as the log keeps it."""
    decision, scored, offer_context = choice.decision, choice.scored, choice.context
    return DecisionRecord(
        decision_id=decision.decision_id,
        decided_at=decision.decided_at,
        expires_at=decision.expires_at,
        customer_id=ask.customer_id,
        anonymous_id=ask.anonymous_id,
        channel=ask.channel,
        offer_id=decision.offer_id,
        propensity=decision.propensity,
        stage=decision.stage,
        arms=(*(offer.id for offer in scored.arms.offers), NO_OFFER),
        chances=tuple(scored.chances.tolist()),
        worth=tuple(scored.incremental_margin.mean(axis=0).tolist()),
        features=tuple(offer_context.features),
        values=tuple(offer_context.features.values()),
        basket=offer_context.basket,
        margin=offer_context.margin,
        cost=choice.offer.costs(offer_context.basket) if choice.offer else 0.0,
        catalogue_revision=revision,
        model_version=model_version,
        cart=offer_context.cart,
        segment=offer_context.segment,
        tier=offer_context.tier,
        country=offer_context.country,
        first_order=offer_context.first_order,
        consent=offer_context.consent,
    )
