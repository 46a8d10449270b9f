"""The shapes of questions and answers about what comes in: live events, the catalogue, connections."""

from datetime import datetime
from typing import Annotated

import msgspec


class LiveEventsAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """last: how many."""

    last: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class LiveEvent(msgspec.Struct, frozen=True):
    """An event that the history does not have yet; of a person no more than their id.

    known: whether the model or the live catalogue has all its products; None where it names none. value: of
    its lines, in `currency`.
    """

    id: str
    type: str
    at: datetime
    received_at: datetime
    customer_id: str | None
    anonymous_id: str | None
    product_id: str | None
    title: str | None
    known: bool | None
    lines: int
    order_id: str | None
    value: float | None
    currency: str | None
    from_recommendation: bool


class LiveEvents(msgspec.Struct, frozen=True):
    """Newest first. waiting: how many wait to be moved to the history."""

    events: list[LiveEvent]
    waiting: int


class Missing(msgspec.Struct, frozen=True):
    """How many products that are offered lack a field, and some of them."""

    products: int
    examples: list[str]


class UnknownName(msgspec.Struct, frozen=True):
    """A product that live events named and that nobody knows."""

    name: str
    times: int


class LiveNames(msgspec.Struct, frozen=True):
    """Products that live events named since the service started, and how many of those are known. unknown:
    the names of the last 30 days that nobody knows by now, the most frequent first."""

    named: int
    known: int
    unknown: list[UnknownName]


class CatalogueHealth(msgspec.Struct, frozen=True):
    """The catalogue as the service shows it now, and how live events name its products.

    missing: field -> products that lack it, of those offered. imported_at: of the newest catalogue that was
    imported; orders_until: of the newest order in the model.
    """

    products: int
    offered: int
    in_stock: int
    missing: dict[str, Missing]
    imported_at: datetime | None
    orders_until: datetime | None
    live: LiveNames


class ConnectionTraffic(msgspec.Struct, frozen=True):
    """What passed: a kind of message, how often, when last (None: it did not pass, nothing is wrong)."""

    kind: str
    times: int
    last_at: datetime | None


class Connected(msgspec.Struct, frozen=True):
    """A connected service; well: something passed after the last trouble."""

    service: str
    well: bool
    last_at: datetime | None
    traffic: list[ConnectionTraffic]
    trouble: str | None
    trouble_at: datetime | None


class ConnectedServices(msgspec.Struct, frozen=True):
    """As `perennial connect` shows them."""

    connections: list[Connected]
