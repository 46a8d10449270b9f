"""WooCommerce's webhooks: what their headers say, and what each topic means here.

https://woocommerce.com/document/webhooks/: WooCommerce sends nothing again, and after five failures in a row
disables the webhook; `perennial connect woocommerce --history` takes in what was missed.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from features.connections.payloads import stated
from features.connections.webhook import Delivery, Json, Memo, WebhookService, Work
from features.connections.woocommerce_orders import counts, order_events, order_number, order_revision
from features.connections.woocommerce_products import deleted_work, product_memo, product_work

ORDERS = ("order.created", "order.updated", "order.restored")
PRODUCTS = ("product.created", "product.updated", "product.restored")
CUSTOMERS = ("customer.created", "customer.updated")
SHIPPED = "completed"


def host_of(address: str) -> str:
    """The shop's name in an address: `shop.example` of `https://www.shop.example/store/`."""
    return (urlsplit(address).hostname or address).removeprefix("www.")


def _delivery(headers: Mapping[str, str]) -> Delivery | None:
    """None of the ping that WooCommerce sends when a webhook is saved: a form, of no topic."""
    topic = headers.get("x-wc-webhook-topic")
    if not topic:
        return None
    source = headers.get("x-wc-webhook-source")
    return Delivery(
        topic=topic,
        delivery_id=headers.get("x-wc-webhook-delivery-id", ""),
        signature=headers.get("x-wc-webhook-signature", ""),
        shop=host_of(source) if source else None,
    )


def _about(topic: str, payload: Any) -> str:
    return ABOUT[topic](payload) if topic in ABOUT else ""


def _translate(topic: str, payload: Any, memo: Memo) -> Work:
    return TRANSLATIONS[topic](payload, memo)


def _order(order: Json, memo: Memo) -> Work:
    counted = memo.get("counted", False)
    events = [*order_events(order, counted=counted)]
    if order["status"] == SHIPPED:
        events.append(_completed(order))
    newest = max(order_revision(order), memo.get("revision", 0))
    kept = {
        "number": order_number(order),
        "customer": order.get("customer_id") or None,
        "revision": newest,
        "counted": counted or counts(order),
    }
    return Work(events, memos={_order_memo(order): kept})


def _completed(order: Json) -> Json:
    """WooCommerce's word for an order that is on its way."""
    customer, email = order.get("customer_id"), (order.get("billing") or {}).get("email")
    at = order.get("date_completed_gmt") or order.get("date_modified_gmt") or order["date_created_gmt"]
    return {
        "type": "order_status",
        "event_id": f"woocommerce:completed:{order['id']}",
        "timestamp": f"{str(at).removesuffix('Z')}Z",
        "customer_id": str(customer) if customer else None,
        "properties": stated(order_id=order_number(order), status="shipped", email=email),
    }


def _deleted_order(order: Json, memo: Memo) -> Work:
    """An order in the trash is none until it is restored. WooCommerce does not say when it was put there: it
    was after all that was told of it. Nothing of a strange one."""
    if not memo:
        return Work()
    revision = memo.get("revision", 0)
    event = {
        "type": "cancel",
        "event_id": f"woocommerce:cancel:{order['id']}:{revision}",
        "revision": revision,
        "customer_id": str(memo["customer"]) if memo.get("customer") else None,
        "order": {"order_id": memo["number"]},
    }
    return Work([event])


def _customer(customer: Json, _memo: Memo) -> Work:
    billing = customer.get("billing") or {}
    contact = stated(email=customer.get("email") or billing.get("email"), phone=billing.get("phone"))
    at = customer.get("date_modified_gmt") or customer["date_created_gmt"]
    event = {
        "type": "identify",
        "event_id": f"woocommerce:customer:{customer['id']}:{at}",
        "timestamp": f"{str(at).removesuffix('Z')}Z",
        "customer_id": str(customer["id"]),
        "properties": contact or None,
    }
    return Work([event])


def _order_memo(order: Json) -> str:
    return f"order:{order['id']}"


def _product_memo(product: Json) -> str:
    return product_memo(product["id"])


ABOUT: Mapping[str, Callable[[Json], str]] = {
    **dict.fromkeys((*ORDERS, "order.deleted"), _order_memo),
    **dict.fromkeys((*PRODUCTS, "product.deleted"), _product_memo),
}
TRANSLATIONS: Mapping[str, Callable[[Any, Memo], Work]] = {
    **dict.fromkeys(ORDERS, _order),
    "order.deleted": _deleted_order,
    **dict.fromkeys(PRODUCTS, product_work),
    "product.deleted": lambda _product, memo: deleted_work(memo),
    **dict.fromkeys(CUSTOMERS, _customer),
}
WOOCOMMERCE = WebhookService(_delivery, frozenset(TRANSLATIONS), _about, _translate)
