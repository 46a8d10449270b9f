"""Shopify's webhooks: what their headers say, and what each topic means here.

https://shopify.dev/docs/apps/build/webhooks/delivery-structure, .../verify-deliveries, and for the payloads
https://shopify.dev/docs/api/webhooks. Privacy: https://shopify.dev/docs/apps/build/privacy-law-compliance.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from features.connections.payloads import BadPayload, stated
from features.connections.shopify_lines import OrderFacts
from features.connections.shopify_orders import order_events, order_facts
from features.connections.shopify_products import (
    deleted_work,
    product_memo,
    product_work,
    stock_memo,
    stock_work,
)
from features.connections.shopify_refunds import refund_events
from features.connections.webhook import Delivery, Json, Memo, WebhookService, Work

ORDER_TOPICS = frozenset(f"orders/{what}" for what in ("create", "updated", "paid", "cancelled"))
PRODUCT_TOPICS = frozenset({"products/create", "products/update"})
STATUSES = {"delivered": "delivered", "ready_for_pickup": "ready"}
CART = "shopify-cart:"
"""Before the token of a cart: the browser that it is in, as far as Shopify's servers know it."""


def _delivery(headers: Mapping[str, str]) -> Delivery:
    return Delivery(
        topic=headers.get("x-shopify-topic", ""),
        delivery_id=headers.get("x-shopify-webhook-id", ""),
        signature=headers.get("x-shopify-hmac-sha256", ""),
        shop=headers.get("x-shopify-shop-domain", ""),
        is_test=headers.get("x-shopify-test", "").lower() == "true",
    )


def _about(topic: str, payload: Any) -> str:
    """The thing whose memo a topic needs."""
    return ABOUT[topic](payload) if topic in ABOUT else ""


def _translate(topic: str, payload: Any, memo: Memo) -> Work:
    return TRANSLATIONS[topic](payload, memo)


def _order(order: Json, _memo: Memo) -> Work:
    if order.get("test"):
        return Work()
    return Work(tuple(order_events(order)), memos={_order_memo(order["id"]): order_facts(order).memo()})


def _refund(refund: Json, memo: Memo) -> Work:
    """An order of which no webhook has told goes by Shopify's id, which is its other number."""
    facts = OrderFacts(**memo) if memo else OrderFacts(str(refund["order_id"]), None, 1.0, None)
    return Work(tuple(refund_events(refund, facts)))


def _fulfillment(fulfillment: Json, memo: Memo) -> Work:
    number = memo["number"] if memo else str(fulfillment["name"]).removeprefix("#").rpartition(".")[0]
    shipped = "shipped" if fulfillment.get("status") == "success" else None
    status = STATUSES.get(str(fulfillment.get("shipment_status")), shipped)
    if status is None or not number:
        return Work()
    event = {
        "type": "order_status",
        "event_id": f"shopify:fulfillment:{fulfillment['id']}:{status}",
        "timestamp": fulfillment.get("updated_at") or fulfillment["created_at"],
        "customer_id": memo.get("customer"),
        "properties": stated(order_id=number, status=status, email=fulfillment.get("email")),
    }
    return Work([event])


def _customer(customer: Json, _memo: Memo) -> Work:
    return Work(tuple(_customer_events(customer)))


def _customer_events(customer: Json) -> Iterator[Json]:
    """Who it is, and whether they may be written to."""
    own, at = str(customer["id"]), customer.get("updated_at") or customer["created_at"]
    contact = stated(email=customer.get("email"), phone=customer.get("phone"))
    head = {"customer_id": own, "timestamp": at}
    yield head | {
        "type": "identify",
        "event_id": f"shopify:customer:{own}:{at}",
        "properties": contact or None,
    }
    for channel in ("email", "sms"):
        said = customer.get(f"{channel}_marketing_consent") or {}
        if said.get("state") in {"subscribed", "unsubscribed", "redacted"}:
            when = said.get("consent_updated_at") or at
            yield {
                "type": "consent",
                "event_id": f"shopify:consent:{channel}:{own}:{said['state']}:{when}",
                "customer_id": own,
                "timestamp": when,
                "properties": {channel: said["state"] == "subscribed"},
            }


