"""The catalogue as files of other services: products that are offered now, with labels by value and margin.

Columns as Google's product data specification (support.google.com/merchants/answer/7052112) and Meta's
catalogue reference (developers.facebook.com/docs/marketing-api/catalog/reference) have them; Klaviyo's items
as its guide to custom catalogue feeds does.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec
import numpy as np

from api.web.replies import encode
from api.web.settings import ApiSettings
from recommender.arrays.dtypes import Int32s, Int64s
from recommender.product_labels import ProductLabels, product_labels
from recommender.recommend import Recommender

FEEDS: Mapping[str, str] = {
    "merchant.tsv": "text/tab-separated-values; charset=utf-8",
    "meta.csv": "text/csv; charset=utf-8",
    "klaviyo.json": "application/json",
}
"""Feed -> its kind of content."""
PRODUCTS_A_PAGE = 64  # about half a millisecond, so that answers pass in between
KLAVIYO_BYTES = 3_200_000  # its web feeds end at 3.3 MB
CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
QUOTE = '"'
LABELS = tuple(f"custom_label_{number}" for number in range(5))
COLUMNS = (
    *("id", "title", "description", "link", "image_link", "availability", "price", "brand"),
    *("product_type", "condition", "item_group_id", *LABELS),
)
TITLE_LENGTH = {"merchant.tsv": 150, "meta.csv": 200, "klaviyo.json": 200}
IN_STOCK = {"merchant.tsv": ("out_of_stock", "in_stock"), "meta.csv": ("out of stock", "in stock")}


class CardFields(msgspec.Struct):
    """What a product's card holds."""

    title: str | None = None
    price: float | None = None
    currency: str | None = None
    url: str | None = None
    image_url: str | None = None


class Product(NamedTuple):
    """A product that can be advertised: with title, address and price. link, image_link: absolute."""

    product_id: str
    title: str
    link: str
    image_link: str
    price: float
    currency: str
    in_stock: bool
    brand: str
    category: str
    group: str
    labels: Sequence[str]


_card = msgspec.json.Decoder(CardFields).decode


def feed_pages(recommender: Recommender, settings: ApiSettings, feed: str, today: int) -> Iterator[bytes]:
    """The file, a few products at a time. feed: one of FEEDS; today: days since 1970."""
    labels = product_labels(recommender.bundle.tables, recommender.availability, today)
    offered = np.flatnonzero(recommender.availability.offered)
    if feed == "klaviyo.json":
        ranked = recommender.bundle.tables.popular.items
        sellable = ranked[recommender.availability.sellable[ranked]]
        yield from _json_pages(_products(recommender, settings, labels, sellable))
        return
    write, separator = (_tsv, "\t") if feed == "merchant.tsv" else (_csv, ",")
    yield separator.join(COLUMNS).encode() + b"\n"
    products = _products(recommender, settings, labels, offered)
    while page := list(islice(products, PRODUCTS_A_PAGE)):
        known = [_row(product, feed) for product in page if product is not None]
        lines = [separator.join(map(write, row)) for row in known]
        yield "".join(f"{line}\n" for line in lines).encode(errors="replace")


def lacks_addresses(recommender: Recommender, settings: ApiSettings) -> bool:
    """Whether none of the first products has an address that others can follow."""
    tables, shelf = recommender.bundle.tables, recommender.availability
    first = np.flatnonzero(shelf.offered)[:PRODUCTS_A_PAGE].tolist()
    return not any(settings.absolute(_card(b"{%b}" % shelf.card(tables, item)).url) for item in first)


def _products(
    recommender: Recommender, settings: ApiSettings, labels: ProductLabels, items: Int32s | Int64s
) -> Iterator[Product | None]:
    """None in place of what cannot be advertised, so that a page takes the same time whatever it holds."""
    tables, shelf = recommender.bundle.tables, recommender.availability
    brands = [tables.brands.name(row) for row in range(len(tables.brands))]
    categories = [tables.categories.name(row) for row in range(len(tables.categories))]
    groups, product = tables.variant_groups, tables.product
    for item in items.tolist():
        card = _card(b"{%b}" % shelf.card(tables, item))
        link, image = settings.absolute(card.url), settings.absolute(card.image_url)
        if not (card.title and link and card.price and card.currency):
            yield None
            continue
        group, brand, category = (
            int(groups.group[item]),
            int(product.brand[item]),
            int(product.category[item]),
        )
        yield Product(
            tables.products.name(item),
            card.title,
            link,
            image or "",
            card.price,
            card.currency,
            bool(shelf.in_stock[item]),
            brands[brand] if brand >= 0 else "",
            categories[category] if category >= 0 else "",
            tables.products.name(int(groups.items[groups.offsets[group]])) if group >= 0 else "",
            labels.of(item),
        )


def _row(product: Product, feed: str) -> tuple[str, ...]:
    """In the order of COLUMNS."""
    title = product.title[: TITLE_LENGTH[feed]]
    return (
        product.product_id,
        title,
        product.title,
        product.link,
        product.image_link,
        IN_STOCK[feed][product.in_stock],
        f"{product.price:.2f} {product.currency}",
        product.brand,
        product.category,
        "new",
        product.group,
        *product.labels,
    )


def _tsv(cell: str) -> str:
    """Without tabs and line ends; a cell that begins with a quotation mark is quoted."""
    plain = CONTROLS.sub(" ", cell)
    return f'"{plain.replace(QUOTE, QUOTE * 2)}"' if plain.startswith(QUOTE) else plain


def _csv(cell: str) -> str:
    plain = CONTROLS.sub(" ", cell)
    return f'"{plain.replace(QUOTE, QUOTE * 2)}"' if QUOTE in plain or "," in plain else plain


def _json_pages(products: Iterator[Product | None]) -> Iterator[bytes]:
    """A list of items one level deep, as many of the best as Klaviyo takes."""
    left, before = KLAVIYO_BYTES, b"["
    while page := list(islice(products, PRODUCTS_A_PAGE)):
        items = [encode(_item(product)) for product in page if product is not None]
        lines = []
        for item in items:
            left -= len(item) + 2
            if left < 0:
                break
            lines.append(before + item)
            before = b",\n"
        yield b"".join(lines)
        if left < 0:
            break
    yield b"]\n" if before != b"[" else b"[]\n"


def _item(product: Product) -> dict[str, object]:
    return {
        "id": product.product_id,
        "title": product.title,
        "link": product.link,
        "description": product.title,
        "price": product.price,
        "currency": product.currency,
        "image_link": product.image_link,
        "categories": [product.category] if product.category else [],
        "brand": product.brand,
        "labels": list(product.labels),
    }
