"""Each kind of message: when it comes, that it comes once, and what ends it.

Covers recommender/lifecycle/messages/ and lifecycle/vocabulary/, too.
"""

from datetime import timedelta
from pathlib import Path

import msgspec

from features.catalogue.price_and_stock_news import News
from features.live.shopper_state import milliseconds
from recommender.customers.tiers import Tier, TierPlan
from recommender.lifecycle.vocabulary.occasion import MESSAGE_KINDS
from recommender.lifecycle.vocabulary.settings import Settings

from lifecycle_shop import DAY, FREE, HOUR, NOW, Shop

MINUTE = timedelta(minutes=1)


def known(ago: timedelta) -> tuple[str, timedelta, dict[str, object]]:
    return ("identify", ago, {"customer_id": "zoe", "anonymous_id": "a"})


def bought(ago: timedelta, *products: str, order: str = "o-1") -> tuple[str, timedelta, dict[str, object]]:
    return ("purchase", ago, {"order_id": order, "items": [(product, 1) for product in products or ("mug",)]})


def added(ago: timedelta, product: str = "pot") -> tuple[str, timedelta, dict[str, object]]:
    return ("add_to_cart", ago, {"product_id": product})


def test_welcome_comes_in_three_steps_until_they_order() -> None:
    shop = Shop().hears(known(MINUTE))
    (first,) = shop.looks()
    assert (first.kind, first.step, first.slot, first.offer) == ("welcome", 1, "welcome_1", None)
    assert first.products == ("mug", "tea", "spoon", "kettle")  # what most people buy
    assert shop.sends(HOUR) == []
    assert [each.step for each in shop.looks(3 * DAY)] == [2]
    shop.hears(bought(-6 * DAY))
    assert "welcome" not in shop.sends(7 * DAY)


def test_a_cart_is_reminded_of_three_times_and_each_time_once() -> None:
    shop = Shop().hears(added(timedelta()), added(-MINUTE, "cup"))
    assert shop.sends(30 * MINUTE) == []
    (first,) = shop.looks(HOUR + MINUTE)
    assert (first.kind, first.step, first.products) == ("abandoned_cart", 1, ("cup", "pot"))
    assert first.reason.evidence["products"] == 2
    assert shop.sends(2 * HOUR) == []
    assert [each.step for each in shop.looks(25 * HOUR)] == [2]
    assert [each.step for each in shop.looks(73 * HOUR)] == [3]
    assert shop.sends(100 * HOUR) == shop.sends(200 * HOUR) == []


def test_a_bought_cart_is_not_reminded_of_and_takes_back_what_waits() -> None:
    shop = Shop().hears(added(2 * HOUR))
    (reminder,) = shop.looks()
    shop.hears(bought(timedelta(), "pot"))
    plan = shop.decides(MINUTE)
    assert plan.ended == (reminder.id,)
    assert [each.kind for each in plan.triggers] == []


def test_another_order_ends_a_cart_and_a_new_cart_begins_anew() -> None:
    shop = Shop().hears(added(3 * HOUR), bought(2 * HOUR, "mug"))
    assert "abandoned_cart" not in shop.sends()
    shop.hears(("remove_from_cart", HOUR, {"product_id": "pot"}), added(timedelta(), "cup"))
    assert "abandoned_cart" in shop.sends(2 * HOUR)


def test_a_product_newer_than_the_model_is_known_from_the_live_catalogue() -> None:
    shop = Shop().hears(added(2 * HOUR, "novelty"))
    assert shop.sends() == []
    assert shop.learns(novelty=News(9.0, False)).sends() == []
    assert [each.products for each in shop.learns(novelty=News(9.0, True)).looks()] == [("novelty",)]
    assert Shop().hears(added(2 * HOUR, "postage")).learns(postage=News(4.0, True)).sends() == []


def test_a_visit_without_a_cart_is_followed_up_once_a_week() -> None:
    shop = Shop().hears(("view", MINUTE, {"product_id": "pot"}), ("view", timedelta(), {"product_id": "tin"}))
    assert shop.sends(23 * HOUR) == []
    (one,) = shop.looks(25 * HOUR)
    assert (one.kind, one.products) == ("abandoned_browse", ("tin", "pot"))
    shop.hears(("view", -2 * DAY, {"product_id": "mug"}), ("view", -2 * DAY, {"product_id": "cup"}))
    assert shop.sends(4 * DAY) == []


