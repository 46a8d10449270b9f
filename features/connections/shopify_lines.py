"""What Shopify's orders, refunds, products and carts share: facts of an order, names of products, amounts."""

from typing import Any, NamedTuple

from features.connections.webhook import Json, Memo

CENT = 0.01


class OrderFacts(NamedTuple):
    """What an order's refunds need to know of it. share: the goods' part of money with tax on top, 1 where
    none is; customer: Shopify's id."""

    number: str
    currency: str | None
    share: float
    customer: str | None

    def memo(self) -> Memo:
        return self._asdict()


def product_name(line: Json) -> str:
    """What the importer calls the product of a line: its SKU, else its title with that of the variant."""
    title = line.get("name") or _joined(line.get("title"), line.get("variant_title"))
    return str(line.get("sku") or "").strip() or str(title).strip()


def _joined(title: Any, variant: Any) -> str:
    return " - ".join(str(each) for each in (title, variant) if each and each != "Default Title")


def is_goods(line: Json) -> bool:
    """Tips and gift cards are no goods."""
    return not line.get("gift_card") and not line.get("tip") and not line.get("tip_payment_method")
