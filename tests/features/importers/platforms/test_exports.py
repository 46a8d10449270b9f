"""A file of each export that is known by name: recognised, and all its orders, money and products taken."""

from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from features.history import events_parquet as history
from features.home import Home
from features.importers.choice import Wishes
from features.importers.formats import ORDER_FORMATS, TAKEN
from features.importers.orders import import_orders
from features.importers.platforms.names import ORDER_FORMAT_NAMES
from features.importers.refusal import ImportRefused

from factories import NOW

EXPORTS = Path(__file__).with_name("exports")
MUGS, TOWEL = ("MUG-B", 2.0, 20.0), ("TOWEL", 1.0, 10.0)


class Right(NamedTuple):
    """What is right of a file. first: product, quantity and unit price of its first order's lines."""

    first: list[tuple[str, float, float]]
    orders: int = 2
    customers: int = 2
    revenue: float = 70
    currency: str = "EUR"


FILES = {
    "shopify": Right([MUGS, TOWEL], customers=1, revenue=65),
    "woocommerce": Right([("Clay mug, blue", 2, 18), ("Linen towel", 1, 18)], revenue=74, currency=""),
    "woo-advanced": Right([MUGS, TOWEL], currency=""),
    "woo-webtoffee": Right([MUGS, ("32", 1, 10)]),
    "magento": Right([("SHIRT-M", 2, 25), ("SOCKS", 1, 5)]),
    "prestashop": Right([MUGS, ("4", 1, 10)]),
    "bigcommerce": Right([("KNIFE", 2, 25), ("78", 1, 10)], currency="USD"),
    "squarespace": Right([("SQ1001", 2, 12), ("SQ1002", 1, 10)], revenue=46, currency="USD"),
    "square": Right([("MUG-B", 2, 18), TOWEL], customers=1, revenue=56, currency=""),
    "etsy": Right([("9001", 2, 20), ("TOWEL", 1, 9)], revenue=69),
    "wix": Right([MUGS, ("Linen towel", 1, 10)]),
    "amazon": Right([MUGS, TOWEL], customers=0),
    "ebay": Right([MUGS, TOWEL], currency=""),
    "shopware5": Right([("SW10001", 2, 20), ("SW10002", 1, 10)]),
    "shopware6": Right([("0191aa11", 2, 20), ("0191bb22", 1, 20)], revenue=80),
    "online-retail": Right([MUGS, TOWEL], currency="GBP"),
    "events": Right([MUGS], revenue=60),
}


@pytest.mark.parametrize("name", FILES)
def test_an_export_is_recognised_and_taken(home: Home, name: str) -> None:
    right = FILES[name]
    summary = import_orders(home, EXPORTS / f"{name}.csv", received_at=NOW)
    rows = history.scan(home).filter(type="purchase").collect()
    first = rows.filter(pl.col("order_id") == rows["order_id"][0])
    assert summary.format == name
    assert first.select("product_id", "quantity", "unit_price").rows() == right.first
    assert (summary.orders, summary.customers, summary.lost) == (right.orders, right.customers, 0)
    assert {currency: each.revenue for currency, each in summary.money.items()} == {
        right.currency: pytest.approx(right.revenue)
    }


@pytest.mark.parametrize("name", FILES)
def test_headers_may_drift_in_case_and_punctuation(home: Home, tmp_path: Path, name: str) -> None:
    header, _, rest = (EXPORTS / f"{name}.csv").read_text().partition("\n")
    drifted = tmp_path / "export.csv"
    drifted.write_text(f"{header.upper().replace('_', ' ')}\n{rest}")
    summary = import_orders(home, drifted, received_at=NOW)
    assert (summary.format, summary.orders) == (name, FILES[name].orders)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("magento-grid", "sales_order_item"),
        ("prestashop-grid", "SQL Manager"),
        ("etsy-orders", "EtsySoldOrderItems"),
        ("stripe", "perennial import formats"),
    ],
)
def test_an_export_without_products_is_refused_with_what_to_export_instead(
    home: Home, name: str, remedy: str
) -> None:
    with pytest.raises(ImportRefused, match=remedy):
        import_orders(home, EXPORTS / f"{name}.csv", received_at=NOW)
    assert not home.root.exists()


def test_every_format_has_its_file_and_the_names_of_the_help_are_those() -> None:
    assert set(FILES) == set(TAKEN) == set(ORDER_FORMAT_NAMES)
    assert {path.stem for path in EXPORTS.glob("*.csv")} == set(ORDER_FORMATS)


def test_a_format_asked_for_is_held_against_the_one_that_fits(home: Home) -> None:
    with pytest.raises(ImportRefused, match=r"It fits woo-advanced"):
        import_orders(
            home, EXPORTS / "woo-advanced.csv", wishes=Wishes(format="woocommerce"), received_at=NOW
        )


def test_the_newest_query_for_prestashop_gives_a_file_that_is_taken(home: Home, tmp_path: Path) -> None:
    """A product without a reference is known by both its numbers, since a combination's may be another's."""
    table = pl.read_csv(EXPORTS / "prestashop.csv", separator=";", infer_schema=False)
    path = tmp_path / "request_sql_1.csv"
    table.with_columns(product_reference=pl.lit("")).write_csv(path, separator=";")
    import_orders(home, path, received_at=NOW)
    assert history.scan(home).collect()["product_id"].unique(maintain_order=True).to_list() == ["3-12", "4"]


def test_what_magento_calls_a_part_is_no_second_line(home: Home) -> None:
    summary = import_orders(home, EXPORTS / "magento.csv", received_at=NOW)
    assert list(summary.set_aside.values()) == [1]
    assert history.scan(home).filter(product_id="SHIRT-M").collect()["quantity"].to_list() == [2.0]


def test_what_square_gives_back_is_refunded(home: Home) -> None:
    import_orders(home, EXPORTS / "square.csv", received_at=NOW)
    refund = history.scan(home).filter(type="refund").collect()
    assert refund.select("order_id", "product_id", "unit_price").rows() == [("TX1", "TOWEL", 10.0)]


def test_months_in_several_files_are_read_at_once(home: Home, tmp_path: Path) -> None:
    april = tmp_path / "april.csv"
    april.write_text((EXPORTS / "wix.csv").read_text().replace("1001", "2001").replace("Mar", "Apr"))
    summary = import_orders(home, [EXPORTS / "wix.csv", april], received_at=NOW)
    assert (summary.format, summary.orders) == ("wix", 4)
