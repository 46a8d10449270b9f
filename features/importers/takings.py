"""The money of an import, as a shop's own report would state it."""

from typing import NamedTuple

import polars as pl


class Takings(NamedTuple):
    """Money of one currency: `sold` at the lines' prices, of which `discounts` and `refunded` come off."""

    sold: float
    discounts: float
    refunded: float

    @property
    def revenue(self) -> float:
        return round(self.sold - self.discounts - self.refunded, 2)


def takings(lines: pl.DataFrame, non_products: pl.Series) -> dict[str, Takings]:
    """Currency ("" where none is given) -> money of lines with values; the largest first.

    A refund without a price counts what its order's line cost. Postage, fees and vouchers are left out.
    """
    goods = ~pl.col("product_id").is_in(non_products.implode()).fill_null(value=False)
    needed = lines.select("type", "order_id", "product_id", "quantity", "unit_price", "discount", "currency")
    counted = needed.filter(goods, pl.col("type").is_in(["purchase", "refund"]))
    counted = _priced(counted) if counted["unit_price"].has_nulls() else counted
    money = pl.col("quantity") * pl.col("unit_price")
    is_refund = pl.col("type") == "refund"
    sums = (
        counted.group_by(pl.col("currency").fill_null("").str.to_uppercase())
        .agg(
            sold=money.filter(~is_refund).sum().fill_null(0.0),
            discounts=pl.col("discount").filter(~is_refund).sum().fill_null(0.0),
            refunded=money.filter(is_refund).sum().fill_null(0.0),
        )
        .sort("sold", descending=True)
    )
    return {currency: Takings(*(round(each, 2) for each in row)) for currency, *row in sums.iter_rows()}


def _priced(lines: pl.DataFrame) -> pl.DataFrame:
    """A line without a price has the mean one of its product in its order."""
    key = ["order_id", "product_id"]
    bought = lines.filter(pl.col("type") == "purchase")
    prices = bought.group_by(key).agg(paid=pl.col("unit_price").mean())
    return lines.join(prices, on=key, how="left").with_columns(unit_price=pl.coalesce("unit_price", "paid"))
