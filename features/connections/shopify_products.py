"""Shopify's products and stock as our live catalogue: a variant is a product, named as the importer names it.

Payloads: https://shopify.dev/docs/api/admin-rest/latest/resources/product and .../inventorylevel.
"""

from typing import Any

from features.connections.shopify_lines import product_name
from features.connections.webhook import Json, Memo, Work

GIFT_CARDS = frozenset({"gift card", "gift cards"})


def product_work(product: Json, memo: Memo) -> Work:
    """Its variants as they are now; those that it had before and has no more are retired."""
    variants = {_name(product, variant): variant for variant in product["variants"]}
    gone = {name: {"retired": True} for name in memo.get("variants", ()) if name not in variants}
    products = {name: _fields(product, variant) for name, variant in variants.items()}
    further = {str(variant["id"]): name for name, variant in variants.items()}
    first = next(iter(variants), None)
    if first is not None:
        further |= {str(product[key]): first for key in ("id", "handle") if product.get(key)}
    stocks = {
        stock_memo(variant["inventory_item_id"]): {"product": name}
        for name, variant in variants.items()
        if variant.get("inventory_item_id") and _is_counted(variant)
    }
    names = {"variants": [*variants]}
    return Work(products=products | gone, names=further, memos={product_memo(product["id"]): names, **stocks})


def deleted_work(memo: Memo) -> Work:
    """A product that is gone: all its variants are retired."""
    return Work(products={name: {"retired": True} for name in memo.get("variants", ())})


def stock_work(level: Json, memo: Memo) -> Work:
    """The stock of all places that have told of theirs; of a product that its own webhook has told of."""
    levels = memo.get("levels", {}) | {str(level["location_id"]): float(level.get("available") or 0)}
    kept = {stock_memo(level["inventory_item_id"]): {"levels": levels}}
    if "product" not in memo:
        return Work(memos=kept)
    return Work(products={memo["product"]: {"stock": max(sum(levels.values()), 0.0)}}, memos=kept)


def product_memo(product_id: Any) -> str:
    """What is kept of a product: the names of its variants."""
    return f"product:{product_id}"


def stock_memo(inventory_item_id: Any) -> str:
    """What is kept of a variant's stock: its product, and `levels`, what each place said."""
    return f"stock:{inventory_item_id}"


def _name(product: Json, variant: Json) -> str:
    title, option = product["title"], variant.get("title")
    return product_name({"sku": variant.get("sku"), "title": title, "variant_title": option})


def _fields(product: Json, variant: Json) -> Json:
    option = variant.get("title")
    title = product["title"] if option in (None, "Default Title") else f"{product['title']} - {option}"
    pictures = {each["id"]: each["src"] for each in product.get("images") or ()}
    image = pictures.get(variant.get("image_id")) or (product.get("image") or {}).get("src")
    fields = {
        "title": title,
        "price": float(variant["price"]) if variant.get("price") else None,
        "url": f"/products/{product['handle']}" if product.get("handle") else None,
        "image_url": image,
        "brand": product.get("vendor"),
        "category": product.get("product_type"),
    }
    told: Json = {name: value for name, value in fields.items() if value not in (None, "")}
    told["retired"] = (product.get("status") or "active") != "active"
    if str(product.get("product_type")).lower() in GIFT_CARDS:
        told["is_product"] = False
    return told | _stock(variant)


def _stock(variant: Json) -> Json:
    if not _is_counted(variant):
        return {"stock": None, "available": True}
    return {"stock": max(float(variant.get("inventory_quantity") or 0), 0.0)}


def _is_counted(variant: Json) -> bool:
    """Whether it can be sold out: Shopify counts it, and sells no more than there are."""
    return bool(variant.get("inventory_management")) and variant.get("inventory_policy") != "continue"
