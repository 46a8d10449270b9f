"""The widget in static copies of the structure of two shops' themes, on phones, tablets and desktops."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from shop_page import CART, Service, product

pytestmark = pytest.mark.browser
WIDTHS = (390, 768, 1280)
TITLES = ["Tea pot", "Set of six tea cups with saucers, hand painted in Portugal, in a box", "Tray"]
PRICES = [12.75, 1234.5, None]
SHOWN = "perennial-recs[state=ready]"


@pytest.mark.parametrize(
    ("theme", "scheme"), [("dawn", ""), ("dawn", "color-inverse"), ("storefront", "")], ids=str
)
def test_it_fits_a_theme(page: Page, service: Service, theme: str, scheme: str) -> None:
    service.theme, service.scheme = theme, scheme
    service.items = [
        product(f"C{at}", title=title, price=price, image_url=f"/pictures/{at}")
        for at, (title, price) in enumerate(zip(TITLES * 2, PRICES * 2, strict=True))
    ]
    items = service.items[:2]
    service.bundles = [{"items": items, "name": "Tea time", "list_price": 38.0, "bundle_price": 34.2}]
    page.goto(service.url)
    expect(page.locator(SHOWN)).to_have_count(page.locator("perennial-recs").count())
    check_headings(page)
    check_widths(page)
    results = Axe().run(page, context="perennial-recs")
    found = [(one["id"], [node["target"] for node in one["nodes"]]) for one in results.response["violations"]]
    assert found == []


def check_headings(page: Page) -> None:
    """They look like the page's own."""
    page.evaluate("""document.querySelector("main").append(document.createElement("h2"))""")
    *ours, own = page.locator("main h2").evaluate_all("""found => found.map(one => {
        const { fontFamily, fontSize, fontWeight, color } = getComputedStyle(one);
        return [fontFamily, fontSize, fontWeight, color].join();
    })""")
    assert len(ours) >= 3
    assert set(ours) == {own}


def check_widths(page: Page) -> None:
    """Nothing is wider than its place."""
    for width in WIDTHS:
        page.set_viewport_size(ViewportSize(width=width, height=900))
        assert page.evaluate("document.documentElement.scrollWidth") == width
        outside = page.evaluate("""() => [...document.querySelectorAll("perennial-recs")].filter(recs =>
            recs.getBoundingClientRect().right > recs.parentElement.getBoundingClientRect().right + 1)""")
        assert outside == []


def test_a_page_of_grids_and_rows_does_not_grow(page: Page, service: Service) -> None:
    service.body = f'<div id="outer"><div>{CART}</div><p>Beside</p></div>'
    page.goto(service.url)
    expect(page.locator(SHOWN)).to_have_count(1)
    for display in ("grid", "flex", "inline-grid"):
        page.evaluate(f"outer.style.display = '{display}'")
        assert page.evaluate("document.documentElement.scrollWidth") == 1280


def test_a_broken_picture_becomes_a_letter_and_a_list_without_pictures_has_no_room_for_them(
    page: Page, service: Service
) -> None:
    service.items = [
        product("C", title="Tea pot", image_url="/pictures/broken"),
        product("D", image_url="/pictures/D"),
        product("E", title=None),  # without a name there is nothing to show
    ]
    page.goto(service.url)
    expect(page.locator("perennial-recs >> li")).to_have_count(2)
    expect(page.locator("perennial-recs >> .picture").first).to_have_attribute("data-initial", "T")
    service.items = [product("C")]
    page.locator("perennial-recs").evaluate("widget => widget.refresh()")
    expect(page.locator("perennial-recs >> .picture")).to_be_hidden()


def test_arrows_are_parts_and_rest_at_the_ends(page: Page, service: Service) -> None:
    page.goto(service.url)
    previous, following = (page.locator(f"perennial-recs >> [part~={name}]") for name in ("previous", "next"))
    expect(previous).to_be_disabled()
    for _ in range(3):
        if following.is_enabled():
            following.click()
            page.wait_for_timeout(500)  # it scrolls smoothly
    expect(following).to_be_disabled()
    expect(previous).to_be_enabled()
