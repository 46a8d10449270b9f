"""Orders in a service that takes them: with consent, once, as they are now.

Covers services/mailchimp_store.py.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis
from histories import archive, list_products
from sales import refund, refund_of_sum, sale

from features.home import Home
from training.outbound.destination import Unavailable
from training.outbound.every_service import held_in_all

from mail_tools import ADDRESSES, Call, MailchimpTool, Trouble, running
from outbound_shop import OutboundShop

TODAY, DAY = datetime.now(UTC), timedelta(days=1)
SUBSCRIBED = {"status": "subscribed"}


def ago(days: int) -> str:
    return f"{TODAY - days * DAY:%Y-%m-%d}"


@pytest.fixture
def tool() -> Iterator[MailchimpTool]:
    with running(MailchimpTool()) as mailchimp:
        assert isinstance(mailchimp, MailchimpTool)
        pairs = zip(("m1", "m2"), ADDRESSES.values(), strict=True)
        mailchimp.people = {contact: {"email": address, **SUBSCRIBED} for contact, address in pairs}
        yield mailchimp


@pytest.fixture
def shop(home: Home, client: redis.Redis, tool: MailchimpTool) -> OutboundShop:
    """`ann` ordered a year ago, and tea and a mug 20 days ago; `bob` yesterday; a guest, too."""
    list_products(home, {"tea": "Green tea", "mug": "Mug", "silk/red": None})
    archive(
        home,
        [
            sale("o-old", "ann", ago(400)),
            sale("o-1", "ann", ago(20), ("tea", 0.5, 10.0), ("mug", 2, 5.0), discount=3.0),
            sale("#2/b", "bob", ago(1), ("silk/red", 1, 30.0)),
            sale("o-3", None, ago(1)),
        ],
        TODAY,
    )
    return OutboundShop(
        home, client, "mailchimp", {"key": tool.key, "api": tool.address, "audience": "aud1", "orders": True}
    )


def puts(tool: MailchimpTool) -> int:
    return len(tool.of("PUT", "/orders/"))


def test_orders_of_a_year_arrive_with_all_that_they_need(shop: OutboundShop, tool: MailchimpTool) -> None:
    assert shop.round()["orders"] == 2
    assert tool.sold["orders"]["o-1"] == {
        "id": "o-1",
        "customer": {"id": "m1", "email_address": ADDRESSES["ann"], "opt_in_status": False},
        "currency_code": "EUR",
        "order_total": 12.0,
        "discount_total": 3.0,
        "processed_at_foreign": f"{ago(20)}T12:00:00+00:00",
        "lines": [
            {"id": "1", "product_id": "mug", "product_variant_id": "mug", "quantity": 2, "price": 5.0},
            {"id": "2", "product_id": "tea", "product_variant_id": "tea", "quantity": 1, "price": 5.0},
        ],
    }
    assert tool.sold["products"]["tea"]["title"] == "Green tea"
    assert set(tool.sold["orders"]) == {"o-1", "#2/b"}
    assert (tool.store["list_id"], tool.store["currency_code"]) == ("aud1", "EUR")


def test_old_orders_begin_no_automation_and_new_ones_may(shop: OutboundShop, tool: MailchimpTool) -> None:
    quiet: dict[str, bool] = {}

    def note(call: Call) -> None:
        if call.method == "PUT" and "/orders/" in call.path:
            quiet[call.json["id"]] = tool.store["is_syncing"]

    tool.before = note
    shop.round()
    assert quiet == {"o-1": True, "#2/b": False}


def test_only_what_changed_is_told_again(shop: OutboundShop, tool: MailchimpTool) -> None:
    shop.round()
    assert shop.round(2 * DAY)["orders"] == 0
    archive(shop.home, [refund_of_sum("o-1", ago(1), 2.0)], TODAY)
    assert shop.round(timedelta(hours=1))["orders"] == 0  # once a day
    assert shop.round(4 * DAY)["orders"] == 1
    assert tool.sold["orders"]["o-1"]["order_total"] == 10.0
    archive(shop.home, [refund("o-1", ago(1), kind="cancel")], TODAY)
    assert shop.round(6 * DAY)["orders"] == 1
    assert set(tool.sold["orders"]) == {"#2/b"}
    assert shop.round(8 * DAY)["orders"] == 0
    assert puts(tool) == 3


def test_who_has_not_agreed_has_no_orders_there(shop: OutboundShop, tool: MailchimpTool) -> None:
    tool.people["m2"]["status"] = "unsubscribed"
    shop.hears("consent", "ann", properties={"email": True})
    assert shop.round()["orders"] == 1
    shop.hears("consent", "ann", properties={"email": False})
    shop.round(2 * DAY)
    assert tool.sold["orders"] == tool.sold["customers"] == {}
    shop.hears("consent", "ann", properties={"email": True})
    assert shop.round(4 * DAY)["orders"] == 1


def test_a_no_between_gathering_and_sending_counts(shop: OutboundShop, tool: MailchimpTool) -> None:
    assert shop.round(goes_on=lambda: False)["orders"] == 0
    shop.hears("consent", "bob", properties={"email": False})
    assert shop.round(timedelta(hours=1))["orders"] == 1
    assert set(tool.sold["orders"]) == {"o-1"}


def test_who_is_erased_has_no_orders_there(shop: OutboundShop, tool: MailchimpTool) -> None:
    shop.round()
    told = held_in_all(shop.home, ["ann"])
    assert told == {"mailchimp": [{"customer_id": "ann", "contact": "m1", "fields": True, "orders": 1}]}
    with shop.state() as state:
        state.forget(["ann"])
    assert shop.round()["erased"] == 1
    assert set(tool.sold["orders"]) == {"#2/b"}
    assert set(tool.sold["customers"]) == {"m2"}


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble("PUT", 429, {"Retry-After": "7"}),
        Trouble("PUT", 503, late=True),
    ],
    ids=["429", "503 afterwards"],
)
def test_a_short_trouble_is_sat_out(shop: OutboundShop, tool: MailchimpTool, trouble: Trouble) -> None:
    tool.troubles = [trouble]
    assert shop.round()["orders"] == 2
    assert set(tool.sold["orders"]) == {"o-1", "#2/b"}


def test_a_long_trouble_loses_nothing(shop: OutboundShop, tool: MailchimpTool) -> None:
    tool.troubles = [Trouble("PUT", 503)] * 8
    assert shop.round()["orders"] == 0
    tool.troubles = [Trouble("PUT", 429, {"Retry-After": "7200"})]
    assert shop.round(timedelta(minutes=6))["orders"] == 1
    assert shop.round(timedelta(hours=1))["orders"] == 0
    assert shop.round(timedelta(hours=3))["orders"] == 1


def test_a_refused_order_is_a_dead_letter_and_its_customer_stays(
    shop: OutboundShop, tool: MailchimpTool
) -> None:
    tool.troubles = [Trouble("PUT", 404)]
    assert shop.round()["failed"] == 1
    with shop.state() as state:
        [letter] = state.dead()
        assert state.known(["ann", "bob"]).keys() == {"ann", "bob"}
        assert (letter.customer_id, state.revive(0, 10**14)) == ("ann", 1)
    assert shop.round(timedelta(minutes=1))["orders"] == 1


def test_who_a_service_chokes_on_holds_up_no_orders(shop: OutboundShop, tool: MailchimpTool) -> None:
    tool.troubles = [Trouble("PATCH", 500)] * 8  # both, who are the last
    with pytest.raises(Unavailable):
        shop.round()
    assert set(tool.sold["orders"]) == {"o-1", "#2/b"}


def test_without_the_option_nothing_is_sold(shop: OutboundShop, tool: MailchimpTool) -> None:
    shop.options = {**shop.options, "orders": False}
    shop.round()
    assert not any("/ecommerce/" in call.path for call in tool.calls)


def test_orders_give_way_to_messages(shop: OutboundShop, tool: MailchimpTool) -> None:
    archive(shop.home, [sale("o-4", "ann", ago(2))], TODAY)
    shop.round(goes_on=lambda: False)
    shop.listens()
    shop.ships("ann", 1)
    tool.troubles = [Trouble("PUT", 503)] * 100
    with pytest.raises(Unavailable):
        shop.round(timedelta(minutes=10))
    assert len(tool.events) == 1
