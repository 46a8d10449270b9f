"""What any platform's order file amounts to, on Shopify's columns; the figures in tests/training/ledger."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from features.importers.order_rows import read_orders
from features.importers.reasons import RejectReason

AT = "2026-03-01 10:00:00"


def read(*rows: Mapping[str, str | None]) -> pl.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = pl.DataFrame(
        [{name: row.get(name) for name in names} for row in rows], schema=dict.fromkeys(names, pl.String)
    )
    return read_orders(cells.with_row_index("row"))


def line(order: str = "7", **cells: str) -> dict[str, str]:
    return {
        "order_id": order,
        "timestamp": AT,
        "email": "eva@example.org",
        "sku": "JAR",
        "quantity": "2",
        "unit_price": "8.00",
    } | cells


def bought(lines: pl.DataFrame) -> list[tuple[Any, ...]]:
    return lines.filter(type="purchase").select("product_id", "quantity", "unit_price").rows()


def back(lines: pl.DataFrame) -> list[tuple[Any, ...]]:
    return lines.filter(type="refund").select("product_id", "quantity", "unit_price").rows()


def test_the_cells_of_an_order_stand_on_its_first_row_and_are_carried_over() -> None:
    rows = read(
        line(currency="eur", discount="3.00", coupon="MAY", country="AT"),
        {"order_id": "7", "sku": "LID", "quantity": "1", "unit_price": "2.00"},
        {"sku": "BOX", "quantity": "1", "unit_price": "1.00"},
    )
    assert rows["order_id"].to_list() == ["7"] * 3
    assert rows["customer_id"].n_unique() == 1
    assert rows["currency"].to_list() == ["EUR"] * 3
    assert rows["coupon"].to_list() == ["MAY"] * 3
    assert rows["discount"].to_list() == [3.0, None, None]


def test_an_order_s_cells_on_every_row_count_once() -> None:
    rows = read(line(discount="3.00", refunded="4.00"), line(sku="LID", discount="3.00", refunded="4.00"))
    assert rows.filter(type="purchase")["discount"].sum() == 3
    assert back(rows) == [(None, 1, 4)]


def test_a_file_without_price_of_a_piece_has_that_of_the_line() -> None:
    assert bought(read(line(unit_price="", line_total="30.00", quantity="3") | {"unit_price": None})) == [
        ("JAR", 3, 10)
    ]


def test_a_line_s_own_discount_is_off_its_price() -> None:
    assert bought(read(line(line_discount="4.00"))) == [("JAR", 2, 6)]


@pytest.mark.parametrize(
    ("cells", "product"),
    [
        ({"sku": "S", "variant_id": "V", "gtin": "G"}, "S"),
        ({"variant_id": "V", "product_id": "P"}, "V"),
        ({"product_id": "P", "gtin": "G"}, "P"),
        ({"gtin": "G", "title": "Jar"}, "G"),
        ({"title": "Jar", "options": "Blue"}, "Jar - Blue"),
        ({"title": "Jar"}, "Jar"),
    ],
)
def test_a_product_is_the_first_id_that_its_line_has(cells: dict[str, str], product: str) -> None:
    bare = {name: value for name, value in line().items() if name != "sku"}
    assert bought(read(bare | cells))[0][0] == product


def test_what_says_whose_an_order_is_stays_for_the_homes_own_names() -> None:
    said = {"email": "eva@example.org", "phone": "+43 1", "customer_id": "k1", "person": "Eva Holm"}
    rows = read(line() | said)
    assert rows.select(said.keys()).row(0, named=True) == said


@pytest.mark.parametrize(
    ("cells", "discount"),
    [
        ({"discount": "4.00"}, 4),
        ({"discount": "-4.00"}, 4),
        # The goods' subtotal says that all of it, or part of it, was off the postage.
        ({"discount": "4.00", "subtotal": "16.00", "shipping": "4.00"}, 0),
        ({"discount": "6.00", "subtotal": "14.00", "shipping": "4.00"}, 2),
        ({"discount": "4.00", "shipping_discount": "4.00", "shipping": "4.00", "total": "16.00"}, 0),
        ({"discount": "4.00", "shipping": "0.00", "total": "16.00"}, 0),
        # Tax in the prices or on top, a tip, a gift card as means of payment: no discount.
        ({"discount": "4.00", "tax": "2.00", "total": "12.00"}, 4),
        ({"discount": "4.00", "tax": "2.00", "tip": "1.00", "total": "15.00"}, 4),
        ({"gift_card": "10.00", "discount": "0.00", "total": "6.00"}, 0),
        ({"discount": "99.00"}, 16),
    ],
)
def test_a_discount_is_what_is_off_the_goods(cells: dict[str, str], discount: float) -> None:
    assert read(line(**cells)).filter(type="purchase")["discount"].item() == pytest.approx(discount)


@pytest.mark.parametrize(
    ("cells", "lines"),
    [
        ({"refunded": "0.00"}, []),
        ({"refunded": "5.00", "total": "16.00"}, [(None, 1, 5)]),
        ({"refunded": "16.00", "total": "16.00"}, [("JAR", 2, 8)]),
        ({"refunded": "4.00", "total": "20.00", "shipping": "4.00"}, []),  # the postage alone
        # The postage with its tax, which is on top of both.
        ({"refunded": "4.80", "total": "24.00", "shipping": "4.00", "tax": "4.00"}, []),
        ({"refunded": "9.00", "tax": "2.00", "total": "18.00"}, [(None, 1, 8)]),  # half of it, tax and all
        ({"refunded": "8.00", "refunded_quantity": "1", "total": "16.00"}, [("JAR", 1, 8)]),
        ({"refunded": "9.50", "refunded_quantity": "1", "total": "16.00"}, [("JAR", 1, 8), (None, 1, 1.5)]),
        ({"status": "refunded", "refunded": "0.00"}, [("JAR", 2, 8)]),
        ({"cancelled_at": "2026-03-02"}, [("JAR", 2, 8)]),
        ({"status": "partially refunded", "refunded": "3.00"}, [(None, 1, 3)]),
    ],
)
def test_what_went_back_is_pieces_a_sum_or_all(cells: dict[str, str], lines: list[tuple[Any, ...]]) -> None:
    assert back(read(line(**cells))) == lines


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("paid", None),
        ("wc-completed", None),
        ("authorized", None),
        ("Zahlung ausstehend", RejectReason.UNPAID),
        ("pending", RejectReason.UNPAID),
        ("Voided", RejectReason.VOID),
        ("wc-cancelled", RejectReason.VOID),
        ("Annulée", RejectReason.VOID),
    ],
)
def test_what_does_not_count_says_why(status: str, reason: RejectReason | None) -> None:
    rows = read(line(financial_status=status))
    assert rows["reason"].to_list() == [reason and reason.value]
    assert rows["detail"].to_list() == [status if reason else None]


def test_an_unknown_status_counts_and_is_told() -> None:
    rows = read(line(status="gift wrapped"))
    assert rows.select("reason", "status").row(0) == (None, "gift wrapped")


def test_two_customers_orders_of_one_number_keep_their_own_cells() -> None:
    other = {"email": "ida@example.org", "timestamp": "2026-03-09 10:00:00"}
    rows = read(
        line(discount="1.00"),
        line(**other, discount="2.00"),
        {"order_id": "7", "sku": "LID", "quantity": "1", "unit_price": "1"},
    )
    assert rows["discount"].to_list() == [1.0, 2.0, None]
    assert rows["email"].n_unique() == 2
    assert rows["email"][1] == rows["email"][2]


def test_a_price_that_is_no_number_is_said() -> None:
    assert read(line(unit_price="cheap"))["reason"].to_list() == [RejectReason.BAD_PRICE.value]
