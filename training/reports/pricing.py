"""The report of prices: elasticities, which discounts earned and which gave margin away."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl

from features.insights.report import Figure, Part, Plot, Table, figure, table
from training.ledger.shop import Shop
from training.ledger.sums import total
from training.pricing.discounts import Discount, break_even, discount
from training.pricing.response import (
    NOTHING_LEARNED,
    Elasticity,
    elasticity,
    shrunk_elasticities,
    spread_between,
    usual_price,
)
from training.pricing.weeks import ProductSales, weekly
from training.reports.affinities import UNKNOWN_LABEL as NO_CATEGORY

MOST_PRICED_PRODUCTS, MOST_SHOWN = 5_000, 200
CANNOT_TELL = "the data cannot tell"
VERDICTS = {"earned": "earned", "gave_away": "gave margin away", "cannot_tell": CANNOT_TELL}
NO_MOVE = "No product's price moved by 3 % or more for three weeks or longer: there is nothing to learn from"
RESPONSE_COLUMNS = ("price_response", "response_low", "response_high")
GAINED_COLUMNS = ("gained", "gained_low", "gained_high")


class Priced(NamedTuple):
    """A product and its elasticity; cost None: unknown. own: by its sales alone; response: shrunk towards its
    category's."""

    sold: ProductSales
    title: str
    category: str
    cost: float | None
    own: Elasticity
    response: Elasticity

    def discount(self) -> Discount | None:
        """What its discounts gained, in units sold and not in orders."""
        weeks = self.sold.weeks._replace(quantity=self.sold.weeks.quantity * self.sold.units)
        return discount(weeks, self.cost, self.response)


def pricing(shop: Shop, currency: str | None) -> Part:
    """Figures, and tables of categories, products, discounts and coupons."""
    if shop.ledger.lines.is_empty():
        return Part(currency)
    products, categories = priced(shop)
    discounts = [(each, own) for each in products if (own := each.discount()) is not None]
    discounts.sort(key=lambda pair: -abs(pair[1].gained))
    tables = [_categories(products, categories), _products(products), _discounts(discounts), _coupons(shop)]
    return Part(currency, _figures(products, [own for _, own in discounts]), tables)


def priced(shop: Shop) -> tuple[list[Priced], dict[str, Elasticity]]:
    """The MOST_PRICED_PRODUCTS of largest revenue, and the elasticity of each category."""
    facts = {
        name: (title or name, category or NO_CATEGORY, cost)
        for name, title, category, cost in shop.catalogue.select(
            "product_id", "title", "category", "cost"
        ).iter_rows()
    }
    sold = [each for _, each in zip(range(MOST_PRICED_PRODUCTS), weekly(shop.ledger.lines), strict=False)]
    facts = {each.item: facts.get(each.item, (each.item, NO_CATEGORY, None)) for each in sold}
    own = {each.item: elasticity(each.weeks) for each in sold}
    responses, categories = shrunk_elasticities(
        own, {item: category for item, (_, category, _) in facts.items()}
    )
    return [
        Priced(each, *facts[each.item], own[each.item], responses[each.item]) for each in sold
    ], categories


def _figures(products: Sequence[Priced], discounts: Sequence[Discount]) -> list[Figure]:
    learned = [each for each in products if each.own is not NOTHING_LEARNED]
    return [
        figure("priced_products", float(len(products))),
        figure("moved_products", float(len(learned)), None if learned else NO_MOVE),
        figure("telling_products", float(sum(each.response.is_conclusive for each in learned))),
        figure("discounts_earned", _sum(discounts, "earned")),
        figure("discounts_gave_away", abs(_sum(discounts, "gave_away"))),
        figure("discounts_unclear", float(sum(each.verdict == "cannot_tell" for each in discounts))),
    ]


def _sum(discounts: Sequence[Discount], verdict: str) -> float:
    return float(sum(each.gained for each in discounts if each.verdict == verdict))


def _response(response: Elasticity) -> list[float]:
    return [response.value, *response.interval]


