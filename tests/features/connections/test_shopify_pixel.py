"""The custom pixel in Node, with `analytics`, `browser` and `customerPrivacy` as Shopify documents them."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest

from features.cli.connect_shopify import pixel
from features.events.vocabulary import parse_event

STUB = """
const sent = [], handlers = {}, stored = {};
const privacyHandlers = {};
const init = { customerPrivacy: { analyticsProcessingAllowed: ALLOWED } };
const analytics = { subscribe: (name, handle) => { handlers[name] = handle; } };
const customerPrivacy = { subscribe: async (name, handle) => { privacyHandlers[name] = handle; } };
const browser = {
  sendBeacon: async (url, body) => { sent.push({ url, body: JSON.parse(body) }); return true; },
  localStorage: {
    getItem: async (name) => stored[name] ?? null,
    setItem: async (name, value) => { stored[name] = value; },
  },
};
"""
RUN = """
(async () => {
  for (const [number, event] of EVENTS.entries()) {
    if (event.name === "visitorConsentCollected") privacyHandlers[event.name](event);
    else await handlers[event.name]({ id: `ev-${number}`, timestamp: "2026-11-20T09:00:00.000Z", ...event });
  }
  console.log(JSON.stringify(sent));
})();
"""
TEA = {"id": "41", "sku": "tea", "title": "Default Title", "product": {"id": "51", "title": "Tea"}}
MUG = {
    "id": "42",
    "sku": "",
    "title": "Blue",
    "product": {"id": "52", "title": "Mug"},
    "price": {"amount": 5},
}
VIEW = {"name": "product_viewed", "data": {"productVariant": TEA}}


@pytest.fixture(autouse=True)
def _node() -> None:
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")


def told(*events: dict[str, Any], allowed: bool = True) -> list[dict[str, Any]]:
    """What the pixel sends of these events of Shopify."""
    head = STUB.replace("ALLOWED", json.dumps(allowed)) + f"const EVENTS = {json.dumps(events)};\n"
    script = head + pixel("https://svc.example", "pk_one") + RUN
    run = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True, timeout=60)
    sent: list[dict[str, Any]] = json.loads(run.stdout)
    assert {each["url"] for each in sent} <= {"https://svc.example/v1/events?key=pk_one"}
    return [each["body"] for each in sent]


def test_what_shoppers_do_is_sent_as_our_events_under_one_browser() -> None:
    line = {"cartLine": {"merchandise": MUG, "quantity": 2}}
    checkout = {
        "order": {"id": "gid://shopify/Order/5001001"},
        "currencyCode": "EUR",
        "lineItems": [
            {"variant": MUG, "quantity": 2, "discountAllocations": [{"amount": {"amount": 1.5}}]},
            {"variant": None, "quantity": 1},
        ],
    }
    sent = told(
        VIEW,
        {"name": "search_submitted", "data": {"searchResult": {"query": "teapot"}}},
        {"name": "product_added_to_cart", "data": line},
        {"name": "product_removed_from_cart", "data": line},
        {"name": "product_added_to_cart", "data": {"cartLine": None}},
        {"name": "checkout_started", "data": {}},
        {"name": "checkout_completed", "data": {"checkout": checkout}},
    )
    for each in sent:
        parse_event(each, datetime.now(UTC), "fresh")
    assert [each["type"] for each in sent] == [
        "view",
        "search",
        "add_to_cart",
        "remove_from_cart",
        "checkout",
        "purchase",
    ]
    assert [each.get("product_id") for each in sent[:4]] == ["tea", None, "Mug - Blue", "Mug - Blue"]
    assert len({each["anonymous_id"] for each in sent}) == 1
    items = [{"product_id": "Mug - Blue", "quantity": 2, "unit_price": 5}]
    order = {"order_id": "5001001", "items": items, "currency": "EUR", "discount": 1.5}
    assert sent[-1]["order"] == order


def test_nothing_is_sent_until_analytics_are_allowed_and_nothing_after_a_no() -> None:
    yes = {"name": "visitorConsentCollected", "customerPrivacy": {"analyticsProcessingAllowed": True}}
    no = {"name": "visitorConsentCollected", "customerPrivacy": {"analyticsProcessingAllowed": False}}
    assert told(VIEW, allowed=False) == []
    assert [each["event_id"] for each in told(VIEW, yes, VIEW, no, VIEW, allowed=False)] == ["ev-2"]
