"""What became of what was shown, in a history small enough to count by hand."""

from datetime import date
from typing import Any

import pytest
from msgspec import structs
from sales import at, refund, sale, shop_of
from visits import assignment, impression, write_impressions

from features.home import Home
from features.insights.periods import Period, PeriodAsk
from features.insights.recommendation_days import RecommendationDays, Tally, above_holdout
from features.insights.recommendation_figures import recommendation_report, report_of_recommendations
from features.insights.report import Part, Table
from training.experiments.plans import remember_plans
from training.reports.recommendations import recommendation_days

from factories import event

JUNE = Period(date(2026, 6, 1), date(2026, 6, 30))
PRODUCTS = {name: {"cost": 6.0} for name in ("tea", "pot", "mug", "jar")}


def answer(
    name: str, visitor: str | None, day: str, *products: str, placement: str = "home", **fields: Any
) -> Any:
    who: dict[str, Any] = {"customer_id": None} if visitor is None else {}
    made = impression(visitor or "", day, recommendation_id=name, product_ids=products, **who, **fields)
    return structs.replace(made, placement=placement)


ANSWERS = [
    answer("r-1", "ann", "06-02", "tea", "pot"),
    answer("r-2", "ann", "06-03", "tea", "pot", placement="cart"),
    answer("r-3", "bob", "06-03", "tea", "mug"),
    answer("r-4", None, "06-03", "tea", "mug", degraded=True),
    answer("r-5", "eve", "06-03", "tea", "pot", arm=assignment(held_out=True)),
    answer("r-6", "fay", "06-04", "tea", "pot", arm=assignment(held_out=True)),
    answer("r-7", "ann", "05-20", "tea"),
    answer("o-1", "ann", "06-02", placement="offers"),
]


def named(kind: str, product: str, name: str, day: str = "06-05") -> Any:
    return event(kind, at=at(day), customer_id="x", product_id=product, recommendation_id=name)


def bought(order: str, name: str | None, day: str, product: str, price: float) -> Any:
    made = sale(order, "ann", day, (product, 1, price))
    assert made.order is not None
    lines = [structs.replace(line, recommendation_id=name) for line in made.order.items]
    return structs.replace(made, order=structs.replace(made.order, items=tuple(lines)))


EVENTS = [
    named("click", "tea", "r-1"),
    named("view", "tea", "r-1"),  # the same product of the same answer
    named("click", "pot", "r-1"),
    named("add_to_cart", "tea", "r-1"),
    named("click", "tea", "r-unknown"),
    named("click", "tea", "r-5"),
    bought("o-1", "r-1", "06-06", "tea", 10.0),
    bought("o-2", "r-3", "06-06", "tea", 20.0),
    bought("o-3", "r-3", "06-07", "mug", 9.0),
    refund("o-3", "06-08", ("mug", 1)),
    bought("o-4", None, "06-07", "pot", 30.0),
    bought("o-5", "r-5", "06-07", "tea", 8.0),
]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> RecommendationDays:
    home = Home(tmp_path_factory.mktemp("shown"))
    write_impressions(home, *ANSWERS)
    return recommendation_days(home, shop_of(home, EVENTS, **PRODUCTS))


def values(part: Part) -> dict[str, Any]:
    return {each.name: each.value for each in part.figures}


def rows(part: Part, name: str) -> dict[Any, dict[str, Any]]:
    table: Table = next(each for each in part.tables if each.name == name)
    names = [column.name for column in table.columns]
    return {row[0]: dict(zip(names, row, strict=True)) for row in table.rows}


def test_all_placements_by_hand(days: RecommendationDays) -> None:
    (part,) = recommendation_report(days, JUNE).parts
    figures = values(part)
    assert (part.currency, figures["shown"], figures["clicked"], figures["added"]) == ("EUR", 8, 2, 1)
    assert (figures["bought"], figures["recommended_revenue"]) == (2, 30.0)  # the mug came back
    assert (figures["ctr"], figures["revenue_per_thousand"]) == (0.25, 3_750.0)
    assert figures["margin_per_thousand"] == 1_000 * (4 + 14) / 8
    assert figures["degraded_share"] == 0.25  # one of r-1 to r-4


def test_by_placement_and_against_those_held_out(days: RecommendationDays) -> None:
    (part,) = recommendation_report(days, JUNE).parts
    places = rows(part, "by_placement")
    assert list(places) == ["home", "cart"]
    assert (places["cart"]["shown"], places["cart"]["clicked"], places["cart"]["held_out_ctr"]) == (
        2,
        0,
        None,
    )
    home = places["home"]
    assert (home["shown"], home["ctr"], home["held_out_ctr"]) == (6, pytest.approx(2 / 6, abs=1e-6), 0.25)
    assert home["held_out_per_thousand"] == 500.0  # 2 of margin, 4 shown
    # Of ann's day and bob's: margins 4 and 14 of 2 shown each. Held out: 2 and 0 of 2 each.
    assert home["above_holdout"] == 4_500.0 - 500.0
    half = 1.959964 * ((2 * 5**2 * 2 / 16) + (2 * 1 * 2 / 16)) ** 0.5 * 1_000
    assert home["above_holdout_low"] == pytest.approx(4_000 - half, abs=0.01)
    assert home["above_holdout_high"] == pytest.approx(4_000 + half, abs=0.01)


def test_a_day_is_that_of_the_answer(days: RecommendationDays) -> None:
    (part,) = recommendation_report(days, JUNE, "home").parts
    by_day = rows(part, "by_day")
    assert len(by_day) == 30
    assert (by_day["2026-06-02"]["recommended_revenue"], by_day["2026-06-03"]["recommended_revenue"]) == (
        10.0,
        20.0,
    )
    assert (by_day["2026-06-06"]["shown"], by_day["2026-06-06"]["ctr"]) == (0, None)


def test_products_that_sell_and_products_that_nobody_wants(days: RecommendationDays) -> None:
    (part,) = report_of_recommendations(days, PeriodAsk(days=90)).parts
    assert values(part)["coverage"] == 0.75
    assert rows(part, "top_products")["Tea"] == {
        "product": "Tea",
        "shown": 5,
        "clicked": 1,
        "bought": 2,
        "recommended_revenue": 30.0,
    }
    assert list(rows(part, "top_products")) == ["Tea", "Pot"]
    assert {name: row["shown"] for name, row in rows(part, "dead_products").items()} == {"Mug": 2}
    assert list(rows(part, "never_shown")) == ["Jar"]
    (odd,) = recommendation_report(days, JUNE).parts
    assert (values(odd)["coverage"], len(odd.tables)) == (None, 2)


def test_before_there_is_anything_it_says_how_to_begin(home: Home) -> None:
    remember_plans(home, [])
    report = report_of_recommendations(recommendation_days(home, shop_of(home, [])), PeriodAsk())
    assert "put the widget on a page" in report.notes[0]
    assert values(report.parts[0])["ctr"] is None


def test_answers_that_nothing_names_say_what_is_missing(home: Home) -> None:
    write_impressions(home, *ANSWERS)
    days = recommendation_days(home, shop_of(home, [bought("o-1", None, "06-06", "tea", 10.0)], **PRODUCTS))
    assert "recommendation_id" in days.notes[0]


def test_two_days_at_least_are_compared() -> None:
    some, one = Tally(shown=10, visitors=5), Tally(shown=2, visitors=1)
    assert above_holdout(some, one, "revenue") is None
    assert above_holdout(some, some, "revenue") == (0.0, 0.0, 0.0)
