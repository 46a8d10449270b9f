"""`<perennial-recs>` in a real browser, on a shop's page that allows nothing but its own files."""

import pytest
from playwright.sync_api import Page, expect

from browsing import shifts, warnings
from shop_page import BELOW, CART, Service, is_state, product, unused_address, wait_for_event

# What a shop does with the widget's button; `added` resolves once the event is acknowledged.
ADD_TO_THE_CART = """() => {
    window.added = new Promise(done => document.addEventListener("perennial:add", ({target, detail}) => {
        target.setAttribute("cart", "A,B," + detail.product.product_id);
        detail.acknowledged.then(taken => done([detail.recommendation_id, taken]));
    }));
}"""


@pytest.mark.browser
class TestAnswer:
    def test_all_widgets_of_a_page_ask_in_one_call(self, page: Page, service: Service) -> None:
        service.body = (
            CART + '<perennial-recs placement="trending" customer-id="c-17" k="3"></perennial-recs>'
        )
        page.goto(service.url)
        is_state(page, "ready")
        [question] = service.questions
        cart, trending = question["requests"]
        assert service.heard[:2] == ["/v1/events?key=pk_test", "/v1/recommendations?key=pk_test"]
        assert service.events_of("identify")[0]["customer_id"] == "c-17"  # the answer waits for it
        assert (cart["placement"], cart["cart"], cart["k"]) == ("cart", ["A", "B"], 8)
        assert (trending["placement"], trending["customer_id"], trending["k"]) == ("trending", "c-17", 3)
        assert cart["anonymous_id"] == page.evaluate("localStorage.perennial_anonymous_id")

    def test_a_card_shows_title_price_and_reason(self, page: Page, service: Service) -> None:
        page.goto(service.url)
        card = page.locator("perennial-recs >> li").first
        expect(card.get_by_role("link", name="Product C")).to_have_attribute(
            "href", f"{service.url}/products/C"
        )
        expect(card).to_contain_text("£12.75")
        expect(card).to_contain_text("37 buyers also bought this")
        expect(page.get_by_role("region", name="Goes with your cart")).to_be_visible()

    def test_the_page_hears_of_an_arm_and_can_style_it(self, page: Page, service: Service) -> None:
        service.experiment = {"id": "x-1", "arm": "b", "widget": {"heading": "<b>Chosen</b>", "k": 4}}
        page.add_init_script(
            "addEventListener('perennial:experiment', event => { window.told = event.detail; })"
        )
        page.goto(service.url)
        is_state(page, "ready")
        expect(page.get_by_role("region", name="<b>Chosen</b>")).to_be_visible()
        expect(page.locator("perennial-recs")).to_have_attribute("data-arm", "x-1:b")
        assert page.evaluate("window.told") == service.experiment
        service.experiment = None
        page.locator("perennial-recs").evaluate("widget => widget.refresh()")
        expect(page.get_by_role("region", name="Goes with your cart")).to_be_visible()
        expect(page.locator("perennial-recs")).not_to_have_attribute("data-arm", "x-1:b")

    def test_a_changed_attribute_asks_again(self, page: Page, service: Service) -> None:
        page.goto(service.url)
        is_state(page, "ready")
        service.items = [product("Z")]
        page.locator("perennial-recs").evaluate("widget => widget.setAttribute('cart', 'A,B,C')")
        expect(page.locator("perennial-recs >> li")).to_have_count(1)
        assert service.questions[-1]["requests"][0]["cart"] == ["A", "B", "C"]
        expect(page.get_by_role("status")).to_have_text("Goes with your cart: 1")

    def test_one_elements_slip_costs_the_others_nothing(self, page: Page, service: Service) -> None:
        said = warnings(page)
        service.body = '<perennial-recs placement="nonsense"></perennial-recs>'
        service.body += '<perennial-recs placement="home" k="9000"></perennial-recs>' + service.body
        page.goto(service.url)
        is_state(page, "empty")
        expect(page.locator("[placement=home]")).to_have_attribute("state", "ready")
        [request] = service.questions[0]["requests"]
        assert (request["placement"], request["k"]) == ("home", 100)
        [line] = said
        assert line.startswith('Perennial: no placement is called "nonsense"; there are home')

    def test_arrow_keys_walk_through_the_products(self, page: Page, service: Service) -> None:
        page.goto(service.url)
        page.get_by_role("link", name="Product C").focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("link", name="Product D")).to_be_focused()
        page.keyboard.press("End")
        expect(page.get_by_role("link", name="Product J")).to_be_focused()


