"""When messages may go out: quiet hours, consent, holds and the one budget."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.live.shopper_state import milliseconds
from recommender.lifecycle.timing import after_quiet, budget_opens, channel_for
from recommender.lifecycle.vocabulary.customer import Customer, Person
from recommender.lifecycle.vocabulary.settings import Quiet, Settings, contradictions

from lifecycle_shop import DAY, FREE, HOUR, NOW, OPEN, Shop, customer_state, past_events

MINUTE = timedelta(minutes=1)
CART = ("add_to_cart", 2 * HOUR, {"product_id": "pot"})
YES = ("consent", 3 * HOUR, {"properties": {"email": True}})


def placed(moment: str, zone: str, begin: str = "21:00", until: str = "08:00") -> str:
    quiet = Quiet(from_=begin, until=until)
    at_ms = after_quiet(milliseconds(datetime.fromisoformat(moment)), quiet, ZoneInfo(zone))
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%d %H:%M")


@pytest.mark.parametrize(
    ("moment", "zone", "goes_out"),
    [
        ("2026-11-22T12:00Z", "UTC", "22 12:00"),
        ("2026-11-22T20:59Z", "UTC", "22 20:59"),
        ("2026-11-22T21:00Z", "UTC", "23 08:00"),
        ("2026-11-23T03:00Z", "UTC", "23 08:00"),
        ("2026-11-23T08:00Z", "UTC", "23 08:00"),
        ("2026-11-22T20:30Z", "Europe/Berlin", "23 07:00"),  # 21:30 there
        ("2026-11-22T12:00Z", "America/Los_Angeles", "22 16:00"),  # 04:00 there
        ("2026-11-22T09:00Z", "Pacific/Auckland", "22 19:00"),  # 22:00 there
        ("2026-10-24T22:30Z", "Europe/Berlin", "25 07:00"),  # the clock goes back that night
        ("2026-03-28T22:30Z", "Europe/Berlin", "29 06:00"),  # and forth
    ],
)
def test_quiet_hours_span_midnight_where_the_customer_lives(moment: str, zone: str, goes_out: str) -> None:
    assert placed(moment, zone) == goes_out


def test_quiet_hours_within_a_day_and_none() -> None:
    assert placed("2026-11-22T13:00Z", "UTC", "12:00", "14:00") == "22 14:00"
    assert placed("2026-11-22T15:00Z", "UTC", "12:00", "14:00") == "22 15:00"
    assert placed("2026-11-22T03:00Z", "UTC", "00:00", "00:00") == "22 03:00"


@given(
    at=st.integers(0, 4_000_000_000),
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_what_goes_out_never_goes_out_in_quiet_hours(at: int, zone: str) -> None:
    moved = after_quiet(at * 1000, Quiet(), ZoneInfo(zone))
    local = datetime.fromtimestamp(moved / 1000, ZoneInfo(zone))
    assert 8 <= local.hour < 21
    assert 0 <= moved - at * 1000 <= 12 * 3_600_000


def test_a_trigger_waits_for_the_morning_of_its_customer() -> None:
    settings = {**FREE, "quiet": {"from": "21:00", "until": "08:00"}}
    there = {"timezone": "America/New_York"}  # 07:00 at noon UTC
    shop = Shop(settings=settings).hears(
        CART, ("identify", 40 * DAY, {"customer_id": "z", "anonymous_id": "a", "properties": there})
    )
    plan = shop.decides()
    assert plan.triggers == ()
    assert plan.next_check_ms == milliseconds(NOW + HOUR)
    assert shop.sends(HOUR) == ["abandoned_cart"]


@pytest.mark.parametrize(
    ("consents", "sent"),
    [
        ([], []),
        ([{"email": True}], ["abandoned_cart"]),
        ([{"email": True}, {"email": False}], []),
        ([{"email": False}, {"all": True}], ["abandoned_cart"]),
        ([{"email": True}, {"all": False}], []),
        ([{"sms": True}], []),
    ],
)
def test_promotion_needs_a_yes_that_was_not_taken_back(
    consents: list[dict[str, bool]], sent: list[str]
) -> None:
    settings = {"quiet": OPEN["quiet"], "welcome": {"enabled": False}}
    shop = Shop(settings=settings).hears(CART)
    for n, given_or_not in enumerate(consents):
        shop.hears(("consent", HOUR - n * MINUTE, {"properties": given_or_not}))
    assert shop.sends() == sent


def test_what_the_history_told_stands_until_they_say_something_else() -> None:
    shop = Shop()
    withdrawn = past_events(("consent", HOUR, {"properties": {"all": False}}))
    before, later = (
        Customer("zoe", customer_state(events), shop.knowledge, Person(True)) for events in ([], withdrawn)
    )
    assert [channel_for(each, "vip", Settings()) for each in (before, later)] == ["email", None]


def test_the_favourite_channel_that_they_agreed_to_is_named() -> None:
    settings = {"quiet": OPEN["quiet"], "channels": ["push", "sms", "email"], "welcome": {"enabled": False}}
    shop = Shop(settings=settings).hears(
        CART, ("consent", HOUR, {"properties": {"sms": True, "email": True}})
    )
    assert [each.channel for each in shop.looks()] == ["sms"]


def test_consent_withdrawn_takes_back_what_waits_and_service_heeds_a_no() -> None:
    shop = Shop(settings={"quiet": OPEN["quiet"], "welcome": {"enabled": False}}).hears(CART, YES)
    (reminder,) = shop.looks()
    shop.hears(("consent", -MINUTE, {"properties": {"email": False}}))
    assert shop.decides(HOUR).ended == (reminder.id,)
    order = ("purchase", timedelta(), {"order_id": "o", "items": [("mug", 1)]})
    assert Shop(settings={"quiet": OPEN["quiet"]}).hears(order).sends(25 * HOUR) == ["thank_you"]
    assert shop.hears(order).sends(25 * HOUR) == []


HOLDS = [
    ("ticket", {"properties": {"ticket_id": "t-1"}}, 14),
    ("survey", {"properties": {"score": 4}}, 30),
    ("refund", {"order_id": "o-9", "items": [("mug", 1)]}, 7),
    ("cancel", {"order_id": "o-9"}, 7),
]


@pytest.mark.parametrize(("kind", "fields", "days"), HOLDS)
def test_trouble_holds_promotion_back(kind: str, fields: dict[str, object], days: int) -> None:
    settings = {**FREE, "abandoned_cart": {"after_hours": [1, 2000]}}
    shop = Shop(settings=settings).hears(CART, (kind, HOUR, fields))
    assert "abandoned_cart" not in shop.sends(days * DAY - 2 * HOUR)
    assert "abandoned_cart" in shop.sends(days * DAY)


def test_a_closed_ticket_and_a_good_score_hold_nothing_back() -> None:
    ticket = [("ticket", HOUR, {"properties": {"ticket_id": "t", "status": "open"}})]
    ticket += [("ticket", MINUTE, {"properties": {"ticket_id": "t", "status": "Solved"}})]
    good = ("survey", HOUR, {"properties": {"score": 8}})
    assert Shop().hears(CART, good, *ticket).sends() == ["abandoned_cart"]


def test_one_budget_for_all_kinds_and_the_most_urgent_goes_first() -> None:
    settings = {**OPEN, "vip": {"top_share": 1.0, "least_orders": 1}}
    shop = Shop("ann", settings).hears(CART)  # tea runs out, too
    assert shop.sends() == ["abandoned_cart"]
    plan = shop.decides(HOUR)
    assert plan.triggers == ()
    assert plan.next_check_ms == milliseconds(NOW + 20 * HOUR)
    assert shop.sends(20 * HOUR) == ["reorder"]


def test_an_email_of_picks_counts_for_the_budget() -> None:
    shop = Shop(settings=OPEN).hears(CART)
    shop.contacts["newsletter-1"] = milliseconds(NOW - HOUR)
    assert shop.sends() == []
    assert shop.sends(19 * HOUR) == ["abandoned_cart"]


def test_what_was_taken_back_unread_gives_its_contact_back() -> None:
    shop = Shop(settings=OPEN).hears(CART)
    (reminder,) = shop.looks()
    del shop.contacts[reminder.id]  # nobody has read it
    shop.hears(
        ("purchase", timedelta(), {"order_id": "o", "items": [("pot", 1)]}),
        ("add_to_cart", -MINUTE, {"product_id": "cup"}),
    )
    assert shop.sends(2 * HOUR) == ["abandoned_cart"]


def test_budget_by_hand() -> None:
    settings, now = Settings(), milliseconds(NOW)
    days = [now - n * 86_400_000 for n in (2, 4, 6)]
    assert budget_opens([], settings, now) == now
    assert budget_opens(days[:2], settings, now) == now
    assert budget_opens(days, settings, now) == now + 86_400_000
    assert budget_opens([now + 3_600_000], settings, now) == now + 21 * 3_600_000  # a clock jumped back


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"timezone": "Mars/Olympus"}, "`timezone` 'Mars/Olympus'"),
        ({"timezone": "../etc/passwd"}, "`timezone`"),
        ({"welcome": {"after_hours": [3, 2]}}, "`welcome.after_hours` must rise"),
        ({"onboarding": {"after_days": [3, 3]}}, "`onboarding.after_days` must rise"),
    ],
)
def test_contradictions(settings: dict[str, object], complaint: str) -> None:
    (problem,) = contradictions(msgspec.convert(settings, Settings))
    assert complaint in problem
    assert contradictions(Settings()) == []


def test_who_said_no_to_profiling_hears_of_their_orders_alone() -> None:
    no = ("consent", 2 * HOUR, {"properties": {"profiling": False}})
    customer = Customer("zoe", customer_state(past_events(YES, no)), Shop().knowledge, Person(None))
    settings = msgspec.convert(FREE, Settings)
    assert channel_for(customer, "abandoned_cart", settings) is None
    assert channel_for(customer, "thank_you", settings) == "email"