def _in_words(response: Elasticity) -> str:
    """The effect of a price 10 % lower, in words."""
    if response.interval[0] > 0:
        return "sold more while dearer: something else moved both"
    if not response.is_conclusive:
        return CANNOT_TELL
    middle, *ends = (0.9**value - 1 for value in (response.value, *sorted(response.interval, reverse=True)))
    return f"10 % off: {middle:+.0%} orders ({ends[0]:+.0%} to {ends[1]:+.0%})"


def _categories(products: Sequence[Priced], categories: dict[str, Elasticity]) -> Table:
    rows = []
    for name, response in categories.items():
        own = [each for each in products if each.category == name]
        moved = sum(each.own is not NOTHING_LEARNED for each in own)
        text = _in_words(response) if moved else CANNOT_TELL
        rows.append([name, sum(e.sold.revenue for e in own), len(own), moved, *_response(response), text])
    rows.sort(key=lambda row: -float(row[1]))
    columns = ["category", "revenue", "priced_products", "moved_products", *RESPONSE_COLUMNS, "told"]
    spread = spread_between([each.own for each in products if each.own is not NOTHING_LEARNED])
    text = (
        "Categories lean towards the shop as far as they say little of their own."
        f" Products of one category differ by {spread:.2f} (standard deviation)."
    )
    return table(
        "price_by_category", "Price response by category", columns, rows, _bars(rows, "revenue"), text
    )


def _products(products: Sequence[Priced]) -> Table:
    moved = [each for each in products if each.own is not NOTHING_LEARNED]
    rows = [_product(each) for each in moved[:MOST_SHOWN]]
    columns = ["product", "category", "revenue", "usual_price", "weeks", *RESPONSE_COLUMNS, "told"]
    left = len(products) - len(moved)
    text = (
        f"Those whose price moved, largest revenue first; {left:,} others never did: their category's holds."
    )
    return table("price_by_product", "Price response by product", columns, rows, _bars(rows, "revenue"), text)


def _discounts(discounts: Sequence[tuple[Priced, Discount]]) -> Table:
    rows = [_discount(product, each) for product, each in discounts[:MOST_SHOWN]]
    columns = [
        "product",
        "depth",
        "weeks",
        "price_response",
        "break_even",
        *GAINED_COLUMNS,
        "discount_verdict",
        "why",
    ]
    text = "Weeks in which a product cost 3 % less than usual, or more; against selling at the usual price."
    return table("discounts", "Discounts", columns, rows, _bars(rows, "depth"), text)


def _bars(rows: Sequence[object], column: str) -> Plot | None:
    return Plot("bars", column) if rows else None


def _product(each: Priced) -> list[Any]:
    weeks, money = each.sold.weeks, each.sold.revenue
    facts = each.title, each.category, money, usual_price(weeks), len(weeks.price)
    return [*facts, *_response(each.response), _in_words(each.response)]


def _discount(product: Priced, each: Discount) -> list[Any]:
    facts = product.title, each.depth, each.weeks, product.response.value, _break_even(product, each)
    return [*facts, each.gained, each.low, each.high, VERDICTS[each.verdict], each.text]


def _break_even(product: Priced, each: Discount) -> float | None:
    if product.cost is None:
        return None
    return break_even(usual_price(product.sold.weeks), product.cost, each.depth)


def _coupons(shop: Shop) -> Table:
    """A coupon pays if given / (margin + given) of its orders came because of it."""
    used = shop.ledger.orders.filter(pl.col("given") > 0).with_columns(
        pl.col("coupon").fill_null("without a code")
    )
    by_code = used.group_by("coupon").agg(
        pl.len().alias("orders"),
        pl.col("revenue", "given", "margin", "costed").sum(),
    )
    rows = []
    for code, orders, revenue, given, margin, costed in by_code.sort(
        "given", "coupon", descending=[True, False]
    ).iter_rows():
        left = margin / costed * revenue if costed else None
        needed = given / (left + given) if left is not None and left + given > 0 else None
        rows.append([code, orders, revenue, given, given / (revenue + given), left, needed])
    columns = ["coupon", "orders", "revenue", "given", "depth", "margin_left", "needed_share"]
    text = (
        f"{total(used['given']):,.2f} in all. Whether an order came because of its coupon, history cannot"
        " tell: offers that are drawn can (see the offers' report)."
    )
    return table("coupons", "Coupons and order discounts", columns, rows[:MOST_SHOWN], None, text)
