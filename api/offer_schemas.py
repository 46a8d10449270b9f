"""The shapes of questions and answers about offers and sets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from api.schemas import MAX_K, Ids
from features.events import Id
from recommender.offer_catalogue import Catalogue


class CatalogueToSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole catalogue, in place of the one before. With `revision`, the one you changed, nobody's work is
    lost."""

    catalogue: Catalogue
    revision: int | None = None


class CatalogueVersion(msgspec.Struct, frozen=True):
    """A version that can be gone back to."""

    revision: int
    saved_at: datetime | None
    offers: int


class CatalogueAnswer(msgspec.Struct, frozen=True):
    """The catalogue in full, what is odd about it, and the versions that are kept, newest first."""

    revision: int
    saved_at: datetime | None
    catalogue: Catalogue
    warnings: list[str]
    versions: list[CatalogueVersion]


class OfferAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom an offer is for. cart: product ids, one an item; left out: what live events put into it. k: how
    many products to name with it, at most."""

    customer_id: Id
    channel: Id = "web"
    cart: Ids = ()
    k: Annotated[int, msgspec.Meta(ge=0, le=MAX_K)] = 3


class OfferReason(msgspec.Struct, frozen=True):
    """Why this one; why_not: offer id -> why not that one."""

    code: str
    text: str
    why_not: dict[str, str] = {}


class OfferAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The next best offer, or `offer_id` "none". discount: per cent where `kind` is `percentage`, money where
    it is `amount`, else 0. expected_incremental_margin: money above no offer, with the ends of 90 %.

    Without a `decision_id` nothing was decided or counted: `degraded_reasons` says what was missing.
    """

    offer_id: str
    kind: str | None = None
    name: str = ""
    products: list[str] = []
    discount: float = 0.0
    decided_at: datetime | None = None
    expires_at: datetime | None = None
    expected_incremental_margin: float | None = None
    low: float | None = None
    high: float | None = None
    propensity: float | None = None
    decision_id: str | None = None
    stage: str | None = None
    reason: OfferReason
    degraded_reasons: list[str] = []
