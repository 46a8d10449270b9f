"""The owner's console in a real browser, over the demo shop: each page, desk and phone, light and dark."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from api.console.navigation import PAGES

from browsing import PHONE, SignedIn, chromium, console_page
from waiting import eventually

pytestmark = pytest.mark.browser
TOO_WIDE = "Math.max(0, document.documentElement.scrollWidth - window.innerWidth)"
RULES = "/v1/merchandising"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=["desk light", "phone dark"])
def page(
    request: pytest.FixtureRequest, browser: Browser, demo_server: str, signed_in: SignedIn
) -> Iterator[Page]:
    with console_page(browser, demo_server, signed_in, phone=request.param == "phone dark") as page:
        yield page


def test_the_demos_console_opens_with_one_click(browser: Browser, demo_server: str) -> None:
    page = browser.new_page(base_url=demo_server)
    page.goto("/")
    page.get_by_role("link", name="console").click()
    page.get_by_role("button", name="Look around in the demo shop").click()
    expect(page.locator(".menu")).to_be_visible()
    page.close()


def test_every_page_can_be_read_by_everybody(page: Page) -> None:
    axe = Axe()
    for name in PAGES:
        page.goto(f"/console/{name.replace('_', '-')}")
        assert page.evaluate(TOO_WIDE) == 0, name
        found = axe.run(page).response["violations"]
        assert [(name, each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_the_menu_leads_to_each_page_and_the_back_button_back(page: Page) -> None:
    menu = page.locator(".menu nav")
    assert menu.locator("a").count() == len(PAGES)
    if page.viewport_size == PHONE:
        expect(menu).to_be_hidden()
        page.locator(".menu summary").click()
    before = page.get_by_role("heading", level=1).inner_text()
    menu.get_by_role("link", name="Experiments").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Experiments")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(before)


def shown_brands(demo_server: str) -> list[str]:
    """Of what a visitor of the demo sees at home, best first."""
    brands = {each["product_id"]: str(each["brand"]) for each in shop(demo_server)["products"]}
    query = {"placement": "home", "k": "12", "key": "pk_demo"}
    items = httpx.get(f"{demo_server}/v1/recommendations", params=query).json()["items"]
    return [brands[item["product_id"]] for item in items]


def shop(demo_server: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{demo_server}/demo/shop.json").json()
    return found


@pytest.mark.parametrize("page", ["desk light"], indirect=True)
def test_a_brand_is_no_longer_shown_within_a_second_and_then_again(page: Page, demo_server: str) -> None:
    brand = shown_brands(demo_server)[0]
    page.goto("/console/merchandising")
    page.get_by_role("link", name="Stop showing").click()
    page.get_by_label("Name, for you").fill("Not now")
    page.get_by_label("Brands").fill(brand)
    page.get_by_role("button", name="Show before and after").click()
    expect(page.get_by_role("heading", name="With this rule")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    eventually(lambda: brand not in shown_brands(demo_server), within_s=1.5)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("No rules yet")).to_be_visible()


@pytest.mark.parametrize("page", ["phone dark"], indirect=True)
def test_it_speaks_german(page: Page) -> None:
    page.goto("/console/merchandising")
    expect(page.locator(".menu nav")).to_be_hidden()
    page.locator(".menu summary").click()
    page.get_by_role("button", name="DE").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sortiment")
    assert page.locator("html").get_attribute("lang") == "de"


def test_the_first_page_says_what_was_earned_and_draws_its_days(page: Page) -> None:
    page.goto("/console")
    expect(page.locator(".lead")).to_contain_text("Perennial")
    expect(page.locator("figure.chart canvas")).to_have_count(2)
    page.get_by_role("link", name="90 days").click()
    page.wait_for_url("**/this-week?days=90")
    expect(page.locator(".tile").first).to_contain_text("before:")


def test_which_placement_sells_most_can_be_seen_and_opened(page: Page) -> None:
    page.goto("/console/recommendations")
    row = page.get_by_role("row").filter(has_text="Home page")
    expect(row).to_contain_text("held out:")
    row.get_by_role("link").click()
    page.wait_for_url("**/recommendations?days=28&placement=home")
    expect(page.get_by_role("link", name="All placements")).to_be_visible()
