"""What customers of each channel cost and bring."""

from typing import Any

import polars as pl

from features.insights.definitions import MIN_LTV_TO_CAC
from features.insights.period_figures import NO_COSTS
from features.insights.report import Figure, Part, Plot, figure, table
from training.ledger.shop import Shop
from training.ledger.sums import over, total

COSTED_ENOUGH = 0.9  # share of revenue with known costs that LTV:CAC needs to count margin
CHANNEL_COLUMNS = (
    "channel",
    "customers",
    "revenue",
    "ltv",
    "ltv_predicted_365d",
    "repeat_rate",
    "new_customers",
    "spend",
    "cac",
    "ltv_to_cac",
    "ltv_to_cac_predicted",
    "verdict",
)


def channels(shop: Shop, currency: str | None) -> Part:
    """CAC, LTV and their ratio, channel by channel and for the shop."""
    if shop.customers.is_empty() and shop.costs.is_empty():
        return Part(currency)
    costs = costs_in(shop, currency)
    by_channel = _by_channel(shop, costs)
    share = contribution(shop)
    rows = [_row(each, share or 1.0, shop.forecast) for each in by_channel.iter_rows(named=True)]
    shown = [[row[name] for name in CHANNEL_COLUMNS] for row in rows]
    basis = (
        f"LTV:CAC counts a margin of {share:.0%}."
        if share
        else "LTV:CAC counts revenue: costs are not known."
    )
    text = f"{basis} A channel pays from {MIN_LTV_TO_CAC:g}:1." if len(costs) else NO_COSTS
    drawn = table(
        "channels",
        "Channels",
        CHANNEL_COLUMNS,
        shown,
        Plot("bars", "ltv_to_cac" if len(costs) else "ltv"),
        text,
    )
    return Part(currency, _figures(by_channel, costs, share or 1.0, shop.forecast), [drawn])


def costs_in(shop: Shop, currency: str | None) -> pl.DataFrame:
    """What was spent in a currency; all of it where orders have none."""
    if currency is None:
        return shop.costs
    return shop.costs.filter(pl.col("currency").is_in(["", currency]))


def is_won(costs: pl.DataFrame) -> pl.Expr:
    """Whether a customer's `first` order lies in the months with spending."""
    months = costs["date"].dt.truncate("1mo")
    month = pl.col("first").dt.date().dt.truncate("1mo")
    return month.is_between(pl.lit(months.min(), pl.Date), pl.lit(months.max(), pl.Date)).fill_null(
        value=False
    )


def contribution(shop: Shop) -> float | None:
    """The margin as a share of revenue; None where costs of too little revenue are known."""
    orders = shop.ledger.orders
    costed, revenue = total(orders["costed"]), total(orders["revenue"])
    enough = revenue > 0 and costed / revenue >= COSTED_ENOUGH
    return over(total(orders["margin"]), costed) if enough else None


def _by_channel(shop: Shop, costs: pl.DataFrame) -> pl.DataFrame:
    """A row a channel: customers, revenue, ltv, ltv_predicted_365d, repeat_rate; and of the months with
    spending new_customers, won (their revenue so far), coming (their predicted revenue), spend."""
    customers = (
        shop.customers
        if shop.forecast
        else shop.customers.with_columns(predicted_365d=pl.lit(None, pl.Float64))
    )
    won = is_won(costs)
    customer_figures = customers.group_by(pl.col("channel").str.to_lowercase().alias("key")).agg(
        pl.col("channel").mode().sort().first(),
        pl.len().alias("customers"),
        pl.col("revenue").sum(),
        pl.col("revenue").mean().alias("ltv"),
        pl.col("predicted_365d").mean().alias("ltv_predicted_365d"),
        (pl.col("orders") > 1).mean().alias("repeat_rate"),
        won.sum().alias("new_customers"),
        pl.col("revenue").filter(won).sum().alias("won"),
        pl.col("predicted_365d").filter(won).sum().alias("coming"),
    )
    spent = costs.group_by(pl.col("channel").str.to_lowercase().alias("key")).agg(
        pl.col("spend").sum(), pl.col("channel").first().alias("paid")
    )
    both = customer_figures.join(spent, on="key", how="full", coalesce=True)
    counts = pl.col("customers", "new_customers").fill_null(0)
    filled = both.with_columns(
        counts, pl.coalesce("channel", "paid"), pl.col("revenue", "won", "coming").fill_null(0.0)
    )
    return filled.sort("customers", "channel", descending=[True, False])


def _row(each: dict[str, Any], share: float, forecast: bool) -> dict[str, Any]:
    spend, new = each["spend"], each["new_customers"]
    cac = over(spend, new) if spend is not None else None
    ratio = over(each["won"] * share, spend) if spend else None
    later = over((each["won"] + each["coming"]) * share, spend) if spend and forecast else None
    row = each | {"cac": cac, "ltv_to_cac": ratio, "ltv_to_cac_predicted": later}
    return row | {
        "verdict": channel_verdict(ratio, spend),
        "new_customers": new if spend is not None else None,
    }


def channel_verdict(ratio: float | None, spend: float | None) -> str | None:
    """Whether a channel pays, in one word; None without known spending."""
    if spend is None:
        return None
    if ratio is None:
        return "free"
    return "pays" if ratio >= MIN_LTV_TO_CAC else "loses" if ratio < 1 else "thin"


def _figures(by_channel: pl.DataFrame, costs: pl.DataFrame, share: float, forecast: bool) -> list[Figure]:
    """Of all channels together: new customers of the months with spending, over all that was spent."""
    spend, new = total(costs["spend"]), int(by_channel["new_customers"].sum())
    won, coming = total(by_channel["won"]), total(by_channel["coming"])
    note = None if len(costs) else NO_COSTS
    return [
        figure("spend", spend if len(costs) else None, note),
        figure("cac", over(spend, new) if len(costs) else None, note),
        figure("ltv_to_cac", over(won * share, spend), note),
        figure("ltv_to_cac_predicted", over((won + coming) * share, spend) if forecast else None, note),
    ]
