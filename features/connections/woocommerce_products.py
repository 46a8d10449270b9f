"""WooCommerce's products as our live catalogue; a variation is a product of its own.

https://woocommerce.github.io/woocommerce-rest-api-docs/#product-properties.
"""

from html import unescape

from features.connections.payloads import amount
from features.connections.webhook import Json, Memo, Work
from features.connections.woocommerce_orders import product_name

SHOWN = frozenset({"visible", "catalog", "search"})


def product_work(product: Json, memo: Memo) -> Work:
    """The product as it is now. The parent of variations is none itself: they tell of themselves."""
    kept = {product_memo(product["id"]): {"name": _name(product)}}
    if product.get("type") in {"variable", "grouped"}:
        return Work(memos=kept)
    name, before = _name(product), memo.get("name")
    gone = {str(before): {"retired": True}} if before and before != name else {}
    further = {str(product[key]): name for key in ("id", "slug") if product.get(key)}
    return Work(products={name: _fields(product)} | gone, names=further, memos=kept)


def deleted_work(memo: Memo) -> Work:
    """A product in the trash is retired; nothing of one that we have not met."""
    return Work(products={str(memo["name"]): {"retired": True}}) if memo else Work()


def product_memo(product_id: object) -> str:
    """What is kept of a product: its name here."""
    return f"product:{product_id}"


def _name(product: Json) -> str:
    return product_name({"sku": product.get("sku"), "product_id": product["id"]})


def _fields(product: Json) -> Json:
    images, categories = product.get("images") or (), product.get("categories") or ()
    fields = {
        "title": unescape(str(product["name"])),
        "price": amount(product["price"]) if product.get("price") else None,
        "url": product.get("permalink"),
        "image_url": next((each["src"] for each in images if each.get("src")), None),
        "category": next((unescape(each["name"]) for each in categories if each.get("name")), None),
        "brand": next((unescape(each["name"]) for each in product.get("brands") or ()), None),
    }
    told: Json = {name: value for name, value in fields.items() if value not in (None, "")}
    hidden = product.get("catalog_visibility", "visible") not in SHOWN
    told["retired"] = product.get("status", "publish") != "publish" or hidden
    return told | _stock(product)


def _stock(product: Json) -> Json:
    """What can be ordered though there is none is not counted."""
    counted = product.get("manage_stock") is True and product.get("backorders", "no") == "no"
    if counted and product.get("stock_quantity") is not None:
        return {"stock": max(amount(product["stock_quantity"]), 0.0)}
    return {"stock": None, "available": product.get("stock_status", "instock") != "outofstock"}
