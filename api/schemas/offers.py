"""The shapes of questions and answers about offers and sets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from api.schemas.recommendations import MAX_K, ExperimentAnswer, Ids, Language, ReasonAnswer
from api.schemas.revisions import CatalogueVersion
from features.catalogue.local import Currency
from features.events.vocabulary import Id
from recommender.offers.catalogue import Catalogue


class CatalogueToSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole catalogue, in place of the one before. With `revision`, the one you changed, nobody's work is
    lost."""

    catalogue: Catalogue
    revision: int | None = None


class CatalogueAnswer(msgspec.Struct, frozen=True):
    """The catalogue in full, what is odd about it, and the versions that are kept, newest first."""

    revision: int
    saved_at: datetime | None
    catalogue: Catalogue
    warnings: list[str]
    versions: list[CatalogueVersion]


class OfferAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom an offer is for: a customer, or a browser by which nobody is known yet. cart: product ids, one an
    item; left out: what live events put into it. k: how many products to name with it, at most. personalise:
    false for who said no to profiling: nothing is decided about them. country: whose prices count, else the
    customer's. preview: what would be decided now; nothing is promised or counted."""

    customer_id: Id | None = None
    anonymous_id: Id | None = None
    channel: Id = "web"
    cart: Ids = ()
    k: Annotated[int, msgspec.Meta(ge=0, le=MAX_K)] = 3
    personalise: bool = True
    country: Id | None = None
    preview: bool = False

    def __post_init__(self) -> None:
        if self.customer_id is None and self.anonymous_id is None:
            raise ValueError("customer_id, or anonymous_id of a visitor without one, is needed")

    @property
    def visitor(self) -> str:
        """The customer, or else the browser."""
        return self.customer_id or self.anonymous_id or ""


class OfferReason(msgspec.Struct, frozen=True):
    """Why this one; why_not: offer id -> why not that one."""

    code: str
    text: str
    why_not: dict[str, str] = {}


class OfferAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The next best offer, or `offer_id` "none". discount: per cent where `kind` is `percentage`, money where
    it is `amount`, else 0. expected_incremental_margin: money above no offer, with the ends of 90 %;
    margin_assumed: whether it goes by a margin that the shop assumes, since costs are not known.

    Without a `decision_id` nothing was decided or counted: `degraded_reasons` says what was missing, or the
    reason's code is `withheld`, by an experiment or the holdout.
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
    margin_assumed: bool = False
    reason: OfferReason
    experiment: ExperimentAnswer | None = None
    degraded_reasons: list[str] = []


class SetsAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """product_id: sets that hold it; else cart: sets that go on from it (left out: what live events put into
    it); neither: the shop's best. language, country, currency, personalise: as of `/v1/recommendations`."""

    product_id: Id | None = None
    cart: Ids = ()
    customer_id: Id | None = None
    anonymous_id: Id | None = None
    customer_token: Id | None = None
    k: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    language: Language | None = None
    country: Id | None = None
    currency: Currency | None = None
    personalise: bool = True


class SetItem(msgspec.Struct, frozen=True):
    """One product of a set, as the shelf has it."""

    product_id: str
    title: str | None = None
    price: float | None = None
    currency: str | None = None
    url: str | None = None
    image_url: str | None = None


class SetAnswer(msgspec.Struct, frozen=True):
    """One set. discount: share of the list price; support: orders of the last year with all of it; lift: how
    much more often all of it is bought together than by chance, 0 where that is not known.

    With a secret key also expected_margin_gain: money a year above selling the parts alone, those who would
    have bought the set anyway taken off; pricing: why this price; margin_assumed: whether a cost of it is
    not known.
    """

    items: list[SetItem]
    name: str
    list_price: float
    bundle_price: float
    discount: float
    support: int
    lift: float
    reason: ReasonAnswer
    expected_margin_gain: float | None = None
    pricing: str | None = None
    margin_assumed: bool | None = None


class SetsAnswer(msgspec.Struct, frozen=True):
    """Sets, best first."""

    bundles: list[SetAnswer]
    model_version: str | None
    degraded_reasons: Sequence[str]
