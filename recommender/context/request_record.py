"""What was asked for, as the log of answers keeps it: so that the same may be asked again later."""

from operator import attrgetter

import msgspec

from features.live.shopper_state import ShopperLog
from recommender.context.request import Request

ASKED_BY = frozenset({"now", "shopper", "customer_id"})  # who asked and when, which the log knows anyway
RequestParameters = msgspec.defstruct(
    "RequestParameters",
    [
        (field.name, field.type) if field.required else (field.name, field.type, field.default)
        for field in msgspec.structs.fields(Request)
        if field.name not in ASKED_BY
    ],
    frozen=True,
    omit_defaults=True,
)
_parameters_of = attrgetter(*RequestParameters.__struct_fields__)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(RequestParameters).decode


def written(request: Request) -> str:
    """JSON of what was asked for, less what is as usual, and less the shopper."""
    return _encode(RequestParameters(*_parameters_of(request))).decode()


def read(parameters: str, now: float, shopper: ShopperLog, customer_id: str | None) -> Request:
    """The request of a shopper. now: epoch s. Raises msgspec.DecodeError where it was written otherwise."""
    fields = msgspec.structs.asdict(_decode(parameters))
    return Request(now=now, shopper=shopper, customer_id=customer_id, **fields)
