"""Whatever somebody sends, a look at them ends well: nobody can keep the worker from the others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from features.events.vocabulary import EVENT_TYPES, InvalidEvent, parse_event
from features.live.customer_facts import packed_facts
from recommender.customers.tiers import Tier, TierPlan

from lifecycle_shop import FREE, NOW, Shop

VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=300),
    st.sampled_from(["1990-02-30", "02-29", "0000-00-00", "Europe", "../x", "Europe/Berlin", "closed"]),
    st.just([1, {"a": None}]),
)
NAMES = st.sampled_from(
    ["email", "all", "birthday", "timezone", "score", "rating", "ticket_id", "status", "refund_id", "x"]
)
MOMENT = st.datetimes(datetime(1, 1, 2), datetime(2026, 11, 23)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
PRODUCT = st.sampled_from(["tea", "pot", "mug", "unknown", "postage"])
QUANTITY = st.floats(1e-300, 1e7)
STRANGE = st.fixed_dictionaries(
    {
        "type": st.sampled_from(EVENT_TYPES),
        "timestamp": MOMENT | st.just(NOW) | st.just(NOW - timedelta(days=12)),
        "product_id": PRODUCT,
        "quantity": QUANTITY,
        "properties": st.dictionaries(NAMES, VALUE, max_size=4),
        "customer_id": st.just("zoe"),
        "anonymous_id": st.just("a"),
        "context": st.fixed_dictionaries({"country": st.text(max_size=5)}),
        "order": st.fixed_dictionaries(
            {
                "order_id": st.sampled_from(["o-1", "o-2", "o-3"]),
                "items": st.lists(
                    st.fixed_dictionaries({"product_id": PRODUCT, "quantity": QUANTITY}), max_size=3
                ),
            }
        ),
    }
)


@settings(max_examples=80, deadline=None)
@given(facts=st.lists(STRANGE, min_size=1, max_size=12), customer=st.sampled_from(["zoe", "ann"]))
def test_no_event_breaks_a_check(facts: list[dict[str, Any]], customer: str) -> None:
    shop = Shop(customer, FREE, tiers=TierPlan((Tier("silver", 1.0), Tier("gold", 1e12))))
    for number, raw in enumerate(facts):
        order = raw["order"] if raw["type"] in {"purchase", "refund", "cancel"} else None
        try:
            event = parse_event({**raw, "event_id": f"e-{number}", "order": order}, NOW, "e")
        except InvalidEvent:
            continue
        assert isinstance(msgspec.json.decode(packed_facts(event) or b"[]"), list)
        shop.events.append(event)
    for days in (0, 1, 20, 400):
        for each in shop.looks(timedelta(days=days)):
            assert msgspec.json.decode(msgspec.json.encode(each))["id"] == each.id
