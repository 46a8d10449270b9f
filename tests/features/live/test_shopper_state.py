from datetime import timedelta
from typing import Any

import pytest

from features.events.vocabulary import Event
from features.live.shopper_state import Purchase, ShopperState, entry_of, fold, milliseconds

from factories import NOW, event

MINUTE = timedelta(minutes=1)


def replay(*events: Event) -> ShopperState:
    """Fold events in the order given, a minute apart, newest first as a log has them."""
    return fold([entry for each in reversed(events) if (entry := entry_of(each, NOW)) is not None])


def state_after(*stories: tuple[str, dict[str, Any]]) -> ShopperState:
    return replay(*(event(kind, at=NOW + n * MINUTE, **fields) for n, (kind, fields) in enumerate(stories)))


def test_the_state_of_a_new_shopper_is_empty() -> None:
    assert fold([]) == ShopperState()


def test_viewed_is_newest_first_and_distinct() -> None:
    views = [("view", "a"), ("click", "b"), ("wishlist", "c"), ("view", "a")]
    assert state_after(*((kind, {"product_id": id_}) for kind, id_ in views)).viewed == (
        "a",
        "c",
        "b",
    )


def test_time_decides_and_not_the_order_of_arrival() -> None:
    late = event("view", at=NOW, product_id="old")
    early = event("view", at=NOW + MINUTE, product_id="new")
    assert replay(early, late).viewed == replay(late, early).viewed == ("new", "old")
    assert replay(early, late).last_seen_ms == milliseconds(NOW + MINUTE)


def test_what_shares_a_millisecond_keeps_its_order_of_arrival() -> None:
    assert replay(event(product_id="first"), event(product_id="second")).viewed == ("second", "first")


@pytest.mark.parametrize(
    ("stories", "cart"),
    [
        ([("add_to_cart", {"quantity": 2}), ("add_to_cart", {})], {"p-1": 3.0}),
        ([("add_to_cart", {"quantity": 3}), ("remove_from_cart", {})], {"p-1": 2.0}),
        ([("add_to_cart", {}), ("remove_from_cart", {"quantity": 5}), ("add_to_cart", {})], {"p-1": 1.0}),
        ([("add_to_cart", {}), ("checkout", {})], {"p-1": 1.0}),
        ([("add_to_cart", {}), ("add_to_cart", {"product_id": "p-2"}), ("purchase", {})], {"p-2": 1.0}),
        ([("remove_from_cart", {})], {}),
    ],
)
def test_cart(stories: list[tuple[str, dict[str, Any]]], cart: dict[str, float]) -> None:
    assert state_after(*stories).cart == cart


BOUGHT = ("purchase", {"order_id": "o-1", "items": [("a", 2), ("b", 1)]})


@pytest.mark.parametrize(
    ("taken_back", "left"),
    [
        (("refund", {"order_id": "o-1", "items": [("a", 1)]}), {"a": 1.0, "b": 1.0}),
        (("refund", {"order_id": "o-1", "items": [("a", 2)]}), {"b": 1.0}),
        (("refund", {"order_id": "o-1"}), {}),
        (("cancel", {"order_id": "o-1"}), {}),
        (("refund", {"order_id": "another"}), {"a": 2.0, "b": 1.0}),
    ],
)
def test_purchases_less_what_was_taken_back(
    taken_back: tuple[str, dict[str, Any]], left: dict[str, float]
) -> None:
    for state in (state_after(BOUGHT, taken_back), state_after(taken_back, BOUGHT)):
        bought = {k: v for order in state.purchases for k, v in zip(order[3], order[4], strict=True)}
        assert bought == left


SOLD: tuple[str, dict[str, Any]] = ("purchase", {"order_id": "o-1", "items": [("a", 2, 4.0), ("b", 1, 3.0)]})


@pytest.mark.parametrize(
    ("sums", "lines"),
    [([5.0], 2), ([5.0, 5.0], 2), ([11.0], 0), ([6.0, 5.0], 0), ([99.0], 0), ([10.999], 0), ([0.0], 2)],
)
def test_sums_leave_what_was_bought_until_all_that_was_paid_went_back(sums: list[float], lines: int) -> None:
    back: list[tuple[str, dict[str, Any]]] = [
        ("refund", {"order_id": "o-1", "unit_price": each}) for each in sums
    ]
    for stories in ([SOLD, *back], [*back, SOLD]):
        assert sum(len(order.product_ids) for order in state_after(*stories).purchases) == lines


def test_no_sum_is_all_of_an_order_whose_price_is_not_known() -> None:
    back = ("refund", {"order_id": "o-1", "unit_price": 99.0})
    assert len(state_after(BOUGHT, back).purchases) == 1


def test_purchased_since_goes_by_arrival() -> None:
    old, new = event("purchase", order_id="old"), event("purchase", order_id="new")
    entries = [entry_of(old, NOW), entry_of(new, NOW + MINUTE)]
    state = fold([entry for entry in entries if entry])
    at, later = milliseconds(NOW), milliseconds(NOW + MINUTE)
    assert state.purchased_since(at) == (Purchase("new", at, later, ("p-1",), (1.0,)),)


def test_a_second_event_alike_counts() -> None:
    once, again = event("add_to_cart"), event("add_to_cart")
    assert entry_of(once, NOW) != entry_of(again, NOW)
    assert replay(once, again).cart == {"p-1": 2.0}


def test_an_unreadable_entry_is_passed_over() -> None:
    entry = entry_of(event("view"), NOW)
    assert entry is not None
    assert fold([b"\xff\x00", b"", entry[:-1], entry]).viewed == ("p-1",)


@pytest.mark.parametrize("kind", ["impression", "consent", "ticket", "survey", "coupon", "referral"])
def test_what_changes_nothing_leaves_no_entry(kind: str) -> None:
    assert entry_of(event(kind, properties={"email": False}), NOW) is None
