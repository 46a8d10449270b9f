"""A visitor in the demo shop: a real browser, the real service, every click a real event."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from browsing import DESKTOP, PHONE, chromium, complaints, shifts, warnings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


desktop_and_phone = pytest.mark.parametrize("page", ["desktop", "phone"], indirect=True)


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Browser, demo_server: str) -> Iterator[Page]:
    """A new visitor on the home page; at the end nothing may have gone wrong in the console."""
    phone = getattr(request, "param", "desktop") == "phone"
    context = browser.new_context(
        base_url=demo_server, viewport=PHONE if phone else DESKTOP, is_mobile=phone, has_touch=phone
    )
    page = context.new_page()
    errors = complaints(page)
    page.goto("/demo")
    expect(widget(page, "home")).to_have_attribute("state", "ready")
    yield page
    context.close()
    assert errors == []


def widget(page: Page, placement: str) -> Locator:
    return page.locator(f'perennial-recs[placement="{placement}"]')


def titles(page: Page, placement: str) -> list[str]:
    """What a widget recommends now, once it has settled."""
    expect(widget(page, placement)).to_have_attribute("state", "ready")
    expect(widget(page, placement).get_by_role("list")).not_to_have_attribute("aria-busy", "true")
    return widget(page, placement).locator("[part=title]").all_text_contents()


def product_on_sale(shop: dict[str, Any], number: int = 0) -> dict[str, Any]:
    on_sale: list[dict[str, Any]] = [product for product in shop["products"] if product["in_stock"]]
    return on_sale[number]


def switch_to(page: Page, key: str) -> None:
    page.locator("#shoppers summary").click()
    page.locator(f'[data-shopper="{key}"]').click()


@desktop_and_phone
def test_from_the_home_page_to_an_order(page: Page, shop: dict[str, Any]) -> None:
    chosen = product_on_sale(shop)
    categories = page.get_by_role("navigation", name="Categories")
    categories.get_by_role("link", name=chosen["category"], exact=True).click()
    expect(page.get_by_role("heading", level=1, name=chosen["category"])).to_be_visible()

    page.locator(".grid").get_by_role("link", name=chosen["title"], exact=True).first.click()
    expect(page.get_by_role("heading", level=1, name=chosen["title"])).to_be_visible()
    assert titles(page, "product_complements")

    page.get_by_role("button", name="Add to cart", exact=True).first.click()
    page.get_by_role("link", name="Cart, 1 in it").click()
    before = titles(page, "cart")
    assert before
    assert chosen["title"] not in before

    widget(page, "cart").get_by_role("button").first.click()
    expect(page.get_by_role("link", name="Cart, 2 in it")).to_be_visible()
    expect(widget(page, "cart").locator("[part=title]").first).not_to_have_text(before[0])
    assert before[0] not in titles(page, "cart")

    page.get_by_role("button", name="Check out").click()
    expect(page.get_by_role("heading", level=1, name="Thank you")).to_be_visible()
    expect(page.get_by_role("link", name="Cart, empty")).to_be_visible()
    after = titles(page, "post_purchase")
    assert not {chosen["title"], before[0]} & set(after)


@desktop_and_phone
def test_nothing_jumps_while_the_home_page_fills(page: Page) -> None:
    assert shifts(page) < 0.01


def test_the_home_page_knows_who_is_there(page: Page, shop: dict[str, Any]) -> None:
    stranger = titles(page, "home")
    expect(widget(page, "buy_again")).to_have_count(0)
    seen = [stranger]
    for shopper in shop["shoppers"][1:]:
        switch_to(page, shopper["key"])
        expect(
            widget(page, "home").get_by_role("heading", name=f"For you, {shopper['name']}")
        ).to_be_visible()
        seen.append(titles(page, "home"))
    assert seen[1] != stranger
    assert seen[2] not in (stranger, seen[1])


def test_a_look_at_a_product_changes_the_very_next_home_page(page: Page, shop: dict[str, Any]) -> None:
    before = titles(page, "home")
    looked_at = shop["products"][-1]
    page.goto(f"/demo#/product/{looked_at['product_id']}")
    expect(page.get_by_role("heading", level=1, name=looked_at["title"])).to_be_visible()
    page.locator("#brand").click()
    assert titles(page, "home") != before


def test_search_finds_products_and_says_when_it_does_not(page: Page, shop: dict[str, Any]) -> None:
    wanted = product_on_sale(shop, 5)
    page.get_by_role("searchbox").fill(wanted["title"])
    page.keyboard.press("Enter")
    expect(page.locator(".grid").get_by_role("link", name=wanted["title"], exact=True).first).to_be_visible()
    page.get_by_role("searchbox").fill("no such thing <b>at all</b>")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("“no such thing <b>at all</b>”")
    assert titles(page, "home")


def test_cart_lines_can_be_changed_and_removed(page: Page, shop: dict[str, Any]) -> None:
    chosen = product_on_sale(shop, 1)
    page.goto(f"/demo#/product/{chosen['product_id']}")
    page.get_by_role("button", name="Add to cart", exact=True).first.click()
    page.get_by_role("link", name="Cart, 1 in it").click()
    page.get_by_role("button", name="One more").click()
    expect(page.get_by_role("link", name="Cart, 2 in it")).to_be_visible()
    expect(page.get_by_role("button", name="One more")).to_be_focused()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Nothing in here yet.")).to_be_visible()


def test_the_drawer_shows_answer_time_and_reasons(page: Page) -> None:
    page.get_by_role("button", name="Behind the scenes").click()
    drawer = page.get_by_role("complementary", name="Behind the scenes")
    entry = drawer.locator("#exchanges > li", has_text="/v1/recommendations").first
    assert entry.locator(".time").inner_text().endswith(" ms")
    entry.locator("summary").first.click()
    expect(entry.locator("table").first).to_contain_text("1")
    entry.get_by_text("Answer", exact=True).click()
    answer = json.loads(entry.locator("pre").last.inner_text())
    assert answer["answers"][0]["items"][0]["reason"]["text"] in entry.locator("table").first.inner_text()
    assert f"model {answer['answers'][0]['model_version']}" in entry.inner_text()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


@desktop_and_phone
def test_the_drawer_tells_the_offer_and_why(page: Page) -> None:
    """For a customer who is known; the same one while it is valid."""
    switch_to(page, "returning")
    expect(widget(page, "home")).to_have_attribute("state", "ready")
    page.get_by_role("button", name="Behind the scenes").click()
    entries = page.locator("#exchanges > li", has_text="next best offer")
    expect(entries).to_have_count(1)
    entries.first.locator("summary").first.click()
    answer = json.loads(entries.first.locator("pre").last.text_content() or "")
    told = entries.first.locator("section.offer")
    expect(told).to_contain_text(answer["reason"]["text"])
    assert answer["decision_id"]
    for offer, why in answer["reason"]["why_not"].items():
        expect(told).to_contain_text(f"not {offer}")
        expect(told).to_contain_text(why)
    page.goto("/demo#/cart")
    expect(entries).to_have_count(2)
    again = json.loads(entries.first.locator("pre").last.text_content() or "")
    assert again["decision_id"] == answer["decision_id"]


@desktop_and_phone
def test_every_page_fits_and_can_be_read_out(page: Page, shop: dict[str, Any]) -> None:
    product, category = product_on_sale(shop), shop["categories"][0]["id"]
    for route in (
        "",
        f"category/{category}",
        f"product/{product['product_id']}",
        "cart",
        "search/a",
        "nowhere",
    ):
        page.goto(f"/demo#/{route}")
        expect(page.locator("main h1")).to_have_count(1)
        expect(page.locator('perennial-recs[state="loading"]')).to_have_count(0)
        assert page.evaluate(TOO_WIDE) == 0, route
        assert page.evaluate(UNNAMED) == [], route


TOO_WIDE = "Math.max(0, document.documentElement.scrollWidth - window.innerWidth)"
# Pictures without alt, and controls that a screen reader could not name, shadow trees included.
UNNAMED = """() => {
    const trees = [document, ...[...document.querySelectorAll("perennial-recs")].map(one => one.shadowRoot)];
    const all = selector => trees.flatMap(tree => [...tree.querySelectorAll(selector)]);
    const named = node => (node.ariaLabel || node.textContent).trim() || node.labels?.length;
    return [...all("img:not([alt])"), ...all("button, a[href], input, select").filter(node => !named(node))]
        .map(node => node.outerHTML);
}"""


class TestGallery:
    """`/widget`, where everything that docs/widget.md tells of is tried live."""

    def test_all_examples_are_live_and_accessible(self, page: Page) -> None:
        said = warnings(page)
        page.goto("/widget?scheme=dark")
        expect(page.locator("article")).to_have_count(18)
        expect(page.locator("perennial-recs[state=loading]")).to_have_count(0)
        expect(page.locator("perennial-recs[state=fallback]")).to_have_count(1)
        expect(page.locator("perennial-recs[state=empty]")).to_have_count(0)
        expect(page.get_by_text("Shown by the page").first).to_be_visible()
        expect(page.locator("#log")).to_contain_text("perennial:add own")
        assert [line.partition(";")[0] for line in said] == ['Perennial: no placement is called "nowhere"']
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        results = Axe().run(page)
        assert [(one["id"], one["nodes"][0]["target"]) for one in results.response["violations"]] == []
