import polars as pl
import pytest

from features.importers.takings import takings

NONE = pl.Series([], dtype=pl.String)


def lines(*rows: tuple[str, str, str | None, float, float | None, float | None, str | None]) -> pl.DataFrame:
    names = ("type", "order_id", "product_id", "quantity", "unit_price", "discount", "currency")
    return pl.DataFrame(rows, schema=names, orient="row")


def test_revenue_is_what_was_sold_less_discounts_and_refunds() -> None:
    money = takings(
        lines(
            ("purchase", "o1", "MUG", 2, 20, 5, "EUR"),
            ("purchase", "o1", "POT", 1, 10, None, "EUR"),
            ("refund", "o1", "MUG", 1, None, None, "EUR"),
            ("refund", "o1", None, 1, 2.5, None, "EUR"),
            ("view", "o1", "MUG", 1, 99, None, None),
        ),
        NONE,
    )
    assert money == {"EUR": (50, 5, 22.5)}
    assert money["EUR"].revenue == 22.5


def test_currencies_are_told_apart_and_postage_is_left_out() -> None:
    money = takings(
        lines(
            ("purchase", "o1", "MUG", 1, 20, None, "eur"),
            ("purchase", "o1", "POSTAGE", 1, 5, None, "EUR"),
            ("purchase", "o2", "MUG", 3, 9, None, "USD"),
            ("purchase", "o3", "MUG", 1, 1, None, None),
        ),
        pl.Series(["POSTAGE"]),
    )
    assert {currency: each.revenue for currency, each in money.items()} == pytest.approx(
        {"USD": 27, "EUR": 20, "": 1}
    )
