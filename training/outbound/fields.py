"""What other services learn of a customer: segment, tier, value, next order and picks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
import numpy as np

from features.live.customer_facts import CustomerState
from recommender.context.request import Request
from recommender.customers.build_profile import build_profile
from recommender.customers.live_profile import with_live_state
from recommender.customers.profile import Profile
from recommender.lifecycle.knowledge import Knowledge
from recommender.recommend import Recommender

PICKS = 4
DIGEST_BYTES = 12
CARD_TEXTS = ("title", "url", "image_url", "price")
Flat = dict[str, str | float]


class CustomerFields(msgspec.Struct, frozen=True, omit_defaults=True):
    """value_365d: money expected within a year, with the ends of its 90 % interval; next_order: the expected
    day, with its ends; picks: products as answers show them, best first."""

    segment: str | None = None
    tier: str | None = None
    currency: str | None = None
    value_365d: float | None = None
    value_365d_low: float | None = None
    value_365d_high: float | None = None
    next_order: date | None = None
    next_order_earliest: date | None = None
    next_order_latest: date | None = None
    picks: tuple[dict[str, Any], ...] = ()

    def digest(self) -> bytes:
        """Of what matters: a value that moves by some percent, or a date within its week, is no news."""
        week = self.next_order and self.next_order - timedelta(days=self.next_order.weekday())
        value = f"{self.value_365d:.1e}" if self.value_365d else ""
        content = msgspec.json.encode((self.segment, self.tier, self.currency, value, week, self.picks))
        return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()


def profile_of(knowledge: Knowledge, customer_id: str, state: CustomerState, now: float) -> Profile:
    """A customer by the model and what happened since. now: epoch s."""
    model, tiers = knowledge.recommender, knowledge.tiers
    trained = build_profile(
        customer_id,
        model.bundle if model else None,
        model.availability if model else None,
        state.shopper.purchases,
        tiers if tiers.tiers else None,
        now,
        np.random.default_rng(0),  # the same customer, the same figures
    )
    return with_live_state(trained, state, tiers)


def fields_of(knowledge: Knowledge, customer_id: str, state: CustomerState, now: float) -> CustomerFields:
    """What a service learns of the customer. Who is held out gets the picks that held-out visitors see."""
    profile = profile_of(knowledge, customer_id, state, now)
    value, order = profile.predicted_clv_365d, profile.next_order_date
    return CustomerFields(
        segment=profile.segment,
        tier=profile.tier.name if profile.tier else None,
        currency=profile.currency,
        value_365d=round(value.value, 2) if value else None,
        value_365d_low=round(value.low, 2) if value else None,
        value_365d_high=round(value.high, 2) if value else None,
        next_order=order.expected if order else None,
        next_order_earliest=order.earliest if order else None,
        next_order_latest=order.latest if order else None,
        picks=_picks(knowledge, customer_id, state, now),
    )


def cards_of(knowledge: Knowledge, products: tuple[str, ...]) -> list[dict[str, Any]]:
    """Products as answers show them; of one that the model does not know its id alone."""
    model = knowledge.recommender
    rows = [model.bundle.tables.products.row(name) for name in products] if model else [-1] * len(products)
    return [
        _cards(model, [row])[0] if row >= 0 else {"product_id": name}
        for name, row in zip(products, rows, strict=True)
    ]


def flat(fields: CustomerFields | None, picks: int = PICKS) -> Flat:
    """Every field under a name of its own, for services that keep no lists; "" where there is nothing."""
    known: Mapping[str, Any] = msgspec.to_builtins(fields) if fields else {}
    single: Flat = {name: known.get(name, "") for name in CustomerFields.__struct_fields__ if name != "picks"}
    cards = [*known.get("picks", ()), *[{}] * picks][:picks]
    for rank, card in enumerate(cards, 1):
        single |= {f"pick{rank}_{name.removesuffix('_url')}": card.get(name, "") for name in CARD_TEXTS}
    return single


def _picks(
    knowledge: Knowledge, customer_id: str, state: CustomerState, now: float
) -> tuple[dict[str, Any], ...]:
    recommender = knowledge.recommender_for(customer_id, now)
    if recommender is None:
        return ()
    request = Request("email", now, state.shopper, customer_id)
    recommender = recommender.for_market_of(request)
    picks = recommender.recommend(request, PICKS, customer_id)
    return tuple(_cards(recommender, [pick.item for pick in picks]))


def _cards(model: Recommender | None, items: list[int]) -> list[dict[str, Any]]:
    shown = model.availability.show(model.bundle.tables, items) if model else []
    return [msgspec.json.decode("{" + each.fields.rstrip(",") + "}") for each in shown]