@pytest.mark.browser
class TestHostileAnswer:
    def test_only_web_addresses_become_links(self, page: Page, service: Service) -> None:
        addresses = ["javascript:document.title='hacked'", " JaVaScRiPt:alert(1)", "data:text/html,x", "x:x"]
        service.items = [product(str(at), url=one, image_url=one) for at, one in enumerate(addresses)]
        page.goto(service.url)
        is_state(page, "ready")
        expect(page.locator("perennial-recs >> li")).to_have_count(4)
        expect(page.locator("perennial-recs >> [href], perennial-recs >> img")).to_have_count(0)

    def test_markup_is_shown_as_text(self, page: Page, service: Service) -> None:
        markup = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
        reason = {"code": "x", "text": markup, "evidence": {}}
        service.items = [product("C", title=markup, currency=markup, reason=reason)]
        page.goto(service.url)
        is_state(page, "ready")  # until then its placeholders have titles too
        expect(page.locator("perennial-recs >> [part=title]")).to_have_text(markup)
        expect(page.locator("perennial-recs >> [part=reason]")).to_have_text(markup)
        expect(page.locator("perennial-recs >> [part=price]")).to_have_text("12.75")
        expect(page).to_have_title("Shop")

    def test_nonsense_is_answered_with_the_fallback(self, page: Page, service: Service) -> None:
        service.items = "no list"  # type: ignore[assignment]
        page.goto(service.url)
        is_state(page, "fallback")


@pytest.mark.browser
class TestFallback:
    def test_a_dead_service_shows_the_pages_own_content(self, page: Page, service: Service) -> None:
        service.body = CART.replace(" cart=", f' endpoint="{unused_address()}" cart=') + BELOW
        page.goto(service.url)
        is_state(page, "fallback")
        expect(page.get_by_text("Our classics")).to_be_visible()
        assert shifts(page) == 0

    def test_a_slow_service_is_given_up_on(self, page: Page, service: Service) -> None:
        service.answering.clear()
        page.goto(service.url)
        is_state(page, "loading")
        is_state(page, "fallback")
        assert shifts(page) == 0

    def test_without_own_content_an_empty_answer_takes_no_room(self, page: Page, service: Service) -> None:
        service.items = []
        service.body = '<perennial-recs placement="buy_again"></perennial-recs>'
        page.goto(service.url)
        is_state(page, "empty")
        expect(page.locator("perennial-recs")).to_be_hidden()

    def test_nothing_jumps_when_the_answer_comes(self, page: Page, service: Service) -> None:
        service.body = CART.replace(" cart=", ' timeout-ms="20000" cart=') + BELOW
        service.answering.clear()
        page.goto(service.url)
        is_state(page, "loading")
        before = page.locator("#below").bounding_box()
        service.answering.set()
        is_state(page, "ready")
        assert page.locator("#below").bounding_box() == before
        assert shifts(page) == 0


