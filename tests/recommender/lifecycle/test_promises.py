"""Whatever customers do and whenever we look: once an occasion, within the budget, never at night.

Covers recommender/lifecycle/plan.py and knowledge.py, too.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalogue.price_and_stock_news import News
from features.live.shopper_state import milliseconds
from recommender.context.campaigns import Campaign
from recommender.context.request import Request
from recommender.lifecycle.vocabulary.settings import Settings
from recommender.recommend import Recommender

from lifecycle_shop import DAY, FREE, HOUR, NOW, Shop, customer_state

ZONE = ZoneInfo("America/New_York")
SETTINGS: dict[str, Any] = {
    "timezone": "America/New_York",
    "budget": {"contacts": 2, "days": 5, "gap_hours": 10},
    "vip": {"top_share": 1.0, "least_orders": 1},
}
PRODUCT = st.sampled_from(["pot", "tin", "mug", "tea"])
WHAT = st.one_of(
    st.tuples(st.sampled_from(["view", "wishlist", "add_to_cart", "remove_from_cart"]), PRODUCT),
    st.tuples(st.sampled_from(["purchase", "refund"]), PRODUCT),
    st.tuples(st.just("consent"), st.booleans()),
    st.tuples(st.just("survey"), st.integers(0, 10)),
    st.tuples(st.just("identify"), st.just(None)),
)
STORY = st.lists(st.tuples(WHAT, st.integers(1, 60)), min_size=1, max_size=25)  # and hours until the next


def fields(kind: str, detail: Any, number: int) -> dict[str, Any]:
    if kind in {"purchase", "refund"}:
        return {"order_id": f"o-{number // 2}", "items": [(detail, 1)]}
    if kind == "consent":
        return {"properties": {"email": detail}}
    if kind == "survey":
        return {"properties": {"score": detail}}
    if kind == "identify":
        return {"customer_id": "zoe", "anonymous_id": "a"}
    return {"product_id": detail}


@settings(max_examples=30, deadline=None)
@given(story=STORY, customer=st.sampled_from(["zoe", "ann"]))
def test_promises_hold(story: list[tuple[tuple[str, Any], int]], customer: str) -> None:
    shop = Shop(customer, SETTINGS).learns(pot=News(20.0, True, 30.0, milliseconds(NOW + 2 * DAY)))
    shop.hears(("consent", HOUR, {"properties": {"email": True}}))
    at, consent = timedelta(), True
    handed: list[tuple[datetime, tuple[str, ...]]] = []
    for number, ((kind, detail), hours) in enumerate(story):
        shop.hears((kind, -at, fields(kind, detail, number)))
        consent = detail if kind == "consent" else consent
        for _ in range(hours):
            at += HOUR
            for each in shop.looks(at):
                assert consent
                assert each.due_at <= NOW + at < each.expires_at
                handed.append((NOW + at, each.keys))
    keys = [key for _, some in handed for key in some]
    moments = [moment for moment, _ in handed]
    assert len(set(keys)) == len(keys)
    assert all(8 <= moment.astimezone(ZONE).hour < 21 for moment in moments)
    assert all(later - earlier >= 10 * HOUR for earlier, later in pairwise(moments))
    assert all(later - first >= 5 * DAY for first, later in zip(moments, moments[2:], strict=False))


@pytest.mark.parametrize(
    ("kind", "events", "rules", "campaign"),
    [
        ("win_back", [], {"win_back": {"least_days": 10, "least_risk": 0}}, "win_back"),
        ("cross_sell", [], {"cross_sell": {"after_days": 7}}, "cross_sell"),
        (
            "birthday",
            [("identify", HOUR, {"customer_id": "ann", "properties": {"birthday": f"{NOW:%m-%d}"}})],
            {},
            "newsletter",
        ),
    ],
)
def test_products_of_a_message_are_those_of_its_campaign(
    kind: str, events: list[tuple[str, timedelta, dict[str, Any]]], rules: dict[str, Any], campaign: Campaign
) -> None:
    bought = ("purchase", 12 * DAY, {"order_id": "o-1", "items": [("mug", 1)]})
    shop = Shop("ann", {**FREE, **rules}).hears(bought, *events)
    (sent,) = [each for each in shop.looks() if each.kind == kind]
    recommender = shop.knowledge.recommender
    assert recommender is not None
    log = customer_state(shop.events).shopper
    asked = {
        each: _shown(recommender, Request("email", NOW.timestamp(), log, "ann", campaign=each))
        for each in get_args(Campaign)
    }
    assert sent.products == asked[campaign]
    assert asked["win_back"] != asked["newsletter"]


def _shown(recommender: Recommender, request: Request) -> tuple[str, ...]:
    picks = recommender.recommend(request, Settings().products, "ann")
    return tuple(recommender.bundle.tables.products.name(pick.item) for pick in picks)
