"""How sales answered prices, which discounts earned and which gave margin away, as far as history tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl

from features.insights.report import Figure, Part, Plot, Table, figure, table
from training.ledger.shop import Shop
from training.ledger.sums import total
from training.pricing.discounts import Discount, break_even, discount
from training.pricing.response import UNKNOWN, Elasticity, elasticity, shrunk, spread_between, usual_price
from training.pricing.weeks import Sold, weekly
from training.reports.affinities import UNKNOWN as NO_CATEGORY

MOST_PRODUCTS, SHOWN = 5_000, 200
CANNOT_TELL = "the data cannot tell"
VERDICTS = {"earned": "earned", "gave_away": "gave margin away", "cannot_tell": CANNOT_TELL}
NO_MOVE = "No product's price moved by 3 % or more for three weeks or longer: there is nothing to learn from"
RESPONSE = ("price_response", "response_low", "response_high")
GAINED = ("gained", "gained_low", "gained_high")


class Priced(NamedTuple):
    """A product with what is known of it; cost None: unknown. answer: its own, pulled to its category's."""

    sold: Sold
    title: str
    category: str
    cost: float | None
    own: Elasticity
    answer: Elasticity

    def discount(self) -> Discount | None:
        """Of money and not of orders."""
        weeks = self.sold.weeks._replace(quantity=self.sold.weeks.quantity * self.sold.units)
        return discount(weeks, self.cost, self.answer)


def pricing(shop: Shop, currency: str | None) -> Part:
    """Figures, categories, products, discounts, coupons."""
    if shop.ledger.lines.is_empty():
        return Part(currency)
    products, categories = priced(shop)
    found = [(each, told) for each in products if (told := each.discount()) is not None]
    found.sort(key=lambda pair: -abs(pair[1].gained))
    tables = [_categories(products, categories), _products(products), _discounts(found), _coupons(shop)]
    return Part(currency, _figures(products, [told for _, told in found]), tables)


def priced(shop: Shop) -> tuple[list[Priced], dict[str, Elasticity]]:
    """The MOST_PRODUCTS of largest revenue, and what was learned of each category."""
    known = {
        name: (title or name, category or NO_CATEGORY, cost)
        for name, title, category, cost in shop.catalogue.select(
            "product_id", "title", "category", "cost"
        ).iter_rows()
    }
    sold = [each for _, each in zip(range(MOST_PRODUCTS), weekly(shop.ledger.lines), strict=False)]
    told = {each.item: known.get(each.item, (each.item, NO_CATEGORY, None)) for each in sold}
    own = {each.item: elasticity(each.weeks) for each in sold}
    answers, categories = shrunk(own, {item: category for item, (_, category, _) in told.items()})
    return [Priced(each, *told[each.item], own[each.item], answers[each.item]) for each in sold], categories


def _figures(products: Sequence[Priced], discounts: Sequence[Discount]) -> list[Figure]:
    learned = [each for each in products if each.own is not UNKNOWN]
    return [
        figure("priced_products", float(len(products))),
        figure("moved_products", float(len(learned)), None if learned else NO_MOVE),
        figure("telling_products", float(sum(each.answer.tells for each in learned))),
        figure("discounts_earned", _sum(discounts, "earned")),
        figure("discounts_gave_away", abs(_sum(discounts, "gave_away"))),
        figure("discounts_unclear", float(sum(each.verdict == "cannot_tell" for each in discounts))),
    ]


def _sum(discounts: Sequence[Discount], verdict: str) -> float:
    return float(sum(each.gained for each in discounts if each.verdict == verdict))


def _response(answer: Elasticity) -> list[float]:
    return [answer.value, *answer.interval]


def _told(answer: Elasticity) -> str:
    """In words what a price 10 % lower does."""
    if answer.interval[0] > 0:
        return "sold more while dearer: something else moved both"
    if not answer.tells:
        return CANNOT_TELL
    middle, *ends = (0.9**value - 1 for value in (answer.value, *sorted(answer.interval, reverse=True)))
    return f"10 % off: {middle:+.0%} orders ({ends[0]:+.0%} to {ends[1]:+.0%})"


def _categories(products: Sequence[Priced], categories: dict[str, Elasticity]) -> Table:
    rows = []
    for name, answer in categories.items():
        own = [each for each in products if each.category == name]
        moved = sum(each.own is not UNKNOWN for each in own)
        text = _told(answer) if moved else CANNOT_TELL
        rows.append([name, sum(e.sold.revenue for e in own), len(own), moved, *_response(answer), text])
    rows.sort(key=lambda row: -float(row[1]))
    columns = ["category", "revenue", "priced_products", "moved_products", *RESPONSE, "told"]
    spread = spread_between([each.own for each in products if each.own is not UNKNOWN])
    text = (
        "Categories lean towards the shop as far as they say little of their own."
        f" Products of one category differ by {spread:.2f} (standard deviation)."
    )
    return table(
        "price_by_category", "Price response by category", columns, rows, _bars(rows, "revenue"), text
    )


def _products(products: Sequence[Priced]) -> Table:
    moved = [each for each in products if each.own is not UNKNOWN]
    rows = [_product(each) for each in moved[:SHOWN]]
    columns = ["product", "category", "revenue", "usual_price", "weeks", *RESPONSE, "told"]
    left = len(products) - len(moved)
    text = (
        f"Those whose price moved, largest revenue first; {left:,} others never did: their category's holds."
    )
    return table("price_by_product", "Price response by product", columns, rows, _bars(rows, "revenue"), text)


def _discounts(found: Sequence[tuple[Priced, Discount]]) -> Table:
    rows = [_discount(each, told) for each, told in found[:SHOWN]]
    columns = [
        "product",
        "depth",
        "weeks",
        "price_response",
        "break_even",
        *GAINED,
        "discount_verdict",
        "why",
    ]
    text = "Weeks in which a product cost 3 % less than usual, or more; against selling at the usual price."
    return table("discounts", "Discounts", columns, rows, _bars(rows, "depth"), text)


def _bars(rows: Sequence[object], column: str) -> Plot | None:
    return Plot("bars", column) if rows else None


def _product(each: Priced) -> list[Any]:
    weeks, money = each.sold.weeks, each.sold.revenue
    known = each.title, each.category, money, usual_price(weeks), len(weeks.price)
    return [*known, *_response(each.answer), _told(each.answer)]


def _discount(each: Priced, told: Discount) -> list[Any]:
    known = each.title, told.depth, told.weeks, each.answer.value, _even(each, told)
    return [*known, told.gained, told.low, told.high, VERDICTS[told.verdict], told.text]


def _even(each: Priced, told: Discount) -> float | None:
    return None if each.cost is None else break_even(usual_price(each.sold.weeks), each.cost, told.depth)


def _coupons(shop: Shop) -> Table:
    """given / (margin + given) of the orders must have come because of it."""
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
    return table("coupons", "Coupons and order discounts", columns, rows[:SHOWN], None, text)
