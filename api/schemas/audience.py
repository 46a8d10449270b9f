"""The customers most likely to buy: the question and the answer."""

from typing import Annotated, Any, Literal

import msgspec

from features.events.consents import Channel
from features.events.vocabulary import Id

MOST_CUSTOMERS, MOST_PRODUCTS = 10_000, 50


class AudienceAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which products, and how many customers at most.

    `consent`: `opt_in`, only who agreed to `channel`; `opt_out`, all who did not refuse; `any`, whatever they
    said. `buyers` false: none who has bought one of the products already. `countries`: customers of these
    alone.
    """

    products: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=MOST_PRODUCTS)]
    k: Annotated[int, msgspec.Meta(ge=1, le=MOST_CUSTOMERS)] = 1_000
    consent: Literal["opt_in", "opt_out", "any"] = "opt_in"
    channel: Channel = "email"
    buyers: bool = True
    countries: Annotated[tuple[Id, ...], msgspec.Meta(max_length=300)] = ()


class LikelyReason(msgspec.Struct, frozen=True):
    """`bought_before` (`orders`), `goes_with` (`product_id`: what they bought it goes with), or `taste`
    (`products`: how many they bought)."""

    code: str
    evidence: dict[str, Any]


class LikelyCustomer(msgspec.Struct, frozen=True):
    """One customer. score: the likeliest of all has 1; for comparing within one answer."""

    customer_id: str
    score: float
    reason: LikelyReason


class AudienceAnswer(msgspec.Struct, frozen=True):
    """The likeliest first. without_consent: how many before the last one are left out for it; bought_since:
    for having bought one of the products since training; unknown: products that the model does not know."""

    model_version: str | None
    customers: list[LikelyCustomer]
    without_consent: int
    unknown: list[str]
    bought_since: int
