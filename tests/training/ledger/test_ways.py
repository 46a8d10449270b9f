"""A shop's money is the same to the cent, however it came: as a file, live, in any order, told twice."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from features.catalogue.products import load_products
from features.history import events_parquet as history
from features.history.archiver import Archiver
from features.home import Home
from features.importers.orders import import_orders
from features.importers.summary import OrdersSummary
from features.live.ingest import ingest_sync
from features.store.settings import StoreSettings
from training.customers.rfm import order_days
from training.data.history import load_history
from training.ledger.ledger import load_ledger

from factories import NOW, event

HEADER = (
    "Name,Email,Financial Status,Created at,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,"
    "Refunded Amount,Cancelled at,Lineitem sku,Lineitem quantity,Lineitem price,Lineitem name"
)
DAY = "2026-05-0{} 10:00:00 +0000"


def rows(
    number: int = 1,
    *,
    lines: Sequence[tuple[str, float, float]] = (("JAR", 2, 10.0), ("LID", 1, 5.0)),
    status: str = "paid",
    refunded: float = 0,
    discount: float = 0,
    shipping: float = 0,
    cancelled: str = "",
    day: int = 1,
) -> list[str]:
    """An order in Shopify's columns."""
    goods = sum(quantity * price for _, quantity, price in lines) - discount
    head = (
        f"EUR,{goods:.2f},{shipping:.2f},0,{goods + shipping:.2f},{discount:.2f},{refunded:.2f},{cancelled}"
    )
    start = f"#{number},kim{number}@example.org"
    heads = [f"{status},{DAY.format(day)},{head}", *[f",{DAY.format(day)}," + "," * 7] * (len(lines) - 1)]
    return [
        f"{start},{own},{sku},{quantity},{price},{sku.title()}"
        for own, (sku, quantity, price) in zip(heads, lines, strict=True)
    ]


def take(home: Home, tmp_path: Path, *orders: list[str], days: int = 0) -> OrdersSummary:
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([HEADER, *(row for order in orders for row in order), ""]))
    summary = import_orders(home, path, received_at=NOW + timedelta(days=days))
    assert summary.taken + summary.already_known + sum(summary.set_aside.values()) == summary.rows
    return summary


def revenue(home: Home) -> dict[str, float]:
    """Order -> revenue, which training and reports agree about."""
    orders = load_ledger(home, date(2027, 12, 31)).orders
    found = {order: round(money, 2) for order, money in orders.select("order", "revenue").rows()}
    catalogue = load_products(home)
    learned = order_days(load_history(home, catalogue)).revenue.sum()
    known = orders.filter(orders["customer"].is_not_null())
    assert learned == pytest.approx(known["revenue"].sum(), abs=0.005)
    return dict(sorted(found.items()))


def live(home: Home, client: redis.Redis, settings: StoreSettings, *events: Any, days: int = 0) -> None:
    """As by HTTP, one request each, and archived."""
    for each in events:
        ingest_sync(client, [each], NOW + timedelta(days=days), settings)
    Archiver(client, home, settings).run(burst=True)


def sold(order: str = "1", customer: str | None = "kim", discount: float | None = None, **more: Any) -> Any:
    items = [("JAR", 2, 10.0), ("LID", 1, 5.0)]
    lines = [dict(zip(("product_id", "quantity", "unit_price"), item, strict=True)) for item in items]
    fields = {"order_id": order, "items": lines, "currency": "EUR", "discount": discount}
    return event(
        "purchase", order={k: v for k, v in fields.items() if v is not None}, customer_id=customer, **more
    )


def refund(*items: tuple[Any, ...], **more: Any) -> Any:
    return event("refund", **{"order_id": "1", "items": list(items), "at": NOW + timedelta(hours=1), **more})


