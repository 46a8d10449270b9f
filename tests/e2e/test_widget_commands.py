"""What a page's own code asks of the widget, before it is there and after; how it is loaded; what it says."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from api.process.widget_files import widget_files

from browsing import warnings
from shop_page import CART, COPY, Service, is_state, offer, unused_address, wait_for_event

pytestmark = pytest.mark.browser
VERSION, _ = widget_files()
MODULES = ('type="module" src="/widget.mjs"', 'type="module" src="/widget.js"')
SIMILAR = '<perennial-recs placement="product_similar" product-id="22423"></perennial-recs>'


def as_is(page: Page, service: Service, state: str, body: str = CART) -> list[str]:
    """What it says in the console of a page with this body, once the first element is in the state."""
    said = warnings(page)
    service.body = body
    page.goto(service.url)
    is_state(page, state)
    page.wait_for_timeout(100)
    return said


class TestQueue:
    def test_calls_before_it_is_loaded_are_made_after(self, page: Page, service: Service) -> None:
        page.add_init_script("""
            window.Perennial = window.Perennial || [];
            Perennial.push(["track", "search", { query: "tea" }]);
            Perennial.push(["identify", "c-17", "token"], (loaded) => { window.told = typeof loaded.track; });
        """)
        page.goto(service.url)
        assert wait_for_event(page, service, "search")["query"] == "tea"
        identified = wait_for_event(page, service, "identify")
        assert (identified["customer_id"], identified["customer_token"]) == ("c-17", "token")
        assert page.evaluate("window.told") == "function"
        is_state(page, "ready")
        [question] = service.questions  # it waited for them
        assert question["requests"][0]["customer_id"] == "c-17"
        assert service.heard[:2] == ["/v1/events?key=pk_test"] * 2

    def test_identify_is_told_once_a_session(self, page: Page, service: Service) -> None:
        for _ in range(2):
            as_is(page, service, "ready", CART.replace(" cart=", ' customer-id="c-17" cart='))
        assert len(service.events_of("identify")) == 1

    def test_a_pages_own_settings(self, page: Page, service: Service) -> None:
        service.head = '<script defer src="/widget.js"></script>'
        page.add_init_script("""window.Perennial = [["configure", { key: "pk_own" }]]""")
        as_is(page, service, "ready")
        assert "/v1/recommendations?key=pk_own" in service.heard


class TestViews:
    def test_a_question_about_a_product_is_its_pages_view_once(self, page: Page, service: Service) -> None:
        as_is(page, service, "ready", SIMILAR + SIMILAR)
        first, second = service.questions[0]["requests"]
        assert first["track"] == "view"
        assert len(first["event_id"]) == 36
        assert "track" not in second
        assert page.evaluate("Perennial.track('view', {product_id: '22423'})") is True
        assert page.evaluate("Perennial.track('view', {product_id: '85123A'})") is True
        assert [event["product_id"] for event in service.events_of("view")] == ["85123A"]

    def test_where_the_answer_did_not_take_it_it_is_told_again(self, page: Page, service: Service) -> None:
        service.status = 503
        as_is(page, service, "empty", SIMILAR)
        view = wait_for_event(page, service, "view")
        assert view["event_id"] == service.questions[0]["requests"][0]["event_id"]

    def test_a_page_without_an_element_names_its_product(self, page: Page, service: Service) -> None:
        service.head = service.head.replace("data-key", 'data-product-id="22423" data-key')
        service.body = "<p>Tea pot</p>"
        page.goto(service.url)
        assert wait_for_event(page, service, "view")["product_id"] == "22423"
        as_is(page, service, "ready", SIMILAR)
        assert service.questions[0]["requests"][0]["track"] == "view"
        assert len(service.events_of("view")) == 1

    def test_it_can_be_left_to_the_page(self, page: Page, service: Service) -> None:
        as_is(page, service, "ready", SIMILAR.replace(" product-id", ' views="off" product-id'))
        assert "track" not in service.questions[0]["requests"][0]


class TestLoading:
    def test_it_knows_where_the_service_is(self, page: Page, service: Service) -> None:
        for how in ('async src="/widget.js"', f'defer src="/widget/{VERSION}/widget.js"', *MODULES):
            service.head = f'<script {how} data-key="pk_test"></script>'
            said = as_is(page, service, "ready", CART.replace(" cart=", ' layout="compact" cart='))
            assert "/v1/recommendations?key=pk_test" in service.heard
            assert said == []
            service.heard.clear()

    def test_where_it_does_not_it_says_so_and_asks_nobody(self, page: Page, service: Service) -> None:
        service.head = f'<script defer src="{COPY}" data-key="pk_test"></script>'
        said = as_is(page, service, "fallback")
        assert said == ['Perennial: set endpoint="https://...": this script did not come from a service']
        assert service.heard == []
        page.locator("perennial-recs").evaluate(
            "(one, url) => one.setAttribute('endpoint', url)", service.url
        )
        is_state(page, "ready")


class TestConsole:
    """One line that says why nothing is shown, and nothing broken is shown."""

    def test_a_wrong_key(self, page: Page, service: Service) -> None:
        service.status = 401
        said = as_is(page, service, "fallback", CART + SIMILAR)
        where = f"{service.url}/v1/recommendations"
        assert said == [f"Perennial: 401 from {where}: This key is not known, or revoked."]

    def test_an_origin_that_is_not_allowed(self, page: Page, service: Service) -> None:
        other = service.url.replace("127.0.0.1", "localhost")
        said = as_is(page, service, "fallback", CART.replace(" cart=", f' endpoint="{other}" cart='))
        assert said == [
            f"Perennial: {other} does not allow this page to ask: start it with"
            f" PERENNIAL_CORS_ORIGINS={service.url}"
        ]
        service.allowed_origin = service.url
        as_is(page, service, "ready", service.body)
        assert wait_for_event(page, service, "impression")["sent_as"].startswith("text/plain")

    def test_a_service_that_is_away_and_one_that_is_slow(self, page: Page, service: Service) -> None:
        away = unused_address()
        said = as_is(page, service, "fallback", CART.replace(" cart=", f' endpoint="{away}" cart='))
        assert said == [f"Perennial: {away} cannot be reached, or the page's connect-src does not allow it"]
        service.answering.clear()
        said = as_is(page, service, "fallback", CART.replace(" cart=", ' timeout-ms="200" cart='))
        assert said == [f"Perennial: no answer from {service.url} in time"]


class TestOffer:
    def shown(self, page: Page, service: Service, answer: dict[str, Any], state: str, lang: str = "") -> str:
        service.body = f'<perennial-recs placement="offer" {lang} terms="From 30 on."></perennial-recs>'
        page.goto(service.url)
        page.locator("perennial-recs").evaluate("(one, offer) => { one.offer = offer; }", answer)
        is_state(page, state)
        page.wait_for_timeout(50)
        text: str = page.locator("perennial-recs").evaluate(
            "one => one.innerText + ' ' + one.shadowRoot.querySelector('.offer')?.innerText"
        )
        return text

    def test_it_shows_its_terms_and_how_long_it_holds(self, page: Page, service: Service) -> None:
        text = self.shown(page, service, offer(timedelta(hours=30.5)), "ready", 'locale="de"')
        assert "-10\xa0%" in text
        assert "Gültig bis" in text
        assert "1 T 6h" in text.replace("\xa0", " ")
        assert "From 30 on." in text

    def test_it_goes_when_it_ends(self, page: Page, service: Service) -> None:
        page.clock.install()
        self.shown(page, service, offer(timedelta(hours=1)), "ready")
        page.clock.fast_forward("01:00:01")
        is_state(page, "empty")

    def test_a_browsers_wrong_clock_counts_nothing_down(self, page: Page, service: Service) -> None:
        page.clock.set_fixed_time("2020-01-01T00:00:00Z")
        self.shown(page, service, offer(timedelta(hours=30)), "ready")
        expect(page.locator("perennial-recs >> [part=until]")).to_be_visible()
        expect(page.locator("perennial-recs >> [part=countdown]")).to_have_count(0)

    def test_without_one_there_is_nothing(self, page: Page, service: Service) -> None:
        nothing: list[dict[str, Any]] = [
            {"offer_id": "none"},
            {"decision_id": None},
            {"kind": "content", "name": ""},
            {"expires_at": None},
        ]
        for changes in nothing:
            self.shown(page, service, offer(timedelta(hours=30), **changes), "empty")
