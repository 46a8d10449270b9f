"""Orders on given dates, for tests of figures that are computed by hand."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from histories import archive

from features.catalogue.products import merge_products
from features.events.vocabulary import Event
from features.home import Home
from training.ledger.shop import Shop, load_shop

from factories import NOW, event

AS_OF = date(2026, 6, 30)


def at(day: str) -> datetime:
    """Noon of a day, "05-03" being in 2026."""
    return datetime.fromisoformat(day if len(day) > 5 else f"2026-{day}").replace(hour=12, tzinfo=UTC)


def sale(
    order_id: str,
    customer: str | None,
    day: str,
    *lines: tuple[Any, ...],
    currency: str | None = "EUR",
    discount: float | None = None,
    coupon: str | None = None,
    **fields: Any,
) -> Event:
    """A purchase; lines are (product, quantity, unit price), by default one tea at 10."""
    names = ("product_id", "quantity", "unit_price")
    items = [dict(zip(names, line, strict=False)) for line in lines or [("tea", 1, 10.0)]]
    order = {
        "order_id": order_id,
        "currency": currency,
        "discount": discount,
        "coupon": coupon,
        "items": items,
    }
    order_fields = {name: value for name, value in order.items() if value is not None}
    return event("purchase", at=at(day), customer_id=customer, order=order_fields, **fields)


def refund(order_id: str, day: str, *lines: tuple[Any, ...], kind: str = "refund") -> Event:
    """A refund of some lines, or of the whole order."""
    items = [{"product_id": product, "quantity": quantity} for product, quantity in lines]
    order = {"order_id": order_id, "items": items} if items else {"order_id": order_id}
    return event(kind, at=at(day), order=order)


def refund_of_sum(order_id: str, day: str, money: float) -> Event:
    """A refund of a sum."""
    return event("refund", at=at(day), order={"order_id": order_id}, unit_price=money)


def shop_of(
    home: Home, events: Sequence[Event], as_of: date = AS_OF, /, **products: Mapping[str, Any]
) -> Shop:
    """A shop with this history. products: id -> columns of the catalogue."""
    if products:
        rows = [{"product_id": name, "title": name.title(), **columns} for name, columns in products.items()]
        merge_products(home, pl.DataFrame(rows, infer_schema_length=None), NOW)
    if events:
        archive(home, events)
    return load_shop(home, as_of)
