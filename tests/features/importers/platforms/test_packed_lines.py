"""Products that stand together in one cell of an order's row."""

import polars as pl
import pytest

from features.importers.platforms import bigcommerce, shopware6, woo_analytics, woo_webtoffee
from features.importers.platforms.packed_lines import unpacked, with_shared_totals


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("2× Mug", [("2", "Mug")]),
        ("2× Mug, blue, 1× Bowl", [("2", "Mug, blue"), ("1", "Bowl")]),
        ("1× Set of 4× plates", [("1", "Set of 4× plates")]),
        ("", []),
    ],
)
def test_woocommerces_list_of_names(text: str, products: list[tuple[str, str]]) -> None:
    found = [(each["quantity"], each["title"]) for each in woo_analytics.products_of(text)]
    assert found == products


def test_webtoffees_pairs() -> None:
    text = "name:Mug: the blue one|product_id:9|sku:|quantity:2|total:18.00|sub_total:20.00"
    [product] = woo_webtoffee.products_of(text)
    assert (product["title"], product["product_id"], product["sku"]) == ("Mug: the blue one", "9", "")
    assert (product["quantity"], product["line_total"]) == ("2", "18.00")


def test_bigcommerces_pairs_hold_commas_and_bars() -> None:
    text = (
        "Product ID: 1, Product Qty: 2, Product SKU: A, Product Name: Knife | 6 in, oak, "
        "Product Weight: 0.5, Product Variation Details: Handle: Oak, "
        "Product Unit Price: 25.00, Product Total Price: 50.00"
        "|Product ID: 2, Product Qty: 1, Product SKU: , Product Name: Stone, Product Unit Price: 5.00"
    )
    first, second = bigcommerce.products_of(text)
    assert (first["title"], first["options"], first["unit_price"]) == (
        "Knife | 6 in, oak",
        "Handle: Oak",
        "25.00",
    )
    assert (second["product_id"], second["sku"], second["title"]) == ("2", "", "Stone")


def test_shopwares_ids() -> None:
    found = [(each["quantity"], each["product_id"]) for each in shopware6.products_of("2x 0a1b|1x |3x 9f")]
    assert found == [("2", "0a1b"), ("3", "9f")]


def test_a_row_without_products_stays_and_totals_are_shared_by_units() -> None:
    rows = pl.DataFrame(
        {"row": [0, 1], "cell": ["2× Mug, 1× Bowl", None], "total": ["30", "5"]},
        schema_overrides={"row": pl.UInt32},
    )
    lines = with_shared_totals(unpacked(rows, "cell", woo_analytics.products_of), pl.col("total"))
    assert lines.select("row", "title", "line_total").rows() == [
        (0, "Mug", "20.0"),
        (0, "Bowl", "10.0"),
        (1, None, None),
    ]
