"""The whole recommendation on a bundle whose answers can be computed by hand.

Covers recommender/placements.py, context/request.py, reasons/explain.py and sources/als.py, too.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from features.live.shopper_state import ShopperState, entry_of, fold
from recommender.context.request import (
    PLACEMENTS,
    PURPOSE_OF_CAMPAIGN,
    PURPOSES,
    Placement,
    Request,
)
from recommender.model.availability import Availability
from recommender.placements import HONEST, MIXES, SOURCE_MIXES
from recommender.recommend import Pick, Recommender

from bundles import NOW, PRODUCTS, item, small_bundle
from factories import event

BUNDLE = small_bundle()
EVERYTHING = Recommender(BUNDLE, Availability.of(BUNDLE.tables))


def ask(placement: Placement, k: int = 3, recommender: Recommender = EVERYTHING, **fields: Any) -> list[Pick]:
    return recommender.recommend(Request(placement, now=NOW.timestamp(), **fields), k)


def shown(*args: Any, **fields: Any) -> list[str]:
    return [PRODUCTS[pick.item] for pick in ask(*args, **fields)]


def after(*events: Any) -> ShopperState:
    """What a shopper's live state is after events of just now."""
    return fold(entry for each in events if (entry := entry_of(each, NOW)))


def test_every_purpose_has_a_source_mix() -> None:
    assert {*PURPOSES, "visit"} == set(SOURCE_MIXES)


@pytest.mark.parametrize("placement", sorted(set(PLACEMENTS) - {"upgrade"}))
def test_an_unknown_shopper_gets_a_full_answer_of_distinct_products(placement: Placement) -> None:
    products = shown(placement, k=5)
    assert len(set(products)) == 5
    assert "postage" not in products


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_unknown_ids_are_answered_like_none(placement: Placement) -> None:
    unknown = shown(placement, customer_id="nobody", product_id="no/such 🧶", cart=("gone",))
    assert unknown == shown(placement)


def test_complements_come_in_order_of_weight_with_true_counts() -> None:
    first, second = ask("product_complements", product_id="kettle")
    assert [PRODUCTS[pick.item] for pick in (first, second)] == ["tea", "mug"]
    assert first.source == "co_purchase"
    assert first.reason.code == "bought_together"
    assert first.reason.text == "16 of 40 buyers of Kettle also bought this"
    assert first.reason.evidence == {"together": 16, "buyers": 40, "lift": 2.0}


def test_what_nobody_bought_goes_with_a_product_without_counts() -> None:
    buyers = BUNDLE.tables.product.buyers.copy()
    buyers[item("tea")] = 0
    tables = replace(BUNDLE.tables, product=replace(BUNDLE.tables.product, buyers=buyers))
    recommender = Recommender(replace(BUNDLE, tables=tables), Availability.of(tables))
    first, *_ = ask("product_complements", recommender=recommender, product_id="kettle")
    assert (PRODUCTS[first.item], first.reason.text) == ("tea", "Goes well with Kettle")


def test_a_cart_adds_up_what_its_products_say() -> None:
    picks = ask("cart", cart=("kettle", "mug"))
    # spoon: .1 + .5 = .6; tea: .4 + .2 = .6; a tie keeps both ahead of all others
    assert {PRODUCTS[pick.item] for pick in picks[:2]} == {"spoon", "tea"}
    spoon = next(pick for pick in picks if pick.item == item("spoon"))
    assert spoon.reason.evidence["together"] == 12  # the mug counts more for it than the kettle


def test_an_added_product_leaves_the_cart_widget() -> None:
    assert "tea" in shown("cart", cart=("kettle",))
    assert "tea" not in shown("cart", k=6, shopper=after(event("add_to_cart", product_id="tea")))


def test_a_view_moves_home() -> None:
    before = shown("home", k=3)
    now = ask("home", k=3, shopper=after(event("view", product_id="kettle")))
    assert [PRODUCTS[pick.item] for pick in now] != before
    assert now[0].reason.text == "Because you looked at Kettle"


@pytest.mark.parametrize("placement", sorted(set(PLACEMENTS) - {"buy_again"}))
def test_a_purchase_leaves_everything_but_buy_again(placement: Placement) -> None:
    state = after(event("purchase", items=[("mug", 1, 8.0)]))
    assert "mug" not in shown(placement, k=7, shopper=state)
    assert "mug" in shown("buy_again", k=7, shopper=state)


def test_what_was_bought_yesterday_is_hidden_though_the_bundle_has_it() -> None:
    assert "kettle" not in shown("home", k=7, customer_id="bob")
    assert shown("buy_again", k=1, customer_id="bob") == ["kettle"]


