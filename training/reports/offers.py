"""The report of offers: what was offered, what was taken, and what it earned."""

from datetime import date

import polars as pl

from features.home import Home
from features.insights.report import Figure, Part, Report, Table, figure, table
from recommender.offers.catalogue import NO_OFFER
from training.ledger.sums import total
from training.offers.log import WINDOW_DAYS, DecisionOutcomes, read_decisions
from training.offers.off_policy import advantage, refusal
from training.offers.replay import PolicyReplay, ReplayResult
from training.reports.policy import NOTHING_YET, with_margin_told

OFFERS_TITLE = "Offers"
NO_DECISIONS = "No offer was decided yet: set offers with PUT /v1/offers/catalogue, ask with POST /v1/offers."
UNCLEAR = "Too few decisions tell what offers earned above none"
NO_OFFER_LABEL = "no offer"


def offers_report(home: Home, outcomes: DecisionOutcomes | None, as_of: date, currency: str | None) -> Report:
    """outcomes: of the decisions whose window is over; None without any."""
    decided = read_decisions(home)
    if decided is None or decided.is_empty():
        return Report("offers", OFFERS_TITLE, as_of.isoformat(), [Part(currency)], [NO_DECISIONS])
    notes = [] if outcomes is not None else [NOTHING_YET]
    tables = [_by_offer(decided, outcomes), _by_month(decided), _by_reason(decided)]
    parts = [Part(currency, _figures(decided, outcomes), tables)]
    report = Report("offers", OFFERS_TITLE, as_of.isoformat(), parts, notes)
    return with_margin_told(report, outcomes)


def _explored() -> pl.Expr:
    """Whether the draw took another arm than the likeliest one."""
    return pl.col("propensity") < pl.col("chances").list.max()


def _figures(decided: pl.DataFrame, outcomes: DecisionOutcomes | None) -> list[Figure]:
    given = total(decided["offer_id"] != NO_OFFER) / len(decided)
    explored = float(decided.select(_explored().mean()).item())
    figures = [
        figure("decisions", float(len(decided))),
        figure("offers_given", given),
        figure("explored", explored),
    ]
    return figures if outcomes is None else [*figures, *_earned(outcomes)]


def _earned(outcomes: DecisionOutcomes) -> list[Figure]:
    """What all finished decisions earned, compared with no offer for anybody."""
    replay = PolicyReplay(outcomes)
    none: ReplayResult = replay.for_all(NO_OFFER)
    if refusal(none.log) is not None:
        return [figure("offers_earned", None, UNCLEAR)]
    brought = [
        each * len(outcomes.responses.arm) for each in advantage(replay.logging_policy().log, none.log)
    ]
    names = ("offers_earned", "offers_earned_low", "offers_earned_high")
    return [figure(name, each) for name, each in zip(names, brought, strict=True)]


def _by_offer(decided: pl.DataFrame, outcomes: DecisionOutcomes | None) -> Table:
    """orders, margin: of the finished decisions; null without any."""
    each = decided.group_by("offer_id").agg(
        pl.len().alias("decisions"),
        (pl.len() / len(decided)).alias("share"),
        pl.col("propensity").min().alias("least"),
        pl.col("propensity").mean().alias("mean"),
        _explored().mean().alias("explored"),
    )
    results = _results_by_offer(outcomes)
    rows = each.join(results, on="offer_id", how="left").sort(
        "decisions", "offer_id", descending=[True, False]
    )
    columns = [
        "offer",
        "decisions",
        "share",
        "mean_propensity",
        "least_propensity",
        "explored",
        "finished",
        "taken",
        "margin_a_decision",
        "given",
    ]
    names = ["decisions", "share", "mean", "least", "explored", "finished", "taken", "margin", "given"]
    shown = (
        rows.with_columns(pl.col("offer_id").replace(NO_OFFER, NO_OFFER_LABEL))
        .select("offer_id", *names)
        .rows()
    )
    text = (
        f"Taken: orders within {WINDOW_DAYS} days. Customers of different offers differ: what an offer itself"
        " brought is told by the policies."
    )
    return table("by_offer", "What was offered, taken, earned", columns, shown, None, text)


def _results_by_offer(outcomes: DecisionOutcomes | None) -> pl.DataFrame:
    if outcomes is None:
        names = ("finished", "taken", "margin", "given")
        return pl.DataFrame(schema={"offer_id": pl.String, **dict.fromkeys(names, pl.Float64)})
    responses = outcomes.responses
    rows = pl.DataFrame(
        {
            "offer_id": outcomes.decided["offer_id"],
            "ordered": responses.ordered,
            "margin": responses.margin,
            "cost": responses.paid,
        }
    )
    return rows.group_by("offer_id").agg(
        pl.len().alias("finished"),
        pl.col("ordered").mean().alias("taken"),
        pl.col("margin").mean(),
        pl.col("cost").sum().alias("given"),
    )


def _by_month(decided: pl.DataFrame) -> Table:
    rows = (
        decided.group_by(pl.col("decided_at").dt.strftime("%Y-%m").alias("month"))
        .agg(
            pl.len().alias("decisions"),
            (pl.col("offer_id") != NO_OFFER).mean().alias("given"),
            pl.col("customer_id").n_unique().alias("customers"),
            pl.col("worth").list.max().mean().alias("expected"),
        )
        .sort("month")
    )
    columns = ["month", "decisions", "offers_given", "customers_asked", "best_expected"]
    return table("offers_by_month", "Month by month", columns, rows.rows())


def _by_reason(decided: pl.DataFrame) -> Table:
    """How decisions came about."""
    stages = {"thin": "by lot, as likely as each is best", "single": "the best one for all"}
    rows = decided.group_by("stage").agg(pl.len(), (pl.col("offer_id") != NO_OFFER).mean()).sort("stage")
    shown = [[stages.get(stage, "another for each"), n, given] for stage, n, given in rows.iter_rows()]
    return table("by_stage", "How they were decided", ["stage", "decisions", "offers_given"], shown)