def test_what_runs_out_is_reordered_once_and_a_purchase_ends_it() -> None:
    shop = Shop("ann")  # tea every 20 days, the last 25 days ago
    (one,) = [each for each in shop.looks() if each.kind == "reorder"]
    assert (one.products, one.reason.code) == (("tea",), "runs_out")
    assert one.reason.evidence["orders"] == 4
    assert shop.sends(DAY) == []
    shop.hears(bought(-2 * DAY, "tea"))
    assert one.id in shop.decides(2 * DAY + MINUTE).ended
    assert "reorder" in shop.sends(22 * DAY)


def test_several_that_run_out_make_one_restock() -> None:
    settings = {**FREE, "reorder": {"restock_products": 1}}
    (one,) = [each for each in Shop("ann", settings).looks() if each.kind in {"reorder", "restock"}]
    assert (one.kind, one.products) == ("restock", ("tea",))


def test_back_in_stock_tells_those_who_wanted_it_meanwhile() -> None:
    at = milliseconds(NOW)
    back = News(20.0, True, out_ms=at - 7_200_000, back_ms=at)
    looked = Shop().hears(("view", HOUR, {"product_id": "pot"})).learns(pot=back)
    assert looked.sends() == ["back_in_stock"]
    assert looked.sends(HOUR) == []
    before = Shop().hears(("view", 3 * HOUR, {"product_id": "pot"})).learns(pot=back)
    assert before.sends() == []
    wished = Shop().hears(("wishlist", 3 * HOUR, {"product_id": "pot"})).learns(pot=back)
    assert wished.sends() == ["back_in_stock"]
    assert Shop().hears(bought(MINUTE, "pot")).learns(pot=back).sends() == []


def test_price_drops_of_what_they_wanted_come_together() -> None:
    at = milliseconds(NOW)
    drop = {"pot": News(20.0, True, 25.0, at), "tin": News(10.0, True, 20.0, at)}
    looks = [("view", HOUR, {"product_id": name}) for name in drop]
    shop = Shop().hears(*looks).learns(**drop)
    (one,) = shop.looks()
    assert (one.kind, set(one.products)) == ("price_drop", {"pot", "tin"})
    assert len(one.reason.evidence["also"]) == 1
    assert shop.sends(HOUR) == []
    shop.learns(pot=News(25.0, True), tin=News(20.0, True))
    assert shop.decides(HOUR).ended == (one.id,)
    small = Shop().hears(looks[0]).learns(pot=News(20.0, True, 21.0, at))
    assert small.sends() == []


def test_those_about_to_leave_are_won_back_once_a_silence() -> None:
    shop = Shop("bob")  # one kettle, yesterday
    assert "win_back" not in shop.sends(60 * DAY)
    (one,) = [each for each in shop.looks(200 * DAY) if each.kind == "win_back"]
    assert (one.offer, one.reason.code) == ("next_best", "churn_risk")
    assert "win_back" not in shop.sends(230 * DAY)


def test_a_shop_that_begins_tells_those_who_were_silent_before_within_two_months() -> None:
    began = NOW + 200 * DAY
    days = []
    for number in range(40):
        shop = Shop(f"c-{number}", began_ms=milliseconds(began)).hears(bought(timedelta()))
        sent = [day for day in range(200, 265) if "win_back" in shop.sends(day * DAY)]
        assert len(sent) == 1
        days += sent
    assert min(days) < 215
    assert max(days) > 245
    assert max(days.count(day) for day in set(days)) <= 6


def test_who_falls_silent_later_is_told_at_once() -> None:
    shop = Shop("c-1", began_ms=milliseconds(NOW)).hears(bought(timedelta()))
    free = Shop("c-1").hears(bought(timedelta()))
    first = [next(day for day in range(300) if "win_back" in each.sends(day * DAY)) for each in (shop, free)]
    assert first[0] == first[1]


def test_after_a_first_order() -> None:
    shop = Shop().hears(bought(timedelta(), "mug", "tea"))
    days = {day: kinds for day in range(1, 40) if (kinds := shop.sends(day * DAY + HOUR))}
    assert days == {
        1: ["thank_you"],
        5: ["onboarding"],
        11: ["review_request"],
        14: ["cross_sell"],
        18: ["onboarding"],
    }


