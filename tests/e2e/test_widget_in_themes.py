"""The widget in static copies of the structure of two shops' themes, on phones, tablets and desktops."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from shop_page import CART, Service, product

pytestmark = pytest.mark.browser
WIDTHS = (390, 768, 1280)
TITLES = ["Tea pot", "Set of six tea cups with saucers, hand painted in Portugal, in a box", "Tray"]
SHOWN = "perennial-recs[state=ready]"


@pytest.fixture(params=[("dawn", ""), ("dawn", "color-inverse"), ("storefront", "")], ids=str)
def themed(request: pytest.FixtureRequest, page: Page, service: Service) -> Page:
    service.theme, service.scheme = request.param
    service.items = [
        product(
            name, title=TITLES[at % 3], price=[12.75, 1234.5, None][at % 3], image_url=f"/pictures/{name}"
        )
        for at, name in enumerate("CDEFGH")
    ]
    service.bundles = [
        {"items": service.items[:2], "name": "Tea time", "list_price": 38.0, "bundle_price": 34.2}
    ]
    page.goto(service.url)
    expect(page.locator(SHOWN)).to_have_count(page.locator("perennial-recs").count())
    return page


def test_it_fits_its_place_at_every_width(themed: Page) -> None:
    for width in WIDTHS:
        themed.set_viewport_size(ViewportSize(width=width, height=900))
        assert themed.evaluate("document.documentElement.scrollWidth") == width
        outside = themed.evaluate("""() => [...document.querySelectorAll("perennial-recs")].filter(recs =>
            recs.getBoundingClientRect().right > recs.parentElement.getBoundingClientRect().right + 1)""")
        assert outside == []


def test_it_is_accessible(themed: Page) -> None:
    results = Axe().run(themed, context="perennial-recs")
    found = [(one["id"], [node["target"] for node in one["nodes"]]) for one in results.response["violations"]]
    assert found == []


def test_its_headings_look_like_the_pages(themed: Page) -> None:
    themed.evaluate("""document.querySelector("main").append(document.createElement("h2"))""")
    *ours, own = themed.locator("main h2").evaluate_all("""found => found.map(one => {
        const { fontFamily, fontSize, fontWeight, color } = getComputedStyle(one);
        return [fontFamily, fontSize, fontWeight, color].join();
    })""")
    assert len(ours) >= 3
    assert set(ours) == {own}


@pytest.mark.parametrize("display", ["grid", "flex", "inline-grid"])
def test_a_page_of_grids_and_rows_does_not_grow(page: Page, service: Service, display: str) -> None:
    service.body = f'<div id="outer"><div>{CART}</div><p>Beside</p></div>'
    page.add_init_script(
        f"addEventListener('DOMContentLoaded', () => {{ outer.style.display = '{display}'; }})"
    )
    page.goto(service.url)
    expect(page.locator(SHOWN)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == 1280


def test_a_broken_picture_becomes_a_letter_and_a_list_without_pictures_has_no_room_for_them(
    page: Page, service: Service
) -> None:
    service.items = [
        product("C", title="Tea pot", image_url="/pictures/broken"),
        product("D", image_url="/pictures/D"),
        product("E", title=None),  # without a name there is nothing to show
    ]
    page.on("console", lambda _: None)
    page.goto(service.url)
    expect(page.locator("perennial-recs >> .picture")).to_have_attribute("data-initial", "T")
    expect(page.locator("perennial-recs >> li")).to_have_count(2)
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
