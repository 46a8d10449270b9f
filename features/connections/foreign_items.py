"""Products and orders inside others' events, as events of ours."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from features.events.vocabulary import NEEDS_ORDER, NEEDS_PRODUCT

UNSET = (None, "", "(not set)")


class ForeignEvent(NamedTuple):
    """event: as `POST /v1/events` takes it; titles: of its products, by id."""

    event: dict[str, Any]
    titles: dict[str, str]


class ForeignProduct(NamedTuple):
    """A product of an event; id None where it has none."""

    id: str | None
    title: str | None
    quantity: float | None
    unit_price: float | None


def product_of(fields: Mapping[str, Any], names: Mapping[str, Sequence[str]]) -> ForeignProduct:
    """names: ours (product_id, title, options, quantity, unit_price) -> theirs, of which the first counts."""

    def first(ours: str) -> Any:
        return next((fields[each] for each in names[ours] if fields.get(each) not in UNSET), None)

    title, options = first("title"), first("options")
    full = f"{title} - {options}" if title and options else title
    product_id = first("product_id") or full
    return ForeignProduct(
        str(product_id) if product_id is not None else None,
        str(full) if full is not None else None,
        _number(first("quantity")),
        _number(first("unit_price")),
    )


def order_of(
    common: Mapping[str, Any], products: Sequence[ForeignProduct], order_id: Any, money: Mapping[str, Any]
) -> Iterator[ForeignEvent]:
    """One event of an order with all products, else one for each product; of a kind that needs none also one
    without. money: `currency`, `coupon`, `discount`, `shipping`, `tax` of an order."""
    known = [each for each in products if each.id is not None]
    titles = {each.id: each.title for each in known if each.id and each.title}
    present = {k: v for k, v in common.items() if v is not None}
    if common["type"] in NEEDS_ORDER:
        yield ForeignEvent(present | {"order": _order(known, order_id, money)}, titles)
    elif common["type"] in NEEDS_PRODUCT:
        for number, each in enumerate(known or [ForeignProduct(None, None, None, None)]):
            one: dict[str, Any] = {
                "product_id": each.id,
                "quantity": each.quantity,
                "unit_price": each.unit_price,
            }
            if number and "event_id" in present:
                one["event_id"] = f"{present['event_id']}:{number}"
            yield ForeignEvent(present | {k: v for k, v in one.items() if v is not None}, titles)
    else:
        yield ForeignEvent(present, titles)


def _order(products: Sequence[ForeignProduct], order_id: Any, money: Mapping[str, Any]) -> dict[str, Any]:
    items = [
        {"product_id": each.id, "quantity": each.quantity or 1.0, "unit_price": each.unit_price}
        for each in products
    ]
    sums = {name: _number(money.get(name)) for name in ("discount", "shipping", "tax")}
    words = {name: money.get(name) for name in ("currency", "coupon")}
    named = {"order_id": str(order_id)} if order_id is not None else {}
    return named | {k: v for k, v in (sums | words).items() if v is not None} | {"items": items}


def _number(value: Any) -> float | None:
    """A number, also as text; None for anything else."""
    try:
        return float(value)
    except (OverflowError, TypeError, ValueError):
        return None
