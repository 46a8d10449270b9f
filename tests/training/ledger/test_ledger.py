"""Orders net of everything, by hand."""

from datetime import date

import polars as pl
import pytest
from sales import AS_OF, at, refund, sale, shop_of

from features.catalogue.products import add_aliases
from features.home import Home
from training.ledger.ledger import Ledger, load_ledger

from factories import event


def revenue(ledger: Ledger) -> dict[str, float]:
    return {order: round(money, 4) for order, money in ledger.orders.select("order", "revenue").rows()}


def test_discounts_and_refunds_come_off_and_cancelled_orders_are_gone(home: Home) -> None:
    events = [
        sale("o-1", "ann", "05-01", ("tea", 2, 10.0), ("pot", 1, 30.0), discount=10.0),
        refund("o-1", "05-09", ("tea", 1)),
        sale("o-2", "bob", "05-02"),
        refund("o-2", "05-03", kind="cancel"),
        sale("o-3", None, "05-04", coupon="HELLO"),
    ]
    ledger = shop_of(home, events).ledger
    assert revenue(ledger) == {"o-1": 32.0, "o-3": 10.0}  # 40 less a fifth; the discount was 10 of 50
    assert ledger.gross.sort("day")["gross"].to_list() == [40.0, 10.0, 10.0]  # 50 less 10, and each of 10
    assert ledger.orders["discounted"].to_list() == [True, True]
    assert ledger.customers.select("customer", "orders", "revenue").rows() == [("ann", 1, 32.0)]


def test_what_came_later_has_not_happened(home: Home) -> None:
    shop_of(home, [sale("o-1", "ann", "05-01"), refund("o-1", "06-02"), sale("o-2", "ann", "06-10")])
    assert revenue(load_ledger(home, date(2026, 6, 1))) == {"o-1": 10.0}
    assert revenue(load_ledger(home, date(2026, 6, 2))) == {}
    assert revenue(load_ledger(home, AS_OF)) == {"o-2": 10.0}


def test_postage_is_no_revenue_though_its_line_carries_the_discount(home: Home) -> None:
    events = [sale("o-1", "ann", "05-01", ("POST", 1, 5.0), ("tea", 1, 10.0), discount=2.0)]
    ledger = shop_of(home, events, tea={}, POST={"is_product": False}).ledger
    assert revenue(ledger) == {"o-1": 8.0}


def test_products_go_by_their_own_ids_whichever_name_an_event_used(home: Home) -> None:
    events = [
        sale("o-1", "ann", "05-01", ("tea", 1, 10.0)),
        sale("o-2", "bob", "05-02", ("T-77", 1, 10.0)),
        sale("o-3", "cat", "05-03", (" TEA ", 1)),
    ]
    add_aliases(home, pl.DataFrame({"alias": ["T-77"], "product_id": ["tea"]}))
    ledger = shop_of(home, events, tea={"cost": 4.0}).ledger
    assert ledger.lines["item"].unique().to_list() == ["tea"]
    assert ledger.orders["margin"].to_list() == [6.0, 6.0, 6.0]


def test_a_line_without_a_price_counts_at_its_product_s_mean(home: Home) -> None:
    events = [
        sale("o-1", "ann", "05-01", ("tea", 1, 10.0)),
        sale("o-2", "bob", "05-02", ("tea", 1, 20.0)),
        sale("o-3", "cat", "05-03", ("tea", 2), ("gift", 1)),
    ]
    ledger = shop_of(home, events).ledger
    assert revenue(ledger)["o-3"] == pytest.approx(30.0)
    assert ledger.unpriced == 2


def test_orders_are_counted_by_customer_and_browsers_belong_to_whom_they_turned_out_to_be(home: Home) -> None:
    events = [
        sale("o-1", None, "05-01", anonymous_id="browser"),
        event("identify", at=at("05-02"), anonymous_id="browser", customer_id="ann"),
        sale("o-2", "ann", "05-03"),
        sale("o-3", None, "05-04"),
    ]
    orders = shop_of(home, events).ledger.orders
    assert orders.select("order", "customer", "number").rows() == [
        ("o-1", "ann", 1),
        ("o-2", "ann", 2),
        ("o-3", None, None),
    ]


def test_margins_count_lines_with_known_costs(home: Home) -> None:
    events = [sale("o-1", "ann", "05-01", ("tea", 2, 10.0), ("pot", 1, 30.0))]
    orders = shop_of(home, events, tea={"cost": 4.0}, pot={}).ledger.orders
    assert orders.select("costed", "margin").rows() == [(20.0, 12.0)]


def test_currencies_are_kept_apart_and_a_missing_one_is_the_usual(home: Home) -> None:
    events = [
        sale("o-1", "ann", "05-01"),
        sale("o-2", "ann", "05-02", currency=None),
        sale("o-3", "ann", "05-03", ("tea", 1, 99.0), currency="GBP"),
    ]
    ledger = shop_of(home, events).ledger
    assert (ledger.currencies, ledger.assumed) == (["EUR", "GBP"], 1)
    assert revenue(ledger.of("GBP")) == {"o-3": 99.0}
    assert ledger.customers.select("orders", "revenue", "currency").rows() == [(3, 20.0, "EUR")]


def test_nothing_at_all(home: Home) -> None:
    ledger = load_ledger(home, AS_OF)
    assert (len(ledger.orders), len(ledger.customers), ledger.currencies) == (0, 0, [])
