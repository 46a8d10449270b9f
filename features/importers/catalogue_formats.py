"""Catalogue layouts: Google Merchant (TSV or XML; Meta's is the same), Shopify's products, plain CSV."""

import polars as pl

from features.importers.lines import Format
from features.importers.reasons import RejectReason
from features.importers.values import number

FOR_SALE = (
    "in stock",
    "in_stock",
    "instock",
    "preorder",
    "pre-order",
    "backorder",
    "available",
    "true",
    "yes",
    "1",
)
MONEY = ("price", "sale_price", "cost")
MIN_CATEGORY_SIZE = 3
"""A category of fewer products is too narrow to browse: its parent is taken instead."""


def _read_feed(rows: pl.DataFrame) -> pl.DataFrame:
    price = pl.coalesce("sale_price", "price")
    numbers = {name: _amount(pl.col(name)) for name in MONEY} | {"stock": number(pl.col("stock"))}
    state = pl.col("availability").str.to_lowercase()
    # Google's taxonomy may be given as a number, which says nothing to a reader.
    path = pl.coalesce("product_type", "google_category").str.replace(r"^\d+$", "")
    return _with_category(
        rows.with_columns(
            price=pl.coalesce(numbers["sale_price"], numbers["price"]),
            cost=numbers["cost"],
            stock=numbers["stock"],
            currency=pl.coalesce(price.str.extract(r"\b([A-Z]{3})\b"), "currency"),
            available=pl.coalesce(state.is_in(FOR_SALE), numbers["stock"] > 0),
            category_path=pl.when(path != "").then(path.str.replace_all(r"\s*>\s*", " > ")),
            reason=pl.when(_any_unparsed(numbers)).then(pl.lit(RejectReason.BAD_PRICE.value)),
        )
    )


def _read_shopify(rows: pl.DataFrame) -> pl.DataFrame:
    """Each variant is a product; cells that describe the whole group are on its first row only."""
    group_cells = ("title", "description", "brand", "category_path", "image_url", "status")
    filled = rows.with_columns(pl.col(name).first(ignore_nulls=True).over("group_id") for name in group_cells)
    numbers = {name: number(pl.col(name)) for name in ("price", "cost", "stock")}
    option = pl.when(pl.col("option") != "Default Title").then(pl.col("option"))
    live = pl.col("status").str.to_lowercase().fill_null("active") == "active"
    return _with_category(
        filled.with_columns(
            **numbers,
            title=pl.concat_str("title", option, separator=", ", ignore_nulls=True),
            description=pl.col("description").str.replace_all(r"<[^>]*>", " ").str.strip_chars(),
            image_url=pl.coalesce("variant_image", "image_url"),
            url=pl.format("/products/{}", "group_id"),
            available=live & (numbers["stock"].fill_null(1) > 0),
            reason=pl.when(pl.col("product_id").is_null())
            .then(pl.lit(RejectReason.NO_OFFER.value))
            .when(_any_unparsed(numbers))
            .then(pl.lit(RejectReason.BAD_PRICE.value)),
        )
    )


def _amount(text: pl.Expr) -> pl.Expr:
    """The number of `12.75 GBP`."""
    return number(text.str.replace_all(r"[A-Za-z]{3}", ""))


def _any_unparsed(numbers: dict[str, pl.Expr]) -> pl.Expr:
    """Whether any column has text that is not a number."""
    return pl.any_horizontal(value.is_null() & pl.col(name).is_not_null() for name, value in numbers.items())


def _with_category(rows: pl.DataFrame) -> pl.DataFrame:
    """`category`: the last level of the path that holds enough products to browse."""
    levels = pl.col("category_path").str.split(" > ")
    narrow = (pl.len().over("category_path") < MIN_CATEGORY_SIZE) & (levels.list.len() > 1)
    return rows.with_columns(category=levels.list.get(pl.when(narrow).then(-2).otherwise(-1)))


_FEED = {
    "product_id": ("id", "productid", "sku", "itemid", "stockcode"),
    "title": ("title", "name", "productname", "description1"),
    "description": ("description",),
    "url": ("link", "url", "producturl"),
    "image_url": ("imagelink", "imageurl", "image"),
    "availability": ("availability", "instock", "available"),
    "price": ("price", "unitprice"),
    "sale_price": ("saleprice",),
    "brand": ("brand", "vendor"),
    "product_type": ("producttype", "category", "categorypath"),
    "google_category": ("googleproductcategory",),
    "group_id": ("itemgroupid", "groupid"),
    "cost": ("costofgoodssold", "cost"),
    "stock": ("quantity", "stock", "inventory", "quantitytosellonfacebook"),
    "currency": ("currency",),
    "other_id": ("mpn", "gtin"),
}
MERCHANT = Format("merchant", _FEED, ("product_id", "title", "url", "price"), _read_feed)
PLAIN = Format("csv", _FEED, ("product_id", "title"), _read_feed)
SHOPIFY_PRODUCTS = Format(
    name="shopify",
    columns={
        "group_id": ("handle",),
        "title": ("title",),
        "description": ("bodyhtml", "body"),
        "brand": ("vendor",),
        "category_path": ("type", "productcategory"),
        "option": ("option1value",),
        "product_id": ("variantsku",),
        "stock": ("variantinventoryqty",),
        "price": ("variantprice",),
        "image_url": ("imagesrc",),
        "variant_image": ("variantimage",),
        "cost": ("costperitem",),
        "status": ("status",),
        "other_id": ("variantbarcode",),
    },
    required=("group_id", "title", "product_id", "price"),
    read=_read_shopify,
)
CATALOGUE_FORMATS = {each.name: each for each in (MERCHANT, SHOPIFY_PRODUCTS, PLAIN)}