def test_delivery_takes_longer_elsewhere_and_a_review_ends_the_request() -> None:
    settings = {**FREE, "delivery": {"days": 4, "by_country": {"NO": 10}}}
    order = ("purchase", timedelta(), {"order_id": "o", "items": [("mug", 1)], "context": {"country": "NO"}})
    shop = Shop(settings=settings).hears(order)
    assert "review_request" not in shop.sends(16 * DAY)
    assert "review_request" in [each.kind for each in shop.decides(18 * DAY).triggers]
    shop.hears(("review", -17 * DAY, {"product_id": "mug"}))
    assert "review_request" not in shop.sends(18 * DAY)


TIERS = TierPlan((Tier("silver", 100.0), Tier("gold", 200.0)))


def test_a_tier_reached_and_one_that_is_near() -> None:
    shop = Shop("ann", tiers=TIERS)  # spent 28; a pot is 20
    order = ("purchase", timedelta(), {"order_id": "o", "items": [("pot", 4)]})
    (reached,) = [each for each in shop.hears(order).looks(2 * HOUR) if each.kind == "tier_change"]
    assert (reached.reason.code, reached.reason.evidence["tier"]) == ("tier_reached", "silver")
    more = ("purchase", -DAY, {"order_id": "o-2", "items": [("pot", 4)]})
    (near,) = [each for each in shop.hears(more).looks(2 * DAY) if each.kind == "tier_change"]
    assert (near.reason.code, near.reason.evidence["missing"]) == ("tier_near", 12.0)
    assert "tier_change" not in shop.sends(3 * DAY)


def test_the_best_customers_are_told_once() -> None:
    settings = {**FREE, "vip": {"top_share": 1.0}}
    shop = Shop("ann", settings).hears(bought(timedelta(), "mug"))
    assert "vip" in shop.sends(DAY + HOUR)
    shop.hears(bought(-2 * DAY, "pot", order="o-2"))
    assert "vip" not in shop.sends(4 * DAY)
    assert "vip" not in Shop("ann", settings).sends()


def test_the_happy_are_asked_to_refer_until_they_did() -> None:
    shop = Shop("ann").hears(("survey", 3 * DAY, {"properties": {"score": 9}}))
    assert "referral" in shop.sends()
    assert "referral" not in Shop("ann").hears(("survey", 3 * DAY, {"properties": {"score": 8}})).sends()
    did = Shop("ann").hears(("survey", 3 * DAY, {"properties": {"score": 9}}), ("referral", DAY, {}))
    assert "referral" not in did.sends()


def test_birthdays_come_once_a_year_where_they_live() -> None:
    born = {"birthday": "1990-11-23", "timezone": "Pacific/Auckland"}  # there it is the 23rd at 11:00 UTC
    shop = Shop().hears(("identify", 90 * DAY, {"customer_id": "z", "anonymous_id": "a", "properties": born}))
    assert shop.sends(-2 * HOUR) == []
    (one,) = shop.looks()
    assert (one.kind, one.offer) == ("birthday", "next_best")
    assert shop.sends(2 * DAY) == []
    assert shop.sends(365 * DAY) == ["birthday"]


def test_a_leap_day_is_kept_on_the_28th() -> None:
    leap = {"birthday": "02-29"}
    shop = Shop().hears(("identify", 90 * DAY, {"customer_id": "z", "anonymous_id": "a", "properties": leap}))
    assert shop.sends(98 * DAY) == ["birthday"]  # 28 February 2027


def test_a_kind_can_be_switched_off_and_offers_named_by_step() -> None:
    off = {**FREE, "abandoned_cart": {"enabled": False}}
    assert Shop(settings=off).hears(added(2 * HOUR)).sends() == []
    named = {**FREE, "abandoned_cart": {"offers": ["none", "postage"]}}
    shop = Shop(settings=named).hears(added(timedelta()))
    assert [each.offer for at in (2, 25, 73) for each in shop.looks(at * HOUR)] == [
        None,
        "postage",
        "postage",
    ]


def test_every_kind_is_documented_and_set() -> None:
    page = (Path(__file__).parents[3] / "docs" / "triggers.md").read_text()
    assert [kind for kind in MESSAGE_KINDS if f"| `{kind}` |" not in page] == []
    assert {settings_of.enabled for settings_of in map(Settings().message, MESSAGE_KINDS)} == {True}


