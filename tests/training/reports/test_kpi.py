"""The key figures of shops small enough to work them out by hand."""

from typing import Any

import pytest
from sales import refund, refund_of_sum, sale, shop_of

from features.home import Home
from features.insights.report import Part, Table
from training.reports.kpi import kpi


def figures(part: Part) -> dict[str, Any]:
    return {each.name: each.value for each in part.figures}


def table(part: Part, name: str) -> Table:
    return next(each for each in part.tables if each.name == name)


EVENTS = [
    sale("o-1", "ann", "04-01", ("tea", 1, 10.0), ("pot", 1, 30.0)),
    sale("o-2", "ann", "04-21", ("tea", 2, 10.0), coupon="HELLO"),
    sale("o-3", "ann", "05-31", ("tea", 1, 10.0)),
    sale("o-4", "bob", "05-02", ("pot", 1, 30.0)),
    sale("o-5", None, "06-03", ("tea", 1, 10.0)),
    refund("o-4", "05-20", ("pot", 1), kind="refund"),
    sale("o-6", "cat", "06-04", ("tea", 1, 10.0), ("mug", 1, 10.0)),
]


def test_by_hand(home: Home) -> None:
    values = figures(kpi(shop_of(home, EVENTS), "EUR"))
    assert values["customers"] == 2  # all of what bob bought came back
    assert values["orders"] == 5
    assert values["revenue"] == 100.0
    assert values["aov"] == 20.0
    assert values["ltv"] == 45.0  # (70 + 20) / 2
    assert values["repeat_rate"] == 0.5
    assert values["returning_share"] == pytest.approx(30 / 90, abs=1e-6)
    assert values["purchase_frequency"] == 2.0
    assert values["days_between_orders"] == 30.0  # of 20 and 40
    assert values["attach_rate"] == 0.4
    assert values["discounted_share"] == 0.2
    assert values["refunded_share"] == pytest.approx(30 / 130, abs=1e-6)
    assert values["guest_share"] == 0.2
    assert values["ltv_predicted_365d"] > 0


def test_a_refund_takes_off_a_sum_as_money_and_pieces_as_pieces(home: Home) -> None:
    events = [
        sale("o-1", "ann", "05-01", ("tea", 10, 8.2)),
        sale("o-2", "bob", "05-02", ("mug", 3, 10.0), discount=3.0),
        sale("o-3", "cat", "05-03", ("mug", 1, 10.0)),
        refund_of_sum("o-1", "05-04", 5.0),
        *(refund("o-2", day, ("mug", 1)) for day in ("05-05", "05-09")),
        *(refund_of_sum("o-3", day, 5.0) for day in ("05-06", "05-07")),
    ]
    shop = shop_of(home, events)
    values = figures(kpi(shop, "EUR"))
    assert (values["customers"], values["orders"]) == (2, 2)  # all that cat paid went back
    assert values["revenue"] == 86.0  # 82 less 5, and a third of 27
    assert values["refunded_share"] == pytest.approx(33 / 119, abs=1e-6)
    assert shop.ledger.lines.select("item", "quantity").rows() == [("tea", 10.0), ("mug", 1.0)]


def test_month_by_month(home: Home) -> None:
    months = table(kpi(shop_of(home, EVENTS), "EUR"), "by_month")
    assert [column.name for column in months.columns] == [
        "month",
        "revenue",
        "orders",
        "aov",
        "new_customers",
        "returning_share",
    ]
    assert months.rows == [
        ["2026-04", 60.0, 2, 30.0, 1, pytest.approx(1 / 3, abs=1e-6)],
        ["2026-05", 10.0, 1, 10.0, 0, 1.0],
        ["2026-06", 30.0, 2, 15.0, 1, 0.0],
    ]


def test_one_customer_has_no_forecast_and_no_time_between_orders_but_a_reason(home: Home) -> None:
    part = kpi(shop_of(home, [sale("o-1", "ann", "06-01")]), "EUR")
    figures_and_notes = {each.name: (each.value, each.note) for each in part.figures}
    assert figures_and_notes["ltv"] == (10.0, None)
    assert figures_and_notes["days_between_orders"] == (None, "Nobody has ordered twice yet")
    assert figures_and_notes["ltv_predicted_365d"][0] is None
    assert "two customers" in str(figures_and_notes["ltv_predicted_365d"][1])


def test_nothing_at_all_is_no_error(home: Home) -> None:
    values = figures(kpi(shop_of(home, []), None))
    assert (values["customers"], values["orders"], values["aov"], values["repeat_rate"]) == (0, 0, None, None)
