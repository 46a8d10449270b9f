"""Files about the products: the merchant feed, the pictures, and the data of the shop's pages."""

from pathlib import Path
from typing import Any

import polars as pl

from training.demo.shop.catalogue import QUALITIES, Product
from training.demo.shop.pictures import drawing, picture

SHOP_NAME, TAGLINE, CURRENCY = "Fern & Kettle", "Good things for slow mornings", "EUR"
GIFT_CARD, GIFT_CARD_PRICE, POSTAGE = "GIFTCARD25", 25.0, "POSTAGE"


def write_feed(path: Path, products: list[Product]) -> None:
    """A Google Merchant feed (TSV) with stock as `quantity`; the last row is a gift card."""
    rows = [_feed_row(number, product) for number, product in enumerate(products)]
    feed = pl.DataFrame([*rows, _gift_card_row()], infer_schema_length=None)
    feed.write_csv(path, separator="\t")


def write_pictures(folder: Path, products: list[Product]) -> None:
    """`<product_id>.svg` for each product, and the gift card's."""
    folder.mkdir(exist_ok=True)
    for product in products:
        (folder / f"{product.product_id}.svg").write_text(picture(product), "utf-8")
    (folder / f"{GIFT_CARD}.svg").write_text(drawing("gift", "Gift Card", "#9caf92"), "utf-8")


def shop_page(products: list[Product]) -> dict[str, Any]:
    """shop.json without its shoppers: categories in catalogue order, products with the fields of a page."""
    names = dict.fromkeys(product.category for product in products)
    slugs = [name.lower().replace(" & ", "-").replace(" ", "-") for name in names]
    return {
        "name": SHOP_NAME,
        "currency": CURRENCY,
        "tagline": TAGLINE,
        "categories": [{"id": slug, "name": name} for slug, name in zip(slugs, names, strict=True)],
        "products": [_page_product(product) for product in products],
    }


def _page_product(product: Product) -> dict[str, Any]:
    return {
        "product_id": product.product_id,
        "title": product.title,
        "brand": product.brand,
        "category": product.category,
        "price": product.paid,
        "currency": CURRENCY,
        "image_url": f"/demo/images/{product.product_id}.svg",
        "url": f"/demo#/product/{product.product_id}",
        "in_stock": product.stock > 0,
        "description": product.description,
    }


def _feed_row(number: int, product: Product) -> dict[str, str | int | None]:
    return {
        "id": product.product_id,
        "title": product.title,
        "description": product.description,
        "link": f"/demo#/product/{product.product_id}",
        "image_link": f"/demo/images/{product.product_id}.svg",
        "availability": "in_stock" if product.stock else "out_of_stock",
        "quantity": product.stock,
        "price": f"{product.price:.2f} {CURRENCY}",
        "sale_price": f"{product.sale_price:.2f} {CURRENCY}" if product.sale_price else None,
        "brand": product.brand,
        "gtin": _gtin(number),
        "product_type": product.product_type,
        "item_group_id": product.group_id,
        "custom_label_0": QUALITIES[product.step],
        "material": product.material,
        "size": product.size,
        "rating": f"{product.rating:.1f}",
        "reviews": product.reviews,
        "cost_of_goods_sold": f"{product.cost:.2f} {CURRENCY}",
    }


def _gift_card_row() -> dict[str, str | int | None]:
    return {
        "id": GIFT_CARD,
        "title": "Gift Card, 25 EUR",
        "description": "Sent by e-mail on the day you choose, and valid for three years.",
        "link": f"/demo#/product/{GIFT_CARD}",
        "image_link": f"/demo/images/{GIFT_CARD}.svg",
        "availability": "in_stock",
        "price": f"{GIFT_CARD_PRICE:.2f} {CURRENCY}",
        "brand": SHOP_NAME,
        "product_type": "Gift Cards",
    }


def _gtin(number: int) -> str:
    """EAN-13 from the range that is kept for a shop's own use."""
    digits = f"20{number:010d}"
    odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
    return f"{digits}{-(odd + 3 * even) % 10}"