def _checkout(checkout: Json, _memo: Memo) -> Work:
    """Somebody goes to the checkout; whoever says their address there is known, and their cart with them."""
    customer = checkout.get("customer") or {}
    event = {
        "type": "checkout",
        "event_id": f"shopify:checkout:{checkout['token']}",
        "timestamp": checkout["created_at"],
        "customer_id": str(customer["id"]) if customer.get("id") else None,
        "anonymous_id": f"{CART}{checkout['cart_token']}" if checkout.get("cart_token") else None,
        "properties": stated(email=checkout.get("email"), phone=checkout.get("phone")) or None,
    }
    return Work([event])


def _cart(cart: Json, memo: Memo) -> Work:
    """What changed in a cart since its last webhook."""
    now: dict[str, float] = {}
    for line in cart.get("line_items") or ():
        # A cart's `title` is that of its line, and has the variant's in it.
        name = str(line.get("sku") or "").strip() or str(line["title"]).strip()
        now[name] = now.get(name, 0.0) + float(line["quantity"])
    before: Mapping[str, float] = memo.get("lines", {})
    changes = {name: now.get(name, 0.0) - before.get(name, 0.0) for name in {**before, **now}}
    events = [_cart_event(cart, name, more) for name, more in changes.items() if more]
    return Work(events, memos={_cart_memo(cart): {"lines": now}})


def _cart_event(cart: Json, name: str, more: float) -> Json:
    at = cart.get("updated_at") or cart["created_at"]
    return {
        "type": "add_to_cart" if more > 0 else "remove_from_cart",
        "event_id": f"shopify:cart:{cart['token']}:{at}:{name}"[:500],
        "timestamp": at,
        "anonymous_id": f"{CART}{cart['token']}",
        "product_id": name,
        "quantity": abs(more),
    }


def _people(request: Json) -> list[str]:
    _check_privacy(request)
    customer = request.get("customer") or {}
    return [str(customer[name]) for name in ("id", "email") if customer.get(name)]


def _redact_shop(request: Json, _memo: Memo) -> Work:
    _check_privacy(request)
    return Work(
        erase_shop=True,
        trouble="the app was removed from the shop, and Shopify asks that all its customers are erased: "
        "done if it was connected with --erase-on-redact; else delete the home folder, or go on with it",
    )


def _check_privacy(request: Json) -> None:
    """The signature does not cover the topic: an order sent again under another one must erase nobody. Raises
    BadPayload, TypeError."""
    if "shop_domain" not in request:
        raise BadPayload("a request about privacy names `shop_domain`")


def _order_memo(order_id: Any) -> str:
    return f"order:{order_id}"


def _cart_memo(cart: Json) -> str:
    return f"cart:{cart['token']}"


ABOUT: Mapping[str, Callable[[Json], str]] = {
    "refunds/create": lambda refund: _order_memo(refund["order_id"]),
    **dict.fromkeys(
        ("fulfillments/create", "fulfillments/update"), lambda each: _order_memo(each["order_id"])
    ),
    **dict.fromkeys(("carts/create", "carts/update"), _cart_memo),
    **dict.fromkeys((*PRODUCT_TOPICS, "products/delete"), lambda product: product_memo(product["id"])),
    "inventory_levels/update": lambda level: stock_memo(level["inventory_item_id"]),
}
TRANSLATIONS: Mapping[str, Callable[[Any, Memo], Work]] = {
    **dict.fromkeys(ORDER_TOPICS, _order),
    "orders/edited": lambda _edit, _memo: Work(),  # orders/updated tells how the order stands now
    "refunds/create": _refund,
    **dict.fromkeys(("fulfillments/create", "fulfillments/update"), _fulfillment),
    **dict.fromkeys(PRODUCT_TOPICS, product_work),
    "products/delete": lambda _product, memo: deleted_work(memo),
    "inventory_levels/update": stock_work,
    **dict.fromkeys(("customers/create", "customers/update"), _customer),
    **dict.fromkeys(("checkouts/create", "checkouts/update"), _checkout),
    **dict.fromkeys(("carts/create", "carts/update"), _cart),
    "customers/data_request": lambda request, _memo: Work(export=_people(request)),
    "customers/redact": lambda request, _memo: Work(erase=_people(request)),
    "shop/redact": _redact_shop,
}
SHOPIFY = WebhookService(_delivery, frozenset(TRANSLATIONS), _about, _translate)
