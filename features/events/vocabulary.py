"""The one vocabulary: what a shopper or a shop can tell us, and what of it we refuse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Literal, get_args

import msgspec

EventType = Literal[
    "view",
    "impression",
    "click",
    "search",
    "add_to_cart",
    "remove_from_cart",
    "checkout",
    "purchase",
    "refund",
    "cancel",
    "review",
    "wishlist",
    "coupon",
    "identify",
    "consent",
    "ticket",
    "survey",
    "referral",
]
EVENT_TYPES: tuple[str, ...] = get_args(EventType)
NEEDS_PRODUCT = frozenset({"view", "click", "add_to_cart", "remove_from_cart", "review", "wishlist"})
NEEDS_ITEMS = frozenset({"purchase"})
NEEDS_ORDER = frozenset({"purchase", "refund", "cancel"})

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)

# No `$` at the end: it would let a trailing newline through.
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f]+(?![\s\S])")]
Text = Annotated[str, msgspec.Meta(max_length=2_000)]
Money = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Quantity = Annotated[float, msgspec.Meta(gt=0, le=1e7)]


class InvalidEvent(ValueError):
    """An event that cannot be taken; the message says what to change."""


class OrderItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of an order."""

    product_id: Id
    quantity: Quantity = 1.0
    unit_price: Money | None = None
    recommendation_id: Id | None = None


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was bought, refunded or cancelled together, under the shop's own number."""

    order_id: Id
    items: tuple[OrderItem, ...] = ()
    currency: Annotated[str, msgspec.Meta(max_length=3)] | None = None
    discount: Money | None = None
    coupon: Text | None = None
    shipping: Money | None = None
    tax: Money | None = None


class EventContext(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an event came from."""

    country: Text | None = None
    language: Text | None = None
    device: Text | None = None
    utm_source: Text | None = None
    utm_medium: Text | None = None
    utm_campaign: Text | None = None


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened. `timestamp` is aware UTC; `event_id` makes a repeat harmless.

    A refund takes back the products it names. If it names none, `unit_price` is the sum that went back;
    without that either, it takes back the whole order.
    """

    type: EventType
    event_id: Id
    timestamp: datetime
    customer_id: Id | None = None
    anonymous_id: Id | None = None
    session_id: Id | None = None
    product_id: Id | None = None
    quantity: Quantity = 1.0
    unit_price: Money | None = None
    order: Order | None = None
    query: Text | None = None
    recommendation_id: Id | None = None
    context: EventContext | None = None
    properties: dict[str, Any] | None = None

    @property
    def lines(self) -> tuple[OrderItem, ...]:
        """The products this event speaks of, one `OrderItem` each."""
        if self.order is not None and self.order.items:
            return self.order.items
        if self.product_id is None:
            return ()
        return (OrderItem(self.product_id, self.quantity, self.unit_price, self.recommendation_id),)

    @property
    def refunded_sum(self) -> float | None:
        """Money of a refund that names no products; None of any other event."""
        if self.type != "refund" or self.unit_price is None or self.lines:
            return None
        return self.quantity * self.unit_price

    @property
    def is_partial_refund(self) -> bool:
        """Whether it takes back some products or a sum, and may come again for the same order."""
        return self.type == "refund" and bool(self.lines or self.unit_price is not None)


class _Told(Event, kw_only=True, frozen=True, omit_defaults=True):
    """An event as it comes in: what it lacks is put in its place before anybody else sees it."""

    event_id: Id | None = None  # type: ignore[assignment]
    timestamp: datetime | None = None  # type: ignore[assignment]


_decode_told = msgspec.json.Decoder(_Told).decode


def is_possible_time(time: Any, received_at: Any) -> Any:
    """Whether an event that arrived then can have happened at `time`: from 1990 to a day after its arrival.

    The one rule of every way in. Both are aware datetimes, or both polars expressions of such.
    """
    return (time >= EARLIEST) & (time <= received_at + AHEAD)


def takes_all(given_back: Any, paid: Any) -> Any:
    """Whether sums given back are all that was paid, but for what rounding leaves: then nothing stands.

    Both are numbers, or both polars expressions of such.
    """
    return (given_back > 0) & (given_back >= paid * (1 - 1e-6) - 0.005)


def parse_event(raw: Any, received_at: datetime, fresh_id: str) -> Event:
    """Check one decoded JSON object and complete it.

    Without an `event_id` an order takes its order's number, so that its repeats still count once (a
    refund of a part also what it says, so that two parts are two), and anything else takes `fresh_id`.
    A missing timestamp is `received_at`, and so is one that lies more than a day ahead (a browser's wrong
    clock); one before 1990 is an error.
    Raises InvalidEvent with the first thing that is wrong.
    """
    if not isinstance(raw, dict):
        raise InvalidEvent("an event must be a JSON object")
    told = {field: value for field, value in raw.items() if value is not None}
    try:
        event = msgspec.convert(told, _Told)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        raise InvalidEvent(str(error)) from error
    return _completed(event, received_at, lambda: fresh_id)


def read_event(text: str | bytes | msgspec.Raw, received_at: datetime, fresh_id: Callable[[], str]) -> Event:
    """As `parse_event`, from JSON in one step.

    Raises InvalidEvent, and msgspec.DecodeError or RecursionError where it is no JSON.
    """
    try:
        event = _decode_told(text)
    except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError):
        return parse_event(msgspec.json.decode(text), received_at, fresh_id())
    return _completed(event, received_at, fresh_id)


def _completed(event: _Told, received_at: datetime, fresh_id: Callable[[], str]) -> Event:
    if event.event_id is None:
        msgspec.structs.force_setattr(event, "event_id", _order_event_id(event) or fresh_id())
    if event.timestamp is None:
        msgspec.structs.force_setattr(event, "timestamp", received_at)
    return _settled(event, received_at)


def _order_event_id(event: _Told) -> str | None:
    if event.order is None:
        return None
    name = f"{event.type}:{event.order.order_id}"
    if not event.is_partial_refund:
        return name
    said = msgspec.json.encode((event.timestamp, event.lines, event.refunded_sum, event.properties))
    return f"{name}:{sha256(said).hexdigest()[:16]}"


def _check_complete(event: Event) -> None:
    if event.type in NEEDS_PRODUCT and event.product_id is None:
        raise InvalidEvent(f"`{event.type}` needs `product_id`")
    if event.type in NEEDS_ORDER and event.order is None:
        raise InvalidEvent(f"`{event.type}` needs `order` with `order_id`")
    if event.type in NEEDS_ITEMS and event.order is not None and not event.order.items:
        raise InvalidEvent(f"`{event.type}` needs at least one line in `order.items`")
    if event.type == "identify" and not (event.customer_id and event.anonymous_id):
        raise InvalidEvent("`identify` needs `customer_id` and `anonymous_id`")


def _settled(event: Event, received_at: datetime) -> Event:
    """The event if nothing is missing, its time possible and aware UTC."""
    _check_complete(event)
    time = _utc_of(event.timestamp, received_at)
    return event if time is event.timestamp else msgspec.structs.replace(event, timestamp=time)


def _utc_of(time: datetime, received_at: datetime) -> datetime:
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    if not is_possible_time(time, received_at):
        if time < EARLIEST:
            raise InvalidEvent(f"`timestamp` {time.isoformat()} lies before 1990: say when it happened")
        return received_at
    return time if time.tzinfo is UTC else time.astimezone(UTC)
