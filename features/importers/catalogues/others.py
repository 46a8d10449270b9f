"""Product exports of PrestaShop, BigCommerce, Squarespace, Wix and Shopware, as far as they are known."""

import polars as pl

from features.importers.catalogues.cells import amount, first_link, word
from features.importers.catalogues.products import read_products
from features.importers.lines import Format
from features.importers.reasons import RejectReason

FROM_PARENT = (
    "title",
    "description",
    "brand",
    "category_path",
    "image_url",
    "url",
    "price",
    "published",
    "currency",
)


def _below_parent(rows: pl.DataFrame, is_parent: pl.Expr) -> pl.DataFrame:
    """Rows of variants, each below its product's row, with what only the product's row says."""
    numbered = rows.with_columns(block=is_parent.fill_null(value=False).cum_sum())
    filled = [
        pl.coalesce(name, pl.col(name).first().over("block")) for name in FROM_PARENT if name in rows.columns
    ]
    return numbered.with_columns(filled)


def _read_prestashop(rows: pl.DataFrame) -> pl.DataFrame:
    path = pl.col("category_path").str.replace(r"^(Home|Accueil|Startseite|Inicio)\s*,\s*", "")
    return read_products(
        rows.with_columns(
            category_path=path,
            price=pl.coalesce("price", "price_net"),
            image_url=first_link(pl.col("image_url")),
        ),
        between_paths=",",
    )


PRESTASHOP_PRODUCTS = Format(
    name="prestashop",
    columns={
        "product_id": ("product id", "id", "ID produit", "Produkt-ID"),
        "sku": ("reference", "reference #", "Référence", "Artikel-Nr.", "Referencia"),
        "title": ("name", "name *", "Nom", "Nom *", "Nombre"),
        "published": ("active (0/1)", "active", "status", "Actif (0/1)", "État", "Activo (0/1)"),
        "category_path": (
            "categories (x,y,z...)",
            "category",
            "categories",
            "Catégorie",
            "Catégories (x,y,z...)",
        ),
        "price": ("price tax included", "price (tax incl.)", "final price", "Prix TTC", "Prix (TTC)"),
        "price_net": ("price tax excluded", "price (tax excl.)", "base price", "Prix HT", "Prix (HT)"),
        "cost": ("wholesale price", "Prix d'achat"),
        "gtin": ("ean13", "ean"),
        "brand": ("manufacturer", "brand", "Marque", "Fabricant"),
        "stock": ("quantity", "Quantité"),
        "description": ("short description", "summary", "description"),
        "image_url": ("image urls (x,y,z...)", "image", "URL des images (x,y,z...)"),
        "created_at": ("product creation date", "date added"),
    },
    required=("product_id", "sku", "title", "published", "price|price_net"),
    read=_read_prestashop,
    label="PrestaShop's products export",
)


