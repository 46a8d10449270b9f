"""Lists of products that shops publish page by page, as rows of the exports that the same platforms write.

Shopify's `/products.json` (of a shop or a collection; not documented, the fields are those of
https://shopify.dev/docs/api/ajax/reference/product with prices as text), and WooCommerce's Store API,
https://developer.woocommerce.com/docs/apis/store-api/resources-endpoints/products.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct
from msgspec.json import Decoder

Row = Mapping[str, str | None]
"""Header of the platform's export -> cell."""


class PublicList(NamedTuple):
    """path: how the address ends. queries: of the lists that are read one after the other. rows: of one page,
    raises msgspec.DecodeError where it is none. id: the header that tells rows apart."""

    path: str
    queries: tuple[Mapping[str, str], ...]
    rows: Callable[[bytes], Iterator[Row]]
    id: str


class _Image(Struct):
    src: str


class _Option(Struct):
    name: str


class _Variant(Struct):
    id: int
    price: str
    sku: str | None = None
    available: bool | None = None
    option1: str | None = None
    option2: str | None = None
    option3: str | None = None
    featured_image: _Image | None = None


class _ShopifyProduct(Struct):
    title: str
    handle: str
    variants: list[_Variant]
    body_html: str | None = None
    vendor: str | None = None
    product_type: str | None = None
    created_at: str | None = None
    images: list[_Image] = []
    options: list[_Option] = []


class _ShopifyPage(Struct):
    products: list[_ShopifyProduct]


class _Prices(Struct):
    """In the currency's smallest unit, as text."""

    currency_code: str
    currency_minor_unit: int
    regular_price: str | None = None
    sale_price: str | None = None

    def shown(self, price: str | None) -> str | None:
        return f"{Decimal(price).scaleb(-self.currency_minor_unit)} {self.currency_code}" if price else None


class _Name(Struct):
    name: str


class _WooProduct(Struct):
    """variation: its options in words, like "Colour: Red"; parent: 0 where it has none."""

    id: int
    name: str
    prices: _Prices
    type: str = "simple"
    sku: str | None = None
    parent: int = 0
    variation: str | None = None
    permalink: str | None = None
    short_description: str | None = None
    description: str | None = None
    is_in_stock: bool | None = None
    images: list[_Image] = []
    categories: list[_Name] = []
    brands: list[_Name] = []


_shopify_page = Decoder(_ShopifyPage).decode
_woo_page = Decoder(list[_WooProduct]).decode


def shopify_rows(page: bytes) -> Iterator[Row]:
    """A row a variant, each with all of its product. Raises msgspec.DecodeError."""
    for product in _shopify_page(page).products:
        for variant in product.variants:
            picture = variant.featured_image or next(iter(product.images), None)
            yield {
                "Variant ID": str(variant.id),
                "Handle": product.handle,
                "Title": product.title,
                "Body (HTML)": product.body_html,
                "Vendor": product.vendor,
                "Type": product.product_type,
                "Created at": product.created_at,
                **_options(product, variant),
                "Variant SKU": variant.sku,
                "Variant Price": variant.price,
                "Available": _flag(variant.available),
                "Image Src": picture.src if picture else None,
            }


def _options(product: _ShopifyProduct, variant: _Variant) -> Row:
    names = [each.name for each in product.options] + [None] * 3
    values = (variant.option1, variant.option2, variant.option3)
    cells: dict[str, str | None] = {}
    for number, (name, value) in enumerate(zip(names, values, strict=False), 1):
        cells |= {f"Option{number} Name": name, f"Option{number} Value": value}
    return cells


def woo_rows(page: bytes) -> Iterator[Row]:
    """A row a product or variation. Raises msgspec.DecodeError."""
    for product in _woo_page(page):
        prices = product.prices
        yield {
            "ID": str(product.id),
            "Type": product.type,
            "SKU": product.sku,
            "Name": f"{product.name} - {product.variation}" if product.variation else product.name,
            "Published": "1",
            "Short description": product.short_description,
            "Description": product.description,
            "Regular price": prices.shown(prices.regular_price),
            "Sale price": prices.shown(prices.sale_price),
            "In stock?": _flag(product.is_in_stock),
            "Categories": _first(product.categories),
            "Brands": _first(product.brands),
            "Images": next((each.src for each in product.images), None),
            "Parent": f"id:{product.parent}" if product.parent else None,
            "Permalink": product.permalink,
        }


def _first(names: list[_Name]) -> str | None:
    """As the export writes one name: commas stand between several."""
    return names[0].name.replace(",", "\\,") if names else None


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(int(value))


PUBLIC_LISTS = (
    PublicList("/products.json", ({"limit": "250"},), shopify_rows, "Variant ID"),
    PublicList(
        "/wp-json/wc/store/v1/products",
        ({"per_page": "100", "catalog_visibility": "catalog"}, {"per_page": "100", "type": "variation"}),
        woo_rows,
        "ID",
    ),
)
