from typing import Any
from xml.etree import ElementTree

import pytest

from training.demo.shop.pictures import drawing
from training.demo.shop.storefront import GIFT_CARD

FEED_COLUMNS = (
    "id title description link image_link availability quantity price sale_price brand gtin product_type"
    " item_group_id custom_label_0 material size rating reviews cost_of_goods_sold"
)


def test_every_feed_row_has_what_a_merchant_feed_must_have(shop: Any) -> None:
    assert list(shop.feed[0]) == FEED_COLUMNS.split()
    required = ("id", "title", "description", "link", "image_link", "availability", "price", "brand")
    assert all(row[column] for row in shop.feed for column in required)
    assert [row["id"] for row in shop.feed if not row["cost_of_goods_sold"]] == [GIFT_CARD]
    assert all((row["availability"] == "in_stock") == (row["quantity"] != "0") for row in shop.feed)


def test_no_title_twice(shop: Any) -> None:
    titles = [row["title"] for row in shop.feed]
    assert len(set(titles)) == len(titles)


def test_gtins_carry_their_check_digit(shop: Any) -> None:
    for gtin in (row["gtin"] for row in shop.feed if row["gtin"]):
        weighted = sum(int(digit) * (1, 3)[index % 2] for index, digit in enumerate(gtin))
        assert len(gtin) == 13
        assert weighted % 10 == 0


def test_every_product_has_a_picture_titled_with_its_name(shop: Any) -> None:
    for product in shop.page["products"]:
        picture = shop.folder / "images" / f"{product['product_id']}.svg"
        svg = ElementTree.fromstring(picture.read_text("utf-8"))  # noqa: S314 - our own file
        assert svg.findtext("{http://www.w3.org/2000/svg}title") == product["title"]
        assert product["image_url"] == f"/demo/images/{picture.name}"


def test_a_title_cannot_break_out_of_its_picture() -> None:
    svg = ElementTree.fromstring(drawing("mug", "</title><script>&", "#9caf92"))  # noqa: S314 - our own
    assert svg.findtext("{http://www.w3.org/2000/svg}title") == "</title><script>&"


@pytest.mark.parametrize("field", ["category", "brand", "description"])
def test_the_page_shows_nothing_blank(shop: Any, field: str) -> None:
    assert all(product[field] for product in shop.page["products"])