def _read_bigcommerce(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of variants stand below their product's; rows of rules and pictures are no offers."""
    kind = word(pl.col("kind"))
    is_product, is_variant = kind == "product", kind.is_in(["variant", "sku"])
    products = _below_parent(rows, is_product)
    own = pl.coalesce("product_id", "sku").first().over("block")
    chosen = pl.col("options").str.replace_all(r"\[[A-Z]+\]|[^=,]+=", "")
    is_sold = is_product | is_variant
    read = read_products(
        products.with_columns(
            *[pl.when(is_sold).then(name).alias(name) for name in ("sku", "gtin", "mpn")],
            title=pl.when(is_product).then("title").otherwise(pl.col("title").first().over("block")),
            group_id=pl.when(is_variant.any().over("block")).then(own),
            options=pl.when(is_variant).then(chosen),
            product_id=pl.when(is_product).then("product_id"),
        ),
        between_paths=";",
        between_levels="/",
    )
    return read.with_columns(
        reason=pl.when(is_sold).then("reason").otherwise(pl.lit(RejectReason.NO_OFFER.value))
    )


BIGCOMMERCE_PRODUCTS = Format(
    name="bigcommerce",
    columns={
        "kind": ("item type", "item"),
        "product_id": ("product id", "id"),
        "title": ("product name", "name"),
        "options": ("options", "product name"),
        "sku": ("product code/sku", "sku"),
        "gtin": ("product upc/ean", "gtin", "upc/ean"),
        "mpn": ("manufacturer part number", "mpn"),
        "brand": ("brand name", "brand"),
        "description": ("product description", "description"),
        "price": ("price",),
        "sale_price": ("sale price",),
        "cost": ("cost price",),
        "published": ("product visible?", "is visible"),
        "tracked": ("track inventory", "inventory tracking"),
        "stock": ("current stock level", "stock level", "current stock"),
        "category_path": ("category", "categories", "category string"),
        "image_url": ("product image file - 1", "product image url - 1", "internal image url (export)"),
        "url": ("product url",),
    },
    required=("kind", "product_id", "title", "sku", "published"),
    read=_read_bigcommerce,
    label="BigCommerce's products export",
)


def _read_squarespace(rows: pl.DataFrame) -> pl.DataFrame:
    products = _below_parent(rows, pl.col("product_id").is_not_null() & pl.col("title").is_not_null())
    own = pl.col("product_id").first().over("block")
    options = pl.concat_str("option1", "option2", "option3", separator=" / ", ignore_nulls=True)
    return read_products(
        products.with_columns(
            group_id=pl.when(pl.len().over("block") > 1).then(own),
            product_id=pl.when(pl.len().over("block") == 1).then(own),
            options=pl.when(options != "").then(options),
            url=pl.concat_str(
                pl.lit("/"), pl.coalesce("page", pl.lit("")), pl.lit("/"), "url"
            ).str.replace_all("//+", "/"),
            image_url=first_link(pl.col("image_url")),
            stock=pl.when(word(pl.col("stock")) != "unlimited").then("stock"),
        ),
        between_paths=",",
        between_levels=r"\s*[/>]\s*",
    )


SQUARESPACE_PRODUCTS = Format(
    name="squarespace",
    columns={
        "product_id": ("product id [non editable]", "product id"),
        "variant_id": ("variant id [non editable]", "variant id"),
        "page": ("product page",),
        "url": ("product url",),
        "title": ("title",),
        "description": ("description",),
        "sku": ("sku",),
        "gtin": ("gtin",),
        "mpn": ("mpn",),
        "option1": ("option value 1",),
        "option2": ("option value 2",),
        "option3": ("option value 3",),
        "price": ("price",),
        "sale_price": ("sale price",),
        "on_sale": ("on sale",),
        "stock": ("stock",),
        "category_path": ("categories",),
        "published": ("visible",),
        "image_url": ("hosted image urls",),
    },
    required=("product_id", "variant_id", "title", "sku", "on_sale"),
    read=_read_squarespace,
    label="Squarespace's products export",
)


def _read_wix(rows: pl.DataFrame) -> pl.DataFrame:
    is_parent = word(pl.col("kind")) == "product"
    products = _below_parent(rows, is_parent)
    price = pl.coalesce(
        amount(pl.col("price")) + amount(pl.col("surcharge")).fill_null(0), amount(pl.col("price"))
    )
    off, mode = (
        amount(pl.col("discount").first().over("block")),
        word(pl.col("discount_mode").first().over("block")),
    )
    reduced = (
        pl.when(mode == "percent").then(price * (1 - off / 100)).when(mode == "amount").then(price - off)
    )
    options = pl.concat_str("option1", "option2", "option3", separator=" / ", ignore_nulls=True)
    counted = pl.col("stock").str.contains(r"^-?\d+$")
    return read_products(
        products.with_columns(
            price=price.cast(pl.String),
            sale_price=reduced.round(2).cast(pl.String),
            group_id=pl.when(pl.len().over("block") > 1).then(pl.col("handle")),
            options=pl.when(~is_parent & (options != "")).then(options),
            product_id=pl.when(is_parent)
            .then("handle")
            .otherwise(pl.concat_str("handle", options, separator=" - ")),
            image_url=first_link(pl.col("image_url")),
            availability=pl.when(~counted).then("stock"),
            stock=pl.when(counted).then("stock"),
        ),
        ids=("sku", "product_id"),
        between_paths=";",
    )


WIX_PRODUCTS = Format(
    name="wix",
    columns={
        "handle": ("handleid", "handle"),
        "kind": ("fieldtype",),
        "title": ("name",),
        "description": ("description", "plaindescription"),
        "image_url": ("productimageurl", "media"),
        "category_path": ("collection", "collections", "categories"),
        "sku": ("sku",),
        "gtin": ("barcode",),
        "price": ("price",),
        "surcharge": ("surcharge",),
        "published": ("visible",),
        "discount_mode": ("discountmode",),
        "discount": ("discountvalue",),
        "stock": ("inventory",),
        "cost": ("cost",),
        "brand": ("brand",),
        "option1": ("productoptiondescription1",),
        "option2": ("productoptiondescription2",),
        "option3": ("productoptiondescription3",),
    },
    required=("handle", "kind", "title", "price"),
    read=_read_wix,
    label="Wix's products export",
)


def _read_shopware(rows: pl.DataFrame) -> pl.DataFrame:
    parents = (
        rows.select(
            pl.col("product_id").alias("parent_id"),
            *(pl.col(name).alias(f"{name}_of") for name in FROM_PARENT if name in rows.columns),
        )
        .drop_nulls("parent_id")
        .unique("parent_id")
    )
    joined = rows.join(parents, on="parent_id", how="left", maintain_order="left")
    is_parent = pl.col("product_id").is_in(rows["parent_id"].drop_nulls().implode())
    inherited = [pl.coalesce(name, f"{name}_of").alias(name) for name in FROM_PARENT if name in rows.columns]
    group = pl.coalesce("group_id", "parent_id", pl.when(is_parent).then("product_id"))
    return read_products(joined.with_columns(*inherited, group_id=group), between_paths=r"[|,]")


SHOPWARE_PRODUCTS = Format(
    name="shopware",
    columns={
        "product_id": ("id",),
        "parent_id": ("parent_id", "parent id"),
        "group_id": ("mainnumber",),
        "sku": ("product_number", "productnumber", "ordernumber", "Produktnummer"),
        "published": ("active",),
        "title": ("name", "translations.DEFAULT.name"),
        "description": ("description", "translations.DEFAULT.description", "description_long"),
        "price": ("price_gross", "price.DEFAULT.gross", "price_EK"),
        "cost": ("purchase_prices_net", "purchase_prices.DEFAULT.net", "purchasePrice"),
        "stock": ("stock", "instock"),
        "gtin": ("ean",),
        "mpn": ("manufacturer_number", "suppliernumber"),
        "brand": ("manufacturer_name", "manufacturer.translations.DEFAULT.name", "supplier"),
        "category_path": ("category_names", "categories_names"),
        "image_url": ("cover_url", "cover_media_url", "cover.media.url", "imageurl"),
        "created_at": ("created_at", "release_date"),
    },
    required=("sku", "title", "published", "price", "stock"),
    read=_read_shopware,
    label="Shopware's products export",
)
OTHERS = (PRESTASHOP_PRODUCTS, BIGCOMMERCE_PRODUCTS, SQUARESPACE_PRODUCTS, WIX_PRODUCTS, SHOPWARE_PRODUCTS)