def status(ago: timedelta, status: str, **more: str) -> tuple[str, timedelta, dict[str, object]]:
    return ("order_status", ago, {"properties": {"order_id": "o-1", "status": status, **more}})


REFUSED = ("consent", 2 * HOUR, {"properties": {"all": False}})


def test_who_bought_is_told_of_the_order_whatever_they_said_to_promotion() -> None:
    """Its newest status alone; neither a full budget nor a ticket keeps it back."""
    ticket = ("ticket", HOUR, {"properties": {"ticket_id": "t"}})
    strict = {"budget": {"contacts": 1, "days": 7}, "quiet": {"from": "00:00", "until": "00:00"}}
    shop = Shop("new", strict).hears(REFUSED, ticket, status(HOUR, "packed"), status(MINUTE, "Shipped"))
    (sent,) = shop.looks()
    assert (sent.kind, sent.channel, sent.reason.code) == ("order_status", "email", "shipped")
    assert sent.reason.text == "Their order o-1: shipped."
    assert shop.sends(MINUTE) == []
    shop.hears(status(-HOUR, "delayed", expected="2026-12-04"))
    (late,) = shop.looks(2 * HOUR)
    assert (late.kind, late.reason.text) == (
        "delay",
        "Their order o-1 is late, and is expected on 2026-12-04.",
    )
    shop.hears(status(-3 * HOUR, "delayed", expected="2026-12-09"), status(-4 * HOUR, "delivered"))
    assert shop.sends(5 * HOUR) == ["order_status"]  # the delay is over
    assert Shop("new", strict).hears(status(4 * DAY, "shipped")).sends() == []  # no news any more


def test_messages_about_orders_leave_the_budget_to_others() -> None:
    once = {**FREE, "budget": {"contacts": 1, "days": 7}}
    shop = Shop("new", once).hears(added(2 * HOUR), status(MINUTE, "shipped"))
    assert sorted(shop.sends()) == ["abandoned_cart", "order_status"]


def test_an_issue_with_a_product_is_told_unless_service_messages_are_refused() -> None:
    issue = ("product_issue", MINUTE, {"properties": {"product_id": "mug", "issue": "The handle may break."}})
    (told,) = [each for each in Shop("new").hears(REFUSED, issue).looks() if each.kind == "product_issue"]
    assert told.products == ("mug",)
    assert told.reason.text.endswith("that they bought: The handle may break.")
    no_service = ("consent", HOUR, {"properties": {"service": False}})
    assert "product_issue" not in Shop("new").hears(no_service, issue).sends()


GUIDES = {
    **FREE,
    "guides": [
        {
            "id": "descale",
            "title": "How to descale",
            "url": "https://shop.example/descale",
            "products": ["kettle"],
        },
        {"id": "pots", "title": "Care of pots", "categories": ["Cups"]},
    ],
}


def test_a_guide_to_a_category_is_about_those_below_it() -> None:
    guide = msgspec.convert(GUIDES, Settings).guides[1]
    about = [guide.is_about("x", each) for each in ("Cups", "Cups > Small", "Cupsize", None)]
    assert about == [True, True, False, False]
    kitchen = {**FREE, "guides": [{"id": "wood", "categories": ["kitchen"]}]}
    shop = Shop("new", kitchen).hears(bought(timedelta(), "kettle"))
    assert [each.guides[0].id for each in shop.looks(6 * DAY + HOUR) if each.kind == "usage_tips"] == ["wood"]


def test_tips_on_use_come_once_by_the_merchants_own_table() -> None:
    shop = Shop("new", GUIDES).hears(bought(timedelta(), "kettle", "spoon"))
    assert "usage_tips" not in shop.sends(4 * DAY)
    tips = [each for each in shop.looks(6 * DAY + HOUR) if each.kind == "usage_tips"]
    assert [[guide.id for guide in each.guides] for each in tips] == [["descale"]]
    assert tips[0].products == ("kettle",)
    assert tips[0].guides[0].url == "https://shop.example/descale"
    shop.hears(bought(-7 * DAY, "kettle", order="o-2"))
    assert "usage_tips" not in shop.sends(14 * DAY)
    assert "usage_tips" not in Shop("new", FREE).hears(bought(timedelta(), "kettle")).sends(7 * DAY)