@pytest.mark.browser
class TestEvents:
    def test_what_is_seen_and_clicked_is_sent_by_beacon(self, page: Page, service: Service) -> None:
        page.goto(service.url)
        impression = wait_for_event(page, service, "impression")
        assert impression["recommendation_id"] == "r-77"
        assert impression["properties"] == {"placement": "cart", "product_ids": list("CDEFGHIJ")}
        assert impression["sent_as"].startswith("text/plain")
        assert impression["sent_to"] == "/v1/events?key=pk_test"
        page.get_by_role("link", name="Product D").click()
        click = wait_for_event(page, service, "click")
        assert (click["product_id"], click["recommendation_id"]) == ("D", "r-77")
        assert click["anonymous_id"] == impression["anonymous_id"]
        assert click["session_id"] == impression["session_id"]
        assert click["event_id"] != impression["event_id"]

    def test_an_unseen_widget_makes_no_impression(self, page: Page, service: Service) -> None:
        far = '<div id="far"></div>'
        service.body = far + CART
        page.add_init_script("addEventListener('DOMContentLoaded', () => far.style.height = '3000px')")
        page.goto(service.url)
        is_state(page, "ready")
        page.evaluate("Perennial.track('search', {query: 'tea'})")
        assert service.events_of("impression") == []
        page.locator("perennial-recs").scroll_into_view_if_needed()
        wait_for_event(page, service, "impression")

    def test_the_answer_after_add_to_cart_waits_for_its_acknowledgement(
        self, page: Page, service: Service
    ) -> None:
        page.goto(service.url)
        is_state(page, "ready")
        wait_for_event(page, service, "impression")
        service.heard.clear()
        page.evaluate(ADD_TO_THE_CART)
        page.get_by_role("button", name="Add: Product C").click()
        assert page.evaluate("window.added") == ["r-77", True]
        expect(page.get_by_role("status")).to_have_text("Goes with your cart: 8")
        assert service.heard[:2] == ["/v1/events?key=pk_test", "/v1/recommendations?key=pk_test"]
        assert service.events_of("add_to_cart")[0]["product_id"] == "C"

    def test_identify_joins_and_signing_out_forgets(self, page: Page, service: Service) -> None:
        page.goto(service.url)
        is_state(page, "ready")
        page.evaluate("Perennial.identify('c-17')")
        identified = wait_for_event(page, service, "identify")
        assert identified["customer_id"] == "c-17"
        page.evaluate("Perennial.identify(null)")
        page.evaluate("Perennial.track('search', {query: 'tea'})")
        after = wait_for_event(page, service, "search")
        assert "customer_id" not in after
        assert after["anonymous_id"] != identified["anonymous_id"]


@pytest.mark.browser
class TestObjection:
    @pytest.mark.parametrize("how", ["signal", "attribute"])
    def test_nothing_is_stored_and_nobody_is_told(self, page: Page, service: Service, how: str) -> None:
        if how == "signal":
            page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
        else:
            service.body = CART.replace(" cart=", ' consent="denied" cart=')
        page.add_init_script("localStorage.perennial_anonymous_id = 'from an earlier visit'")
        page.goto(service.url)
        is_state(page, "ready")
        page.get_by_role("button", name="Add: Product C").click()
        assert page.evaluate("Perennial.track('search', {query: 'tea'})") is False
        assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
        [request] = service.questions[0]["requests"]
        assert request == {"placement": "cart", "language": "en-GB", "cart": ["A", "B"], "k": 8}
        assert service.events == []

    def test_blocked_storage_does_not_break_the_widget(self, page: Page, service: Service) -> None:
        page.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked'); }})"
        )
        page.goto(service.url)
        is_state(page, "ready")
        impression = wait_for_event(page, service, "impression")
        assert impression["anonymous_id"] == service.questions[0]["requests"][0]["anonymous_id"]


@pytest.mark.browser
class TestSet:
    """`placement="bundles"`: products at one price, and one click for all of them."""

    BODY = '<perennial-recs placement="bundles" product-id="C" add-to-cart="Add all"></perennial-recs>'

    def test_one_click_adds_all_of_a_set_and_tells_its_price(self, page: Page, service: Service) -> None:
        items = [product(name) for name in "CD"]
        service.bundles = [{"items": items, "list_price": 38.0, "bundle_price": 34.2, "discount": 0.1}]
        service.body = self.BODY + CART
        page.goto(service.url)
        is_state(page, "ready")
        page.evaluate("""() => {
            window.taken = [];
            document.addEventListener("perennial:add", ({detail}) =>
                window.taken.push([detail.product.product_id, detail.bundle.bundle_price]));
        }""")
        every = page.get_by_role("button", name="Add all (2)")
        expect(page.locator("perennial-recs >> [part=total]")).to_have_text("£34.20 £38.00")
        every.click()
        wait_for_event(page, service, "add_to_cart")
        assert page.evaluate("window.taken") == [["C", 34.2], ["D", 34.2]]
        page.wait_for_timeout(100)
        added = {event["product_id"] for event in service.events_of("add_to_cart")}
        assert added == {"C", "D"}  # in two requests, of which either may come first
        assert [path.partition("?")[2].partition("&")[0] for path in service.heard if "bundles" in path]
        assert len(service.questions) == 1  # the other widget's

    def test_without_a_set_nothing_is_shown(self, page: Page, service: Service) -> None:
        service.body = self.BODY
        page.goto(service.url)
        is_state(page, "empty")
        assert [path for path in service.heard if "product_id=C" in path]
