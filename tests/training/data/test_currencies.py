from datetime import date, timedelta

import polars as pl
import pytest
from histories import archive

from features.catalogue.currency_rates import merge_rates
from features.catalogue.products import load_products
from features.events.vocabulary import Event
from features.history.events_parquet import scan
from features.home import Home
from training.customers.rfm import order_days
from training.data.currencies import foreign_orders, usual_currency
from training.data.history import load_history
from training.ledger.ledger import Ledger, load_ledger

from factories import NOW, event

AS_OF = NOW.date()


def sale(order_id: str, currency: str | None, price: float, days_ago: int = 10) -> Event:
    line = {"product_id": "a", "quantity": 2, "unit_price": price}
    order = {"order_id": order_id, "items": [line]} | ({"currency": currency} if currency else {})
    return event("purchase", at=NOW - timedelta(days=days_ago), customer_id=f"c-{order_id}", order=order)


def rate(home: Home, currency: str, value: float, days_ago: int = 100) -> None:
    day = date.fromordinal(AS_OF.toordinal() - days_ago)
    merge_rates(home, pl.DataFrame({"date": [day], "currency": [currency], "rate": [value]}))


def revenue(ledger: Ledger) -> dict[tuple[str, str | None], float]:
    rows = ledger.orders.select("order", "currency", pl.col("revenue").round(4)).rows()
    return {(order, currency): money for order, currency, money in rows}


@pytest.fixture
def shop(home: Home) -> Home:
    events = [sale("1", "EUR", 5.0), sale("2", "eur", 5.0), sale("3", "USD", 10.0), sale("4", None, 5.0)]
    archive(home, [*events, event("refund", order_id="3", unit_price=4.0)])
    return home


def test_without_a_rate_each_currency_stands_by_itself_and_forecasts_go_on(shop: Home) -> None:
    assert usual_currency(scan(shop)) == "EUR"
    assert foreign_orders(scan(shop)).to_list() == ["3"]
    found = revenue(load_ledger(shop, AS_OF))
    assert found == {("1", "EUR"): 10, ("2", "EUR"): 10, ("3", "USD"): 16, ("4", "EUR"): 10}
    history = load_history(shop, load_products(shop))
    assert len(history.purchases) == 4
    assert order_days(history).revenue.tolist() == [10, 10, 10]


def test_with_a_rate_orders_and_their_refunds_convert(shop: Home) -> None:
    rate(shop, "USD", 0.5)
    assert revenue(load_ledger(shop, AS_OF))["3", "EUR"] == 8.0
    assert sorted(order_days(load_history(shop, load_products(shop))).revenue) == pytest.approx(
        [8, 10, 10, 10]
    )


def test_the_rate_of_the_order_s_day_counts_else_the_first_after_it(shop: Home) -> None:
    for days_ago, value in [(9, 0.9), (10, 0.8), (11, 0.7)]:
        rate(shop, "USD", value, days_ago)
    assert revenue(load_ledger(shop, AS_OF))["3", "EUR"] == pytest.approx(16 * 0.8)
    archive(shop, [sale("5", "USD", 10.0, days_ago=50)])
    assert revenue(load_ledger(shop, AS_OF))["5", "EUR"] == pytest.approx(20 * 0.7)


def test_a_rate_of_the_usual_currency_or_of_none_changes_nothing(shop: Home) -> None:
    before = revenue(load_ledger(shop, AS_OF))
    rate(shop, "EUR", 3.0)
    rate(shop, "CHF", 3.0)
    assert revenue(load_ledger(shop, AS_OF)) == before
