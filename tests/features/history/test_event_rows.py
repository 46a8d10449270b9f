import json

from features.history import events_parquet as history
from features.history.event_rows import event_rows

from factories import NOW, event


def test_rows_have_the_columns_of_the_history() -> None:
    assert [list(row) for row in event_rows(event(), NOW)] == [list(history.schema())]


def test_an_order_has_one_row_per_line_and_its_discount_once() -> None:
    order = {
        "order_id": "o-1",
        "currency": "EUR",
        "discount": 3.0,
        "tax": 1.9,
        "items": [
            {"product_id": "a", "quantity": 2, "unit_price": 2.5, "recommendation_id": "r-a"},
            {"product_id": "b"},
        ],
    }
    purchase = event("purchase", order=order, recommendation_id="r-all")
    first, second = event_rows(purchase, NOW)
    assert (first["line"], first["discount"], first["recommendation_id"]) == (0, 3.0, "r-a")
    assert (second["line"], second["discount"], second["recommendation_id"]) == (1, None, "r-all")
    assert (first["quantity"], first["unit_price"], first["currency"]) == (2.0, 2.5, "EUR")
    assert json.loads(first["extra"]) == {"tax": 1.9}


def test_a_refund_names_its_order_and_itself() -> None:
    (row,) = event_rows(event("refund", order_id="o-1", properties={"refund_id": "r-1"}), NOW)
    assert (row["order_id"], row["refund_id"], row["product_id"]) == ("o-1", "r-1", None)


def test_a_refund_of_a_sum_is_a_row_of_money() -> None:
    (row,) = event_rows(event("refund", order_id="o-1", quantity=2, unit_price=2.5), NOW)
    assert (row["product_id"], row["quantity"], row["unit_price"]) == (None, 1.0, 5.0)


def test_fields_without_a_column_are_kept() -> None:
    context = {"country": "DE", "language": "de", "device": "mobile", "utm_source": "mail"}
    (row,) = event_rows(event("search", query="tea", context=context, properties={"hits": 3}), NOW)
    assert (row["country"], row["utm_source"]) == ("DE", "mail")
    extra = {"query": "tea", "language": "de", "device": "mobile", "properties": {"hits": 3}}
    assert json.loads(row["extra"]) == extra
