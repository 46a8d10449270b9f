"""The events that are accepted, their fields, and the rules they must pass."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Literal, get_args

import msgspec

from features.events.bounds import MAX_DEPTH, MAX_LINES, KeptEventId, Quantity, Revision, are_points, is_deep
from features.events.consents import with_plain_consents
from features.events.leniency import understood
from features.events.nobody import nobodies

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
    "order_status",
    "product_issue",
    "referral",
    "loyalty",
]
EVENT_TYPES: tuple[str, ...] = get_args(EventType)
NEEDS_PRODUCT = frozenset({"view", "click", "add_to_cart", "remove_from_cart", "review", "wishlist"})
NEEDS_CUSTOMER = frozenset({"identify", "loyalty"})
NEEDS_ORDER = frozenset({"purchase", "refund", "cancel"})

EARLIEST, MAX_AHEAD = datetime(1990, 1, 1, tzinfo=UTC), timedelta(days=1)

# No `$` at the end: it would let a trailing newline through.
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f]+(?![\s\S])")]
Text = Annotated[str, msgspec.Meta(max_length=2_000)]
Money = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class InvalidEvent(ValueError):
    """An event that cannot be taken; the message says what to change."""


class OrderItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of an order."""

    product_id: Id
    quantity: Quantity = 1.0
    unit_price: Money | None = None
    recommendation_id: Id | None = None


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """Items bought, refunded or cancelled together, under the shop's order number."""

    order_id: Id
    items: Annotated[tuple[OrderItem, ...], msgspec.Meta(max_length=MAX_LINES)] = ()
    currency: Annotated[str, msgspec.Meta(max_length=3)] | None = None
    discount: Money | None = None
    coupon: Text | None = None
    shipping: Money | None = None
    tax: Money | None = None
    other_number: Id | None = None  # under which pages tell of the same order


class EventContext(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an event came from. referral_code: of the customer who sent them; influencer_code: partner's."""

    country: Text | None = None
    language: Text | None = None
    device: Text | None = None
    utm_source: Text | None = None
    utm_medium: Text | None = None
    utm_campaign: Text | None = None
    referral_code: Text | None = None
    influencer_code: Text | None = None


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event. `timestamp` is aware UTC; a second event with the same `event_id` is ignored.

    customer_token: proves to the API that a browser may name `customer_id`, and is not kept. claimed: the
    word of a browser, which the shop's own word replaces. nobody: ids that were left out, as `name=value`,
    since they name nobody; not kept. revision: of an order's words, purchases and what takes all of it back,
    the highest counts; seconds since 1970 of its last edit, say. Without one the latter is for good.
    A refund concerns the products it names. If it names none, `unit_price` is the sum refunded of the goods;
    without that, postage or tax either, the whole order is refunded.
    """

    type: EventType
    event_id: KeptEventId
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
    customer_token: Text | None = None
    claimed: bool = False
    revision: Revision = 0
    nobody: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[OrderItem, ...]:
        """The products of this event, one `OrderItem` each."""
        if self.order is not None and self.order.items:
            return self.order.items
        if self.product_id is None:
            return ()
        return (OrderItem(self.product_id, self.quantity, self.unit_price, self.recommendation_id),)

    @property
    def worth(self) -> float:
        """Money of all lines whose price is known, or of a refund without lines."""
        if self.refunded_sum is not None:
            return self.refunded_sum
        return sum(line.quantity * line.unit_price for line in self.lines if line.unit_price)

    @property
    def refunded_sum(self) -> float | None:
        """Goods' money of a refund that names no products; None of any other event.

        A refund of nothing but postage or tax takes nothing off the goods.
        """
        if self.type != "refund" or self.lines:
            return None
        if self.unit_price is None:
            return 0.0 if self.order and (self.order.shipping or self.order.tax) else None
        return self.quantity * self.unit_price

    @property
    def is_partial_refund(self) -> bool:
        """Whether it refunds some products or a sum; an order may have several of these."""
        return self.type == "refund" and bool(self.lines or self.refunded_sum is not None)


class SentEvent(Event, kw_only=True, frozen=True, omit_defaults=True):
    """An event as it is sent: without an id it gets one, without a timestamp it is of now."""

    event_id: Id | None = None  # type: ignore[assignment]
    timestamp: datetime | None = None  # type: ignore[assignment]


_decode_raw = msgspec.json.Decoder(SentEvent).decode


def is_possible_time(time: Any, received_at: Any) -> Any:
    """Whether an event received at `received_at` can have happened at `time`: from 1990 to a day later.

    Every source of events uses this rule. Both are aware datetimes, or both polars expressions of such.
    """
    return (time >= EARLIEST) & (time <= received_at + MAX_AHEAD)


def is_fully_refunded(refunded: Any, paid: Any) -> Any:
    """Whether refunded sums add up to all that was paid, within rounding: the order is then void.

    Both are numbers, or both polars expressions of such.
    """
    return (refunded > 0) & (refunded >= paid * (1 - 1e-6) - 0.005)


def number_apart(order_id: str, customer_id: str | None, day: str = "") -> str:
    """The number of a customer's order where another order has the same: a mark of both behind it, and the
    day where the same customer's order has it."""
    digest = sha256(f"{customer_id}\0{order_id}".encode()).hexdigest()[:8]
    return f"{order_id} ({day} {digest})" if day else f"{order_id} ({digest})"


def came_back(refunded: Any, paid: Any) -> Any:
    """Whether the piece that a refund names came back: at least half of what was paid for it went back.

    Less than that is money off its price, and the piece stays. Both are numbers, or both polars expressions.
    """
    return refunded >= paid / 2


def parse_event(raw: Any, received_at: datetime, fresh_id: str) -> Event:
    """Check one decoded JSON object and complete it.

    Without an `event_id`, the id of an order event is made of its order number, so that repeats count once;
    that of a partial refund also of its content, so that two different ones count twice. Any other event
    gets `fresh_id`. A timestamp that is missing or more than a day ahead (a wrong clock in a browser) becomes
    `received_at`; one before 1990 is an error. Raises InvalidEvent with the first error.
    """
    if not isinstance(raw, dict):
        raise InvalidEvent("an event must be a JSON object")
    fields = {field: value for field, value in raw.items() if value is not None}
    try:
        event = msgspec.convert(fields, SentEvent)
    except (msgspec.ValidationError, ValueError, OverflowError):
        event = _understood(fields)
    return _completed(event, received_at, lambda: fresh_id)


def _understood(fields: dict[str, Any]) -> SentEvent:
    try:
        return msgspec.convert(understood(fields), SentEvent)
    except (msgspec.ValidationError, TypeError, ValueError, OverflowError) as error:
        raise InvalidEvent(str(error)) from error


def read_event(text: str | bytes | msgspec.Raw, received_at: datetime, fresh_id: Callable[[], str]) -> Event:
    """As `parse_event`, from JSON in one step.

    Raises InvalidEvent, and msgspec.DecodeError or RecursionError if the text is not JSON.
    """
    try:
        event = _decode_raw(text)
    except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError):
        try:
            return parse_event(msgspec.json.decode(text), received_at, fresh_id())
        except UnicodeDecodeError as error:
            raise InvalidEvent(f"not UTF-8: {error.reason} at byte {error.start} of a text") from error
    return _completed(event, received_at, fresh_id)