REFUNDS = [
    ([], 25.0),
    ([refund(unit_price=5.0)], 20.0),
    ([refund(unit_price=5.0), refund(unit_price=5.0)], 15.0),  # equal, on two days
    ([refund(("JAR", 1))], 15.0),
    ([refund(("JAR", 1)), refund(("JAR", 1))], 5.0),
    ([refund(("JAR", 1, 3.0))], 22.0),  # part of its price
    ([refund(("JAR", 1, 9.0))], 16.0),  # it came back, the shop kept 1
    ([refund(("JAR", 2), ("LID", 1))], None),
    ([refund(("JAR", 2, 10.0), ("LID", 1, 4.0))], 1.0),  # all came back, not all of the money
    ([refund()], None),
    ([refund(unit_price=25.0)], None),
    ([refund(unit_price=99.0)], None),
    ([refund(order_id=None, order={"order_id": "1", "shipping": 4.9})], 25.0),  # postage alone
    ([event("cancel", order_id="1")], None),
]


@pytest.mark.parametrize(("refunds", "left"), REFUNDS)
@pytest.mark.parametrize("first", ["purchase", "refunds"])
def test_refunds_come_off_as_money_in_any_order_and_told_twice(
    home: Home,
    client: redis.Redis,
    settings: StoreSettings,
    refunds: list[Any],
    left: float | None,
    first: str,
) -> None:
    told = [sold(), *refunds] if first == "purchase" else [*refunds, sold()]
    live(home, client, settings, *told, *told)
    assert revenue(home) == ({} if left is None else {"1": left})


@pytest.mark.parametrize(
    ("order", "left"),
    [
        (rows(), 25.0),
        (rows(refunded=5), 20.0),
        (rows(refunded=25), None),
        (rows(shipping=4.9, refunded=4.9), 25.0),
        (rows(discount=5, shipping=4.9), 20.0),
        (rows(discount=5, refunded=10), 10.0),
        (rows(status="refunded"), None),
        (rows(status="voided"), None),
        (rows(status="pending"), None),
        (rows(cancelled=DAY.format(2)), None),
        (rows(lines=[("JAR", 1, 10.0)] * 3), 30.0),
        (rows(lines=[("JAR", 2, 10.0), ("COUPON", 1, -4.0)]), 16.0),
        (rows(lines=[("JAR", 2, 10.0), ("LID", 0, 5.0)]), 20.0),
        (rows(lines=[("JAR", 2, 10.0), ("GIFT", 1, 0.0)]), 20.0),
    ],
)
def test_a_file_s_order_is_what_was_paid_for_its_goods(
    home: Home, tmp_path: Path, order: list[str], left: float | None
) -> None:
    for _ in range(2):
        take(home, tmp_path, order, rows(2))
        assert revenue(home) == ({} if left is None else {"1": left}) | {"2": 25.0}


EDITS = [
    (rows(refunded=3), rows(refunded=20), 5.0),
    (rows(refunded=20), rows(refunded=3), 22.0),
    (rows(refunded=20), rows(), 25.0),
    (rows(refunded=25), rows(refunded=5), 20.0),
    (rows(), rows(lines=[("JAR", 3, 10.0), ("LID", 1, 5.0)]), 35.0),
    (rows(), rows(lines=[("LID", 1, 5.0)]), 5.0),
    (rows(), rows(discount=5), 20.0),
    (rows(discount=5), rows(), 25.0),
    (rows(), rows(status="voided"), None),
    (rows(), rows(cancelled=DAY.format(3)), None),
    (rows(status="pending"), rows(), 25.0),
    (rows(status="voided"), rows(), 25.0),
    (rows(cancelled=DAY.format(3)), rows(), 25.0),
]


@pytest.mark.parametrize(("before", "after", "left"), EDITS)
def test_the_newest_export_counts(
    home: Home, tmp_path: Path, before: list[str], after: list[str], left: float | None
) -> None:
    take(home, tmp_path, before, rows(2))
    for day in (1, 2):
        summary = take(home, tmp_path, after, rows(2), days=day)
        assert revenue(home) == ({} if left is None else {"1": left}) | {"2": 25.0}
    assert summary.taken == 0
    take(home, tmp_path, before, rows(2), days=3)
    take(home, tmp_path, after, rows(2), days=4)
    assert revenue(home).get("1") == left


def test_an_export_that_ends_earlier_takes_no_refund_back_and_is_told(home: Home, tmp_path: Path) -> None:
    take(home, tmp_path, rows(refunded=20), rows(2, day=9))
    summary = take(home, tmp_path, rows(refunded=3), days=1)
    assert revenue(home)["1"] == 5.0
    assert any("Import the newest export last" in each for each in summary.warnings)


