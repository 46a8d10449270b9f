"""The state of a shopper, from the log of recent events. Pure: bytes in, state out."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from math import inf, isinf
from operator import attrgetter
from typing import NamedTuple
from zlib import crc32

import msgspec

from features.events.vocabulary import Event, came_back, is_fully_refunded
from features.live.log_entry import KINDS, UNREADABLE_ENTRY, LogEntry, pack, unpack

VIEW_TYPES = frozenset({"view", "click", "wishlist"})
CART_CHANGES = {"add_to_cart": 1, "remove_from_cart": -1}
REVERSAL_TYPES = frozenset({"refund", "cancel"})
LOGGED_TYPES = frozenset(KINDS)
NO_PROFILING = b"no profiling"
"""The only entry in the log of who said no to profiling; ingest.lua and link.lua write it."""


class Purchase(NamedTuple):
    """An order less what was taken back. `product_ids` and `quantities` run in parallel."""

    order_id: str
    at_ms: int
    received_ms: int
    product_ids: tuple[str, ...]
    quantities: tuple[float, ...]


@dataclass(slots=True)
class ShopperState:
    """What a shopper did lately. Newest first; in the cart, newest last. Times: UTC milliseconds."""

    viewed: tuple[str, ...] = ()
    cart: dict[str, float] = field(default_factory=dict)
    purchases: tuple[Purchase, ...] = ()
    last_seen_ms: int = 0

    def purchased_since(self, received_ms: int) -> tuple[Purchase, ...]:
        """Orders that arrived after `received_ms`: those a model trained until then has not seen."""
        return tuple(order for order in self.purchases if order.received_ms > received_ms)


class ShopperLog(msgspec.Struct, frozen=True):
    """Log entries as they were read, each once; most answers do not need all of the state. refused: the
    shopper said no to profiling, and nothing is kept."""

    entries: Sequence[bytes] = ()
    refused: bool = False

    @classmethod
    def of(cls, entries: Sequence[bytes]) -> "ShopperLog":
        """entries: as Redis has them, newest first."""
        return REFUSED_LOG if entries and entries[0] == NO_PROFILING else cls(entries)

    def fold(self) -> ShopperState:
        """The shopper's state after these events."""
        return fold(self.entries)


REFUSED_LOG = ShopperLog((), refused=True)
_at, _received = attrgetter("at_ms"), attrgetter("received_ms")


def milliseconds(moment: datetime) -> int:
    """UTC milliseconds since 1970 of an aware moment."""
    return int(moment.timestamp() * 1000)


def entry_of(event: Event, received_at: datetime) -> bytes | None:
    """The event as a shopper's log keeps it; None where it changes no shopper's state."""
    if event.type not in LOGGED_TYPES:
        return None
    lines = event.lines
    return pack(
        LogEntry(
            at_ms=milliseconds(event.timestamp),
            type=event.type,
            product_ids=tuple([line.product_id for line in lines]),
            quantities=tuple([line.quantity for line in lines]),
            received_ms=milliseconds(received_at),
            mark=crc32(event.event_id.encode()),
            order_id=event.order.order_id if event.order is not None else None,
            money=_money(event),
            other_number=event.order.other_number if event.order is not None else None,
        )
    )


def _money(event: Event) -> float:
    if (refunded := event.refunded_sum) is not None:
        return refunded
    prices = [line.unit_price for line in event.lines if line.unit_price is not None]
    if event.order is None or len(prices) < len(event.lines) or event.type not in {"purchase", "refund"}:
        return inf
    goods = sum(price * line.quantity for price, line in zip(prices, event.lines, strict=True))
    if event.type == "refund":
        return goods if event.lines else inf
    return max(goods - (event.order.discount or 0.0), 0.0) or inf  # for free: the value is not known


def fold(entries: Iterable[bytes]) -> ShopperState:
    """Replay log entries, each once, newest arrival first, into what is true now."""
    return state_of(in_time_order(entries))


def state_of(log: Sequence[LogEntry]) -> ShopperState:
    """What is true now. log: as `in_time_order` has it.

    A purchase takes its products out of the cart, a checkout does not. A refund or cancellation without lines
    takes the whole order back; one of a sum leaves what was bought, unless all that was paid went back.
    """
    viewed: list[str] = []
    cart: dict[str, float] = {}
    orders: dict[str | None, LogEntry] = {}
    reversals: list[LogEntry] = []
    for entry in log:
        kind = entry.type
        if kind in VIEW_TYPES:
            viewed += entry.product_ids
        elif kind in CART_CHANGES:
            change_quantities(cart, entry, CART_CHANGES[kind])
        elif kind == "purchase":
            before = orders.pop(entry.order_id, entry)  # a browser's claim, which the shop's word replaces
            orders[entry.order_id] = max(before, entry, key=_received)
            for product in entry.product_ids:
                cart.pop(product, None)
        elif kind in REVERSAL_TYPES:
            reversals.append(entry)
    for order in [*orders.values()] if len(orders) > 1 else ():
        orders.pop(order.other_number or "", None)  # claimed by a page under it
    orders_kept = [_less(order, reversals) for order in reversed(orders.values())] if orders else []
    return ShopperState(
        viewed=tuple(dict.fromkeys(reversed(viewed))),
        cart={product: quantity for product, quantity in cart.items() if quantity > 0},
        purchases=tuple([order for order in orders_kept if order.product_ids]),
        last_seen_ms=log[-1].at_ms if log else 0,
    )


def in_time_order(entries: Iterable[bytes]) -> list[LogEntry]:
    """Log entries, oldest first; those that cannot be read are skipped."""
    log: list[LogEntry] = []
    for packed in entries:
        with suppress(*UNREADABLE_ENTRY):
            log.append(unpack(packed))
    log.reverse()  # logs come newest first: what shares a millisecond stays in order of arrival
    log.sort(key=_at)
    return log


def change_quantities(quantities: dict[str, float], entry: LogEntry, sign: int) -> None:
    """Add the entry's lines, or take them away, down to nothing; what changed last comes last."""
    for product, quantity in zip(entry.product_ids, entry.quantities, strict=True):
        quantities[product] = max(quantities.pop(product, 0.0) + sign * quantity, 0.0)


def _is_money_off(order: LogEntry, refund: LogEntry) -> bool:
    """Whether a refund that names pieces is money off their price, and they stay.

    Of orders of one product alone, since the log does not keep the price of each.
    """
    if len(order.product_ids) != 1 or isinf(order.money) or isinf(refund.money):
        return False
    return not came_back(refund.money, order.money * sum(refund.quantities) / sum(order.quantities))


def _less(order: LogEntry, reversals: list[LogEntry]) -> Purchase:
    """The order less its refunds and cancellations; without lines if nothing is left."""
    kept: dict[str, float] = {}
    refunded = 0.0
    change_quantities(kept, order, 1)
    for entry in reversals:
        if entry.order_id is not None and entry.order_id in (order.order_id, order.other_number):
            if not entry.product_ids or _is_money_off(order, entry):
                refunded += entry.money
            else:
                change_quantities(kept, entry, -1)
    if is_fully_refunded(refunded, order.money):
        kept.clear()
    lines = [(product, quantity) for product, quantity in kept.items() if quantity > 0]
    return Purchase(
        order.order_id or "",
        order.at_ms,
        order.received_ms,
        tuple([product for product, _ in lines]),
        tuple([quantity for _, quantity in lines]),
    )