def test_buy_again_puts_first_what_is_due() -> None:
    first, second = ask("buy_again", k=2, customer_id="ann")
    assert [PRODUCTS[first.item], PRODUCTS[second.item]] == ["tea", "mug"]
    assert first.reason.text == "You bought this 4 times, last on 28 October"
    assert first.reason.evidence == {"orders": 4, "last_bought": "2026-10-28"}


def test_a_live_purchase_counts_on_top_of_the_trained_ones() -> None:
    state = after(event("purchase", items=[("tea", 1, 5.0)]))
    tea = next(
        pick for pick in ask("buy_again", k=2, customer_id="ann", shopper=state) if pick.item == item("tea")
    )
    assert tea.reason.evidence == {"orders": 5, "last_bought": "2026-11-22"}


def test_upgrades_cost_more_and_say_where_they_come_from() -> None:
    (pick,) = ask("upgrade", k=1, product_id="mug")
    assert (PRODUCTS[pick.item], pick.source) == ("cup", "upgrade")


@pytest.mark.parametrize("placement", sorted(HONEST))
def test_what_answers_to_a_product_is_rather_short_than_filled_up(placement: Placement) -> None:
    assert [pick.source for pick in ask(placement, k=7, product_id="spoon")] == []
    assert {pick.source for pick in ask(placement, k=7, product_id="mug")} <= {"similar", "upgrade"}
    assert len(ask(placement, k=5)) == (0 if placement == "upgrade" else 5)  # of no product at all


def test_post_purchase_goes_with_the_last_order() -> None:
    (pick,) = ask("post_purchase", k=1, customer_id="bob")
    assert (PRODUCTS[pick.item], pick.source) == ("tea", "co_purchase")


@pytest.mark.parametrize(
    ("filters", "allowed"),
    [
        ({"category": "pantry"}, {"tea", "tin"}),
        ({"min_price": 10.0, "max_price": 20.0}, {"pot", "tin", "cup"}),
        ({"exclude": ("mug", "tea", "spoon", "kettle")}, {"cup", "pot", "tin"}),
        ({"category": "no such"}, set()),
    ],
)
def test_filters_leave_what_fits_and_fill_up_with_it(filters: dict[str, Any], allowed: set[str]) -> None:
    for placement in set(PLACEMENTS) - {"upgrade"}:
        assert set(shown(placement, k=10, **filters)) == allowed


def test_dates_are_told_as_they_are() -> None:
    later = Request("trending", now=NOW.timestamp() + 400 * 86_400)
    assert (
        EVERYTHING.recommend(later, 1)[0].reason.text
        == "Selling fast: 9 orders in the 14 days to 22 November 2026"
    )
    assert ask("trending", k=1)[0].reason.text == "Selling fast: 9 orders in the last 14 days"
    assert ask("new", k=1)[0].reason.text == "New since 19 November"


def test_scores_fall_and_lie_between_zero_and_one() -> None:
    scores = [pick.score for pick in ask("home", k=7, customer_id="ann")]
    own = [score for score in scores if score > 0]
    assert all(0 <= score <= 1 for score in scores)
    assert own[0] == max(scores)


def test_sources_report_how_much_they_proposed() -> None:
    heard: dict[str, int] = {}

    def hear(sources: Sequence[str], proposed: Sequence[int]) -> None:
        heard.update(zip(sources, proposed, strict=True))

    recommender = Recommender(BUNDLE, Availability.of(BUNDLE.tables), hear)
    ask("product_similar", k=1, recommender=recommender, product_id="mug")
    assert heard == {"similar": 1}


def test_without_stock_the_answer_is_empty() -> None:
    availability = Availability.of(BUNDLE.tables).changed(
        BUNDLE.tables, {name: {"stock": 0} for name in PRODUCTS}
    )
    assert ask("home", recommender=Recommender(BUNDLE, availability)) == []
    assert len(ask("home", k=2, recommender=Recommender(BUNDLE, availability), in_stock=False)) == 2


def test_a_source_that_learning_silenced_speaks_where_the_others_have_nothing_to_say() -> None:
    blends = np.zeros_like(BUNDLE.tables.blends)
    blends[MIXES.index("next_order"), 1] = 1.0  # the visit alone
    bundle = replace(BUNDLE, tables=replace(BUNDLE.tables, blends=blends))
    recommender = Recommender(bundle, Availability.of(bundle.tables))
    (first,) = ask("next_order", k=1, recommender=recommender, customer_id="ann")
    assert first.source == "next_basket"
    looking = after(event("view", product_id="kettle"))
    (first,) = ask("next_order", k=1, recommender=recommender, customer_id="ann", shopper=looking)
    assert first.source == "browsing"


