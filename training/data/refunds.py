"""Order lines net of refunds: pieces that came back off the quantity, all other money off the price."""

import polars as pl

from features.events.vocabulary import came_back, is_fully_refunded

LINE = ["order", "item"]


def net_of_refunds(log: pl.DataFrame, discount_shares: pl.DataFrame) -> pl.DataFrame:
    """A row for each order and product that was not fully returned, oldest first.

    log: columns type, order, item, customer, timestamp, quantity and unit_price; the result has all but type.
    discount_shares: order and off, the share of its goods that a discount took off. Adds `returned`, the
    pieces that came back, and `left`, the share of the order's money that is left after all other money that
    went back (1 without any). Cancelled orders and orders refunded in full are left out. An order of which
    everything came back, but not all of the money, keeps its lines for the rest.
    """
    returns = log.filter(pl.col("type").is_in(["refund", "cancel"]), pl.col("order").is_not_null())
    if returns.is_empty():
        return _bought(log).with_columns(returned=pl.lit(None, pl.Float64), left=1.0).sort("timestamp", *LINE)
    named = pl.col("item").is_not_null()
    of_sum = (pl.col("type") == "refund") & pl.col("unit_price").is_not_null()
    cancelled = returns.filter(~named, ~of_sum).select("order").unique()
    bought = _bought(log).join(cancelled, on="order", how="anti")
    back = _pieces(returns.filter(named), bought, discount_shares)
    given = pl.concat(
        [
            returns.filter(~named, of_sum).select("order", given_back=_amount().cast(pl.Float64)),
            back.select("order", given_back=-pl.col("kept_money")),
        ]
    )
    given = given.group_by("order").agg(pl.col("given_back").sum()).filter(pl.col("given_back").abs() > 1e-6)
    lines = bought.join(back.drop("kept_money"), on=LINE, how="left").with_columns(
        quantity=pl.col("quantity") - pl.col("returned").fill_null(0)
    )
    return _less_given(lines, given, discount_shares).sort("timestamp", *LINE)


def _amount() -> pl.Expr:
    return pl.col("quantity") * pl.col("unit_price")


def _pieces(returns: pl.DataFrame, bought: pl.DataFrame, discount_shares: pl.DataFrame) -> pl.DataFrame:
    """order, item, returned (pieces that came back) and kept_money: what of their price the shop kept, less
    what it gave back of the price of pieces that stayed; 0 where no price is known."""
    paid = pl.col("unit_price") * (1 - pl.col("off").fill_null(0))
    lines = (
        bought.join(returns.select(LINE).unique(), on=LINE, how="semi")
        .join(discount_shares, on="order", how="left")
        .select(*LINE, bought="quantity", paid=paid.cast(pl.Float64))
    )
    given = pl.min_horizontal(pl.coalesce("unit_price", "paid"), "paid")
    whole = came_back(pl.col("unit_price"), pl.col("paid")).fill_null(value=True)
    summed = (
        returns.join(lines, on=LINE)
        .group_by(LINE)
        .agg(
            returned=pl.col("quantity").filter(whole).sum(),
            money=(pl.col("quantity") * given).sum(),
            bought=pl.col("bought").first(),
            paid=pl.col("paid").first(),
        )
        .with_columns(returned=pl.min_horizontal("returned", "bought"))
    )
    money = pl.min_horizontal("money", pl.col("bought") * pl.col("paid"))
    kept = (pl.col("returned") * pl.col("paid") - money).fill_null(0.0)
    return summed.select(*LINE, "returned", kept_money=kept)


def _less_given(lines: pl.DataFrame, given: pl.DataFrame, discount_shares: pl.DataFrame) -> pl.DataFrame:
    """Adds `left`, and drops what came back. given: order and given_back, negative where the shop kept money
    of pieces that came back. Lines of these orders without a price get their product's mean price."""
    kept = pl.col("quantity") > 0
    untouched = lines.filter(kept).join(given, on="order", how="anti").with_columns(left=1.0)
    if given.is_empty():
        return untouched
    mean_price = lines.group_by("item").agg(pl.col("unit_price").mean().alias("usual"))
    pieces, given_back, paid = pl.col("pieces"), pl.col("given_back"), pl.col("paid")
    priced = (
        lines.join(given, on="order")
        .join(mean_price, on="item")
        .join(discount_shares, on="order", how="left")
        .with_columns(pl.coalesce("unit_price", "usual").alias("unit_price"))
        .with_columns(empty=(pl.col("quantity") <= 0).all().over("order"))
        .with_columns(pieces=pl.when("empty").then(pl.col("returned")).otherwise("quantity"))
    )
    whole = (pieces * pl.col("unit_price") * (1 - pl.col("off").fill_null(0))).sum().over("order")
    touched = (
        priced.with_columns(paid=whole, quantity=pieces)
        .with_columns(given_back=given_back + pl.when("empty").then(paid).otherwise(0.0))
        .filter(pieces > 0, (paid <= 0) | ~is_fully_refunded(given_back, paid))
        .with_columns(left=pl.when(paid > 0).then(1 - given_back / paid).otherwise(1.0))
    )
    return pl.concat([untouched, touched.select(untouched.columns)], how="vertical_relaxed")


def _bought(log: pl.DataFrame) -> pl.DataFrame:
    """A row for each order and product. Only repeated ones are grouped, as they are few."""
    figures = ("customer", "timestamp", "quantity", "unit_price")
    lines = log.filter(pl.col("type") == "purchase", pl.col("item").is_not_null()).select(*LINE, *figures)
    quantity, price = pl.col("quantity"), pl.col("unit_price")
    is_single = ~lines.select(LINE).is_duplicated()
    merged = (
        lines.filter(~is_single)
        .group_by(LINE)
        .agg(
            pl.col("customer").max(),
            pl.col("timestamp").min(),
            quantity.sum(),
            pl.when(price.count() > 0).then(_amount().sum() / quantity.sum()).alias("unit_price"),
        )
    )
    return pl.concat([lines.filter(is_single), merged])
