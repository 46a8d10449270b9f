"""The shapes of a question about one customer, and of its answer."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from api.schemas.offers import OfferAnswer
from api.schemas.recommendations import PicksAnswer
from recommender.customers.profile import Profile

Part = Literal["picks", "offers", "orders", "tickets", "messages", "email"]


class CustomerAsk(msgspec.Struct, frozen=True, rename={"parts": "with"}):
    """`with`: what else to tell, separated by commas. `picks`: products to suggest, nothing noted as sent;
    `offers`: the next best offer, decided and counted as by `POST /v1/offers`; `orders`: the latest orders,
    and what was bought; `messages`: those that are due to them; `email`: their address, where it is kept;
    `tickets` are in every profile."""

    parts: Annotated[tuple[Part, ...], msgspec.Meta(max_length=6)] = ()


class LatestOrder(msgspec.Struct, frozen=True):
    """An order that came live, less what was taken back. products: product_id -> quantity."""

    order_id: str
    at: datetime
    products: dict[str, float]


class Bought(msgspec.Struct, frozen=True):
    """A product of the history: in how many orders, and the day of the last."""

    product_id: str
    title: str
    orders: int
    last: date


class MessageDue(msgspec.Struct, frozen=True):
    """A message that may be sent until it expires."""

    id: str
    kind: str
    due_at: datetime
    expires_at: datetime


class CustomerAnswer(Profile, frozen=True):
    """One customer, as of now, and what `with` asked for. Figures that are not known are null.

    known: the history has an order or a live event of theirs. revenue: in `currency`, net of discounts and
    refunds; orders since the last training count at today's prices. consent: to e-mail; consents: by channel,
    where the customer stated one. Country, language, consent and demographics are those stated last. viewed,
    cart: of the live log, newest first; tickets: open ones first. email: several addresses with `, ` between,
    null where none is kept. latest_orders: of the live log; bought: as of the last training, newest first.
    """

    email: str | UnsetType | None = UNSET
    picks: PicksAnswer | UnsetType = UNSET
    offer: OfferAnswer | UnsetType = UNSET
    latest_orders: list[LatestOrder] | UnsetType = UNSET
    bought: list[Bought] | UnsetType = UNSET
    messages_due: list[MessageDue] | UnsetType = UNSET
