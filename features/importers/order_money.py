"""What a customer paid for the goods of an order, out of all the money that its export states.

Tax, postage, tips and gift cards are not goods; docs/figures.md has the rules.
"""

import polars as pl

CENT = 0.01
ORDER = "part"
YES = ("true", "yes", "1", "y", "included", "t")


def with_goods_money(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds `discount` on the first line (of the goods alone), `refunded_so_far` (goods), `all_refunded`, and
    `paid_price` of a piece after all discounts; sets `unit_price`, less the line's own discount.

    rows: with numbers as Float64, the order's on each of its rows, `is_first` and `part`.
    """
    line = rows.with_columns(unit_price=_unit_price())
    goods = (pl.col("quantity") * pl.col("unit_price")).sum().over(ORDER)
    money = line.with_columns(goods=goods).with_columns(off=_goods_discount())
    money = money.with_columns(on_top=_is_tax_on_top())
    paid = pl.col("goods") - pl.col("off")
    return money.with_columns(
        discount=pl.when("is_first").then("off"),
        refunded_so_far=_refunded_goods(paid),
        all_refunded=(pl.col("refunded") > 0) & (pl.col("refunded") >= pl.coalesce("total", paid) - CENT / 2),
        paid_price=pl.col("unit_price")
        * pl.when(pl.col("goods") > 0).then(paid / pl.col("goods")).otherwise(1.0),
    ).drop("goods", "off", "on_top")


def _unit_price() -> pl.Expr:
    """The line's price, or what the line cost in all over its quantity; less the line's own discount."""
    pieces = pl.when(pl.col("quantity") != 0).then(pl.col("quantity"))
    less = pl.col("unit_price") - pl.col("line_discount").abs().fill_null(0.0) / pieces
    return pl.coalesce(less, "unit_price", pl.col("line_total") / pieces)


def _goods_discount() -> pl.Expr:
    """What of the order's discount is off its goods: all but what is off the postage.

    The stated subtotal of the goods decides, else the reading of the discount with which the total comes out.
    """
    stated, postage_off = (
        pl.col("discount").abs().fill_null(0.0),
        pl.col("shipping_discount").abs().fill_null(0.0),
    )
    known = pl.col("subtotal").is_not_null() & pl.col("goods").is_not_null()
    by_subtotal = pl.col("goods") - pl.col("subtotal")
    fits = known & by_subtotal.is_between(-CENT, stated + CENT)
    of_both = pl.when(postage_off > 0).then((stated - postage_off).clip(0))
    readings = [of_both, stated, pl.when(pl.col("shipping").is_not_null()).then(0.0)]
    by_total = [pl.when(_comes_out(each)).then(each) for each in readings]
    off = pl.coalesce(pl.when(fits).then(by_subtotal), *by_total, stated)
    return pl.min_horizontal(off, pl.col("goods")).clip(0).round(6)


def _comes_out(off: pl.Expr) -> pl.Expr:
    """Whether goods less this discount make the total, with tax in the prices or on top."""
    without_tax = pl.col("goods") - off + _postage() + pl.col("tip").fill_null(0.0)
    return _is_total(without_tax) | _is_total(without_tax + pl.col("tax").fill_null(0.0))


def _is_total(money: pl.Expr) -> pl.Expr:
    """A total may be less what was paid with a gift card, which is no discount."""
    with_card = pl.col("total") + pl.col("gift_card").abs().fill_null(0.0)
    net_postage = money - pl.col("shipping_discount").abs().fill_null(0.0)
    return pl.any_horizontal(
        (each - total).abs() < CENT for each in (money, net_postage) for total in (pl.col("total"), with_card)
    ).fill_null(value=False)


def _postage() -> pl.Expr:
    return pl.col("shipping").fill_null(0.0)


def _is_tax_on_top() -> pl.Expr:
    """Whether the tax is not in the prices: as stated, else as the total says."""
    stated = pl.col("taxes_included").str.to_lowercase().is_in(YES)
    tax, before = (
        pl.col("tax").fill_null(0.0),
        pl.col("goods") - pl.col("off") + _postage() + pl.col("tip").fill_null(0.0),
    )
    summed = (tax > 0) & _is_total(before + tax) & ~_is_total(before)
    return pl.coalesce(~stated, summed, pl.lit(value=False))


def _refunded_goods(paid: pl.Expr) -> pl.Expr:
    """The goods' part of all that went back: 0 of postage alone, without tax where that is on top."""
    refunded = pl.col("refunded").abs().fill_null(0.0)
    tax = pl.col("tax").fill_null(0.0)
    rate = pl.when("on_top").then(tax / (paid + _postage())).otherwise(0.0)
    is_postage = (_postage() > 0) & pl.any_horizontal(
        (refunded - each).abs() < CENT / 2 for each in (_postage(), (_postage() * (1 + rate)).round(2))
    )
    taxed = paid + tax
    share = pl.when(pl.col("on_top") & (taxed > 0)).then(paid / taxed).otherwise(1.0)
    return (
        pl.when(is_postage).then(0.0).otherwise(pl.min_horizontal(refunded * share, paid.fill_null(refunded)))
    )