def test_an_export_that_ends_earlier_and_tells_other_lines_is_told_loudly(home: Home, tmp_path: Path) -> None:
    take(home, tmp_path, rows(), rows(2, day=9))
    earlier = take(home, tmp_path, rows(lines=[("JAR", 5, 10.0)]), days=1)
    assert any("MAY BE AN OLDER EXPORT" in each for each in earlier.warnings)
    newest = take(home, tmp_path, rows(), rows(2, day=9), days=2)
    assert not any("OLDER" in each for each in newest.warnings)
    assert revenue(home)["1"] == 25.0


@pytest.mark.parametrize("order", [["file", "live"], ["live", "file"], ["live", "file", "live", "file"]])
def test_a_file_and_live_events_of_the_same_orders_count_once(
    home: Home, tmp_path: Path, client: redis.Redis, settings: StoreSettings, order: list[str]
) -> None:
    told = [
        sold(at=NOW - timedelta(days=200)),
        refund(("JAR", 1), properties={"refund_id": "r"}, at=NOW - timedelta(days=1)),
    ]
    day = f"{NOW - timedelta(days=200):%Y-%m-%d} 12:00:00 +0000"
    file = [row.replace(DAY.format(1), day) for row in rows(refunded=10)]
    for step, way in enumerate(order):
        if way == "live":
            live(home, client, settings, *told, days=step)
        else:
            take(home, tmp_path, file, days=step)
        client.flushall()
    assert revenue(home) == {"1": 15.0}


def test_what_a_rejects_file_corrects_joins_its_order(home: Home, tmp_path: Path) -> None:
    wrong = [row.replace("LID,1,5.0", "LID,one,5.0") for row in rows()]
    summary = take(home, tmp_path, wrong)
    assert revenue(home) == {"1": 20.0}
    rejects = Path(str(summary.rejects_file))
    rejects.write_text(rejects.read_text().replace(",one,", ",1,"))
    import_orders(home, rejects, received_at=NOW + timedelta(days=1))
    assert revenue(home) == {"1": 25.0}


def test_a_file_told_twice_in_one_is_not_twice_the_orders(home: Home, tmp_path: Path) -> None:
    orders = [rows(), rows(2, lines=[("JAR", 1, 10.0)] * 2), rows(3, discount=5)]
    take(home, tmp_path, *orders, *orders)
    assert revenue(home) == {"1": 25.0, "2": 20.0, "3": 20.0}


def test_a_live_order_that_a_file_changes_keeps_its_customer_and_browser(
    home: Home, tmp_path: Path, client: redis.Redis, settings: StoreSettings
) -> None:
    at = f"{NOW:%Y-%m-%d} 10:00:00 +0000"
    live(home, client, settings, sold(anonymous_id="b", recommendation_id="rec"))
    changed = [row.replace(DAY.format(1), at) for row in rows(lines=[("JAR", 5, 10.0)])]
    summary = take(home, tmp_path, changed, days=1)
    assert any("perennial rebuild" in each for each in summary.warnings)
    [row] = history.scan(home).collect().rows(named=True)
    assert (row["customer_id"], row["anonymous_id"], row["quantity"]) == ("kim", "b", 5.0)
    assert row["recommendation_id"] == "rec"


def test_an_import_says_which_orders_are_in_another_currency(home: Home, tmp_path: Path) -> None:
    foreign = [row.replace("EUR", "USD") for row in rows(3)]
    summary = take(home, tmp_path, rows(), rows(2), foreign)
    assert any("Not all orders are in EUR: 1 in USD" in each for each in summary.warnings)
    assert take(home, tmp_path, rows(), rows(2)).warnings == ()


def test_an_unknown_status_counts_and_the_import_says_so(home: Home, tmp_path: Path) -> None:
    summary = take(home, tmp_path, rows(status="gift wrapped"))
    assert revenue(home) == {"1": 25.0}
    assert any("'gift wrapped' of 1 orders" in each for each in summary.warnings)
