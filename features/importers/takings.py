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
    key = ["order_id", "product_id"]
    bought = counted.filter(pl.col("type") == "purchase")
    prices = bought.group_by(key).agg(paid=pl.col("unit_price").mean())
    money = pl.col("quantity") * pl.coalesce("unit_price", "paid")
    is_refund = pl.col("type") == "refund"
    sums = (
        counted.join(prices, on=key, how="left")
        .group_by(pl.col("currency").fill_null("").str.to_uppercase())
        .agg(
            sold=money.filter(~is_refund).sum().fill_null(0.0),
            discounts=pl.col("discount").filter(~is_refund).sum().fill_null(0.0),
            refunded=money.filter(is_refund).sum().fill_null(0.0),
        )
        .sort("sold", descending=True)
    )
    return {currency: Takings(*(round(each, 2) for each in row)) for currency, *row in sums.iter_rows()}