def _completed(event: SentEvent, received_at: datetime, fresh_id: Callable[[], str]) -> Event:
    if event.event_id is None:
        msgspec.structs.force_setattr(event, "event_id", _order_event_id(event) or fresh_id())
    if event.timestamp is None:
        msgspec.structs.force_setattr(event, "timestamp", received_at)
    nobody = nobodies(event.customer_id, event.anonymous_id, event.session_id)
    if nobody or event.nobody:
        for each in nobody:
            msgspec.structs.force_setattr(event, each.partition("=")[0], None)
        msgspec.structs.force_setattr(event, "nobody", nobody)
    return _validated(event, received_at)


def _order_event_id(event: SentEvent) -> str | None:
    if event.order is None:
        return None
    name = f"{event.type}:{event.order.order_id}"
    if not event.is_partial_refund:
        return name
    content = msgspec.json.encode((event.timestamp, event.lines, event.refunded_sum, event.properties))
    return f"{name}:{sha256(content).hexdigest()[:16]}"


def _check_complete(event: Event) -> None:
    if event.type in NEEDS_PRODUCT and event.product_id is None:
        raise InvalidEvent(f"`{event.type}` needs `product_id`")
    if event.type in NEEDS_ORDER and event.order is None:
        raise InvalidEvent(f"`{event.type}` needs `order` with `order_id`")
    if event.type == "purchase" and event.order is not None and not event.order.items:
        raise InvalidEvent(f"`{event.type}` needs at least one line in `order.items`")
    if event.properties is not None and is_deep(event.properties):
        raise InvalidEvent(f"`properties` is nested deeper than {MAX_DEPTH}")
    if event.type in NEEDS_CUSTOMER and not event.customer_id:
        why = f": {', '.join(event.nobody)} names nobody" if event.nobody else ""
        raise InvalidEvent(f"`{event.type}` needs `customer_id`{why}")
    if event.type == "loyalty" and not are_points((event.properties or {}).get("points")):
        raise InvalidEvent("`loyalty` needs `properties.points`: a number, below 0 where they are redeemed")


def _validated(event: Event, received_at: datetime) -> Event:
    """The event in aware UTC. Raises InvalidEvent if a field is missing or the time is impossible."""
    _check_complete(event)
    if event.type == "consent":
        event = msgspec.structs.replace(event, properties=_consents(event.properties or {}))
    time = _utc_of(event.timestamp, received_at)
    return event if time is event.timestamp else msgspec.structs.replace(event, timestamp=time)


def _consents(properties: dict[str, Any]) -> dict[str, Any]:
    try:
        return with_plain_consents(properties)
    except ValueError as error:
        raise InvalidEvent(str(error)) from error


def _utc_of(time: datetime, received_at: datetime) -> datetime:
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    try:
        if is_possible_time(time, received_at):
            return time if time.tzinfo is UTC else time.astimezone(UTC)
        if time >= EARLIEST:
            return received_at
    except OverflowError as error:
        raise InvalidEvent("`timestamp` lies outside the calendar: say when it happened") from error
    raise InvalidEvent(f"`timestamp` {time.isoformat()} lies before 1990: say when it happened")
