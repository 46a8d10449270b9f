"""Consent as a page's own tools tell of it, and the data layer of Google Analytics 4 in their words."""

from typing import Any

import pytest
from playwright.sync_api import Page

from shop_page import CART, Service, is_state, wait_for_event

pytestmark = pytest.mark.browser
GTAG = "window.dataLayer = []; window.gtag = function () { dataLayer.push(arguments); };"
GOOGLE = GTAG + "gtag('consent', 'default', {analytics_storage: 'denied', ad_storage: 'denied'});"
IAB = """
    const state = { eventStatus: "cmpuishown", gdprApplies: true, purpose: { consents: {} } };
    window.__tcfapi = (command, version, hear) => { window.told = hear; hear(state, true); };
    window.agree = () => {
        state.eventStatus = "useractioncomplete";
        state.purpose.consents = { 1: true, 5: true, 6: true };
        told(state, true);
    };
"""
SHOPIFY = """
    let isAllowed = false;
    const answer = () => isAllowed;
    const customerPrivacy = { analyticsProcessingAllowed: answer, preferencesProcessingAllowed: answer };
    window.Shopify = { loadFeatures(features, done) { Shopify.customerPrivacy = customerPrivacy; done(); } };
    window.agree = () => {
        isAllowed = true;
        document.dispatchEvent(new CustomEvent("visitorConsentCollected"));
    };
"""
TOOLS = {
    "google": (GOOGLE, "gtag('consent', 'update', {analytics_storage: 'granted'})"),
    "iab": (IAB, "agree()"),
    "shopify": (SHOPIFY, "agree()"),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_before_a_yes_nothing_is_stored_and_nobody_is_told(page: Page, service: Service, tool: str) -> None:
    before, agree = TOOLS[tool]
    page.add_init_script(before)
    page.goto(service.url)
    is_state(page, "ready")
    [request] = service.questions[0]["requests"]
    assert "anonymous_id" not in request
    assert page.evaluate("Perennial.track('search', {query: 'tea'})") is False
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    page.evaluate(agree)
    impression = wait_for_event(page, service, "impression")
    assert impression["anonymous_id"] == page.evaluate("localStorage.perennial_anonymous_id")
    assert service.questions[-1]["requests"][0]["anonymous_id"] == impression["anonymous_id"]


@pytest.mark.parametrize("tool", ["google", "iab"])
def test_who_said_yes_on_an_earlier_page_is_not_forgotten_before_the_tool_says_so(
    page: Page, service: Service, tool: str
) -> None:
    before, agree = TOOLS[tool]
    page.add_init_script("localStorage.perennial_anonymous_id = 'of an earlier page';" + before)
    page.goto(service.url)
    is_state(page, "ready")
    assert "anonymous_id" not in service.questions[0]["requests"][0]
    page.evaluate(agree)
    assert wait_for_event(page, service, "impression")["anonymous_id"] == "of an earlier page"


def test_until_the_tools_are_read_it_is_a_no_and_nobody_waits_for_it(page: Page, service: Service) -> None:
    service.sending_more.clear()
    page.add_init_script(GTAG)
    page.goto(service.url)
    is_state(page, "ready")
    assert "anonymous_id" not in service.questions[0]["requests"][0]
    assert page.evaluate("localStorage.length") == 0
    service.sending_more.set()
    wait_for_event(page, service, "impression")


def test_a_no_after_a_yes_forgets(page: Page, service: Service) -> None:
    page.add_init_script(GTAG)
    page.goto(service.url)
    is_state(page, "ready")
    assert page.evaluate("localStorage.length") == 1
    page.evaluate("gtag('consent', 'update', {personalization_storage: 'denied'})")
    assert page.evaluate("localStorage.length") == 0


def test_another_regions_default_lifts_no_denial(page: Page, service: Service) -> None:
    page.add_init_script(GOOGLE + "gtag('consent', 'default', {analytics_storage: 'granted'});")
    page.goto(service.url)
    is_state(page, "ready")
    assert page.evaluate("localStorage.length") == 0


def test_the_page_may_speak_for_itself_but_not_against_the_browsers_signal(
    page: Page, service: Service
) -> None:
    page.add_init_script(GOOGLE)
    page.goto(service.url)
    is_state(page, "ready")
    page.evaluate("Perennial.consent('granted')")
    wait_for_event(page, service, "impression")
    page.evaluate("Perennial.consent('denied')")
    assert page.evaluate("localStorage.length") == 0


def pushed(page: Page, service: Service, *entries: str) -> list[dict[str, Any]]:
    """The events that come of these, half of them pushed before the widget is there."""
    page.add_init_script(GTAG + entries[0])
    page.goto(service.url)
    is_state(page, "ready")
    for entry in entries[1:]:
        page.evaluate(entry)
    page.evaluate("Perennial.track('search', {query: 'the last'})")
    page.wait_for_timeout(200)
    told = [one for one in service.events if one["type"] != "impression"]
    return [one for one in told if one.get("query") != "the last"]


SEEN = "{event: 'view_item', ecommerce: {items: [{item_id: 'A', price: 12.5}]}}"
VIEW = f"dataLayer.push({{ecommerce: null}}, {SEEN});"
CONFIG = "gtag('js', new Date()); gtag('config', 'G-1', {user_id: 'c-17'}); dataLayer.push(null, 'text', {});"
ITEMS = "items: [{item_id: 'A', item_name: 'Pot', price: 12.5, quantity: 2}, {item_id: 7, price: '3'}]"


def test_what_a_shop_pushes_for_analytics_needs_no_code_of_its_own(page: Page, service: Service) -> None:
    events = pushed(
        page,
        service,
        VIEW,
        "gtag('event', 'add_to_cart', {currency: 'EUR', items: [{item_id: 'A', price: 12.5, quantity: 2}]})",
        f"dataLayer.push({{event: 'purchase', transaction_id: 'T-1', shipping: 4.9, {ITEMS}}})",
    )
    added, bought, view = sorted(events, key=lambda event: str(event["type"]))
    assert (view["type"], view["product_id"], view["unit_price"]) == ("view", "A", 12.5)
    assert (added["type"], added["quantity"], added["unit_price"]) == ("add_to_cart", 2, 12.5)
    assert bought["event_id"] == "purchase:T-1"  # a page loaded again tells of no other order
    assert bought["order"] == {
        "order_id": "T-1",
        "shipping": 4.9,
        "items": [
            {"product_id": "A", "quantity": 2, "unit_price": 12.5},
            {"product_id": "7", "quantity": 1, "unit_price": 3},
        ],
    }


def test_the_rest_of_its_vocabulary(page: Page, service: Service) -> None:
    events = pushed(
        page,
        service,
        CONFIG,
        *(f"gtag('event', '{name}', {{{ITEMS}}})" for name in ("select_item", "view_item_list", "toString")),
        f"gtag('event', 'begin_checkout', {{value: 28, {ITEMS}}})",
        "gtag('event', 'search', {search_term: 'tea'})",
        "gtag('event', 'purchase', {items: []})",
    )
    kinds = [event["type"] for event in events]
    assert sorted(kinds) == ["checkout", "click", "click", "identify", "search"]
    lists = service.events_of("impression")
    assert {"product_ids": ["A", "7"]} in [event["properties"] for event in lists]
    assert events[kinds.index("identify")]["customer_id"] == "c-17"


def test_what_its_own_button_told_of_is_not_told_twice(page: Page, service: Service) -> None:
    page.add_init_script(GTAG)
    page.goto(service.url)
    page.evaluate("""document.addEventListener("perennial:add", ({ detail }) =>
        gtag("event", "add_to_cart", { items: [{ item_id: detail.product.product_id }] }))""")
    page.get_by_role("button", name="Add: Product C").click()
    wait_for_event(page, service, "add_to_cart")
    page.wait_for_timeout(200)
    assert len(service.events_of("add_to_cart")) == 1


def test_it_can_be_left_alone(page: Page, service: Service) -> None:
    service.body = CART.replace(" cart=", ' data-layer="off" cart=')
    assert pushed(page, service, "", "gtag('event', 'search', {search_term: 'tea'})") == []