def test_a_visitor_of_whom_nothing_is_known_sees_best_sellers_of_the_categories_looked_at() -> None:
    pantry = after(event("view", product_id="tin"))
    first = ask("product_similar", k=1, shopper=pantry)[0]
    assert (PRODUCTS[first.item], first.source) == ("tea", "popular")


def test_answers_leave_no_trace_in_one_another() -> None:
    bundle = small_bundle()
    recommender = Recommender(bundle, Availability.of(bundle.tables))
    plain = Request("trending", NOW.timestamp())
    first = recommender.recommend(plain, 8)
    recommender.recommend(Request("trending", NOW.timestamp(), exclude=("tin", "pot", "mug")), 8)
    recommender.recommend(Request("trending", NOW.timestamp(), max_price=6.0), 8)
    assert recommender.recommend(plain, 8) == first


OWNED = {"tea", "mug"}  # of ann


@pytest.mark.parametrize(("repeats", "favourites"), [(None, 2), (0.0, 0), (0.25, 1), (0.5, 2), (1.0, 2)])
def test_home_shows_favourites_and_new_products_in_the_share_asked_for(
    repeats: float | None, favourites: int
) -> None:
    products = shown("home", k=4, customer_id="ann", repeats=repeats)
    assert len(set(products)) == 4
    assert len(OWNED & set(products)) == favourites


def test_only_new_products_means_no_other_size_of_what_was_bought_and_never_a_best_seller_owned() -> None:
    for placement in PLACEMENTS:
        if placement != "buy_again":
            assert not OWNED & set(shown(placement, k=7, customer_id="ann", repeats=0.0))


def test_all_repeats_are_shown_as_they_come() -> None:
    as_they_come = shown("next_order", k=3, customer_id="ann", repeats="all")
    assert as_they_come == shown("next_order", k=3, customer_id="ann")
    assert len(OWNED & set(as_they_come)) == 2
    assert len(OWNED & set(shown("next_order", k=3, customer_id="ann", repeats=0.34))) == 1


def test_a_known_customers_visit_comes_first_at_home_and_fills_half() -> None:
    state = after(event("view", product_id="pot"), event("view", product_id="kettle"))
    picks = ask("home", k=4, customer_id="ann", shopper=state)
    assert picks[0].source == "browsing"
    assert len(OWNED & {PRODUCTS[pick.item] for pick in picks}) == 2


@pytest.mark.parametrize("placement", ["home", "email", "next_order"])
@pytest.mark.parametrize("customer", ["ann", None])
def test_a_view_changes_what_is_shown(placement: Placement, customer: str | None) -> None:
    looking = after(event("view", product_id="pot"))
    first, *_ = ask(placement, k=3, customer_id=customer, shopper=looking)
    assert shown(placement, k=3, customer_id=customer, shopper=looking) != shown(
        placement, k=3, customer_id=customer
    )
    assert first.source == "browsing" or placement == "next_order"


@pytest.mark.parametrize("placement", ["home", "email", "next_order"])
def test_a_product_in_the_cart_changes_what_is_shown(placement: Placement) -> None:
    first, *_ = ask(placement, k=3, shopper=after(event("add_to_cart", product_id="kettle")))
    assert (PRODUCTS[first.item], first.source) == ("tea", "co_purchase")


def test_after_an_order_nothing_of_its_kinds_is_shown_but_what_goes_with_it() -> None:
    first, *_ = ask("post_purchase", k=1, customer_id="bob")
    assert (PRODUCTS[first.item], first.reason.code) == ("tea", "bought_together")
    assert not {"kettle", "pot"} & set(shown("post_purchase", k=7, customer_id="bob"))
    named = shown("post_purchase", k=7, cart=("mug",))
    assert named[0] == "spoon"
    assert not {"mug", "cup"} & set(named)


def test_an_email_follows_its_campaign() -> None:
    letters = {
        campaign: ask("email", k=2, customer_id="ann", campaign=campaign) for campaign in PURPOSE_OF_CAMPAIGN
    }
    assert {PRODUCTS[pick.item] for pick in letters["reorder"]} == OWNED
    (kin, *_) = letters["win_back"]
    assert (PRODUCTS[kin.item], kin.reason.text) == ("cup", "Like Mug")
    (companion, *_) = letters["cross_sell"]
    assert (PRODUCTS[companion.item], companion.source) == ("tin", "co_purchase")
    assert letters["newsletter"] == ask("email", k=2, customer_id="ann")
    assert not OWNED & {PRODUCTS[pick.item] for pick in letters["newsletter"]}
