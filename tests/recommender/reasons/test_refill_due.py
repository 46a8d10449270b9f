"""When what somebody buys again and again runs out, in the reasons they read."""

from dataclasses import replace

from small_customers import bundle_with_customers

from features.live.shopper_state import Purchase, ShopperState
from features.time_units import DAY_S
from recommender.context.request import Placement, Request
from recommender.model.availability import Availability
from recommender.reasons.explain import PickReason
from recommender.recommend import Recommender

from bundles import NOW, TODAY

BUNDLE = bundle_with_customers()


def reason(product: str, placement: Placement = "buy_again", day: int = 0, *orders: Purchase) -> PickReason:
    """What ann is told so many days from now."""
    recommender = Recommender(BUNDLE, Availability.of(BUNDLE.tables))
    at = NOW.timestamp() + day * DAY_S
    shopper = ShopperState(purchases=orders)
    request = Request(placement, at, shopper, "ann", rest_days=0, campaign="reorder")
    picks = recommender.recommend(request, 8)
    row = BUNDLE.tables.products.row(product)
    return next(pick.reason for pick in picks if pick.item == row)


def bought(product: str, packs: float, days_ago: int = 0) -> Purchase:
    at_ms = int((NOW.timestamp() - days_ago * DAY_S) * 1000)
    return Purchase("o-9", at_ms, at_ms + 10**12, (product,), (packs,))


def test_tea_runs_out() -> None:
    shown = reason("tea")
    assert shown.code == "runs_out"
    assert "ran out about" in shown.text  # three days ago
    assert set(shown.evidence) == {"orders", "last_bought", "expected_on", "earliest", "latest"}
    assert shown.evidence["earliest"] < shown.evidence["expected_on"] < shown.evidence["latest"]


def test_e_mails_about_reorders_say_it_too_and_other_places_do_not() -> None:
    assert reason("tea", "email").code == "runs_out"
    assert reason("tea", "home").code == "buy_again"


def test_one_purchase_is_no_habit_and_what_is_long_overdue_is_not_expected() -> None:
    assert reason("mug").code == "buy_again"
    assert reason("tea", "buy_again", 9).code == "buy_again"


def test_a_live_order_moves_the_day_at_once() -> None:
    before, after = reason("tea"), reason("tea", "buy_again", 0, bought("tea", 1.0))
    assert after.evidence["expected_on"] > before.evidence["expected_on"]
    assert " it runs out about " in after.text


def test_without_a_model_of_customers_it_is_as_before() -> None:
    bare = replace(BUNDLE, tables=replace(BUNDLE.tables, people=None))
    recommender = Recommender(bare, Availability.of(bare.tables))
    picks = recommender.recommend(Request("buy_again", NOW.timestamp(), customer_id="ann"), 3)
    assert "runs_out" not in {pick.reason.code for pick in picks}
    assert int(NOW.timestamp() // DAY_S) == TODAY
