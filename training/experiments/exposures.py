"""Who was served what under which arm, each visitor once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

import polars as pl

from features.history.events_parquet import scan_with_repeats
from features.history.impressions_parquet import SERVED_SCHEMA
from features.home import Home
from recommender.experiments.assignment import HELD_OUT, is_held_out
from recommender.experiments.plan import HOLDOUT
from training.ledger.ledger import Ledger
from training.ledger.touches import until

PERENNIAL = "perennial"
VISITOR = pl.coalesce("customer_id", "anonymous_id")
CUSTOMER, BROWSER = pl.lit("c:"), pl.lit("a:")  # so that a customer's id and a browser's never collide
NOBODY = {"visitor": pl.String(), "person": pl.String(), "arm": pl.String(), "at": SERVED_SCHEMA["at"]}


class Served(NamedTuple):
    """What the log of answers tells, up to the end of a day.

    exposures: visitor, person, experiment, edition, arm, propensity, held_out, holdout, at: the first time of
    each such combination. named: recommendation_id, named_person, named_at of answers that an order names.
    owners: browser, owner: the customer whom a browser turned out to be.
    """

    exposures: pl.DataFrame
    named: pl.DataFrame
    owners: pl.DataFrame


class Crowd(NamedTuple):
    """Those who took part, each once. visitors: visitor, person, arm, at (the first time, which counts);
    crossed: how many were seen in two arms."""

    visitors: pl.DataFrame
    crossed: int

    @property
    def began(self) -> datetime:
        """When the first of them came. Raises IndexError where nobody did."""
        first: datetime = self.visitors["at"].sort()[0]
        return first


def read_served(home: Home, as_of: date) -> Served:
    """A visitor is the id that an answer was asked for: the customer's, else the browser's."""
    seen = scan_with_repeats(home).filter(pl.col("timestamp") < until(as_of))
    both = pl.col("customer_id").is_not_null() & pl.col("anonymous_id").is_not_null()
    owners = (
        seen.filter(both)
        .group_by(browser="anonymous_id")
        .agg(owner=pl.col("customer_id").sort_by("timestamp").last())
    )
    bought = seen.filter(pl.col("type") == "purchase", pl.col("recommendation_id").is_not_null())
    served = _served(home).filter(pl.col("at") < until(as_of), VISITOR.is_not_null())
    told = served.join(owners, left_on="anonymous_id", right_on="browser", how="left").with_columns(
        visitor=VISITOR,
        person=pl.coalesce(
            CUSTOMER + pl.col("customer_id"), CUSTOMER + pl.col("owner"), BROWSER + pl.col("anonymous_id")
        ),
    )
    who = ("visitor", "person", "experiment", "edition", "arm", "propensity", "held_out", "holdout")
    exposures = told.group_by(who).agg(pl.col("at").min())
    named = (
        told.join(bought.select("recommendation_id").unique(), on="recommendation_id", how="semi")
        .unique("recommendation_id")
        .select("recommendation_id", named_person="person", named_at="at")
    )
    return Served(*pl.collect_all([exposures, named, owners]))


def _served(home: Home) -> pl.LazyFrame:
    """Files of before there were experiments have no columns for them."""
    if not any(home.served.glob("*/*.parquet")):
        return pl.LazyFrame(schema=SERVED_SCHEMA)
    return pl.scan_parquet(
        home.served / "*" / "*.parquet",
        schema=SERVED_SCHEMA,
        missing_columns="insert",
        extra_columns="ignore",
    )


def crowd_of(exposures: pl.DataFrame) -> Crowd:
    """Whoever was seen in two arms counts in the first one: what came before it was not its doing, and who
    crosses later must not drop out, for the arm may be why."""
    first = exposures.sort("at", "arm").group_by("visitor", maintain_order=True)
    visitors = first.agg(pl.col("person", "arm", "at").first(), pl.col("arm").n_unique().alias("arms"))
    crossed = int((visitors["arms"] > 1).sum())
    return Crowd(visitors.select(*NOBODY), crossed)


def share_held_out(exposures: pl.DataFrame) -> float:
    """The share that was last in force; 0: nobody was ever held out."""
    under = exposures.filter(pl.col("holdout") > 0).sort("at")
    return float(under["holdout"][-1]) if len(under) else 0.0


def held_out_crowd(exposures: pl.DataFrame, ledger: Ledger, share: float) -> Crowd:
    """Everybody under a holdout of this share, in the arms `HELD_OUT` and `PERENNIAL`.

    All known customers belong to it, visit or not: an e-mail may bring back one who would never have been
    seen again, and who was held out must not be missed. They are in from its first day, new ones from their
    first order, which the browser brought, not the customer's id.
    """
    under = exposures.filter((pl.col("holdout") - share).abs() < 1e-9)
    if under.is_empty():
        return Crowd(pl.DataFrame(schema=NOBODY), 0)
    arm = pl.when("held_out").then(pl.lit(HELD_OUT)).otherwise(pl.lit(PERENNIAL))
    seen = under.select("visitor", "person", arm.alias("arm"), "at")
    people = ledger.customers.select("customer", "first")
    drawn = [HELD_OUT if is_held_out(name, share) else PERENNIAL for name in people["customer"]]
    members = people.select(
        visitor="customer",
        person=CUSTOMER + pl.col("customer"),
        arm=pl.Series(drawn, dtype=pl.String),
        at=pl.max_horizontal(
            pl.col("first") + timedelta(microseconds=1), pl.lit(under["at"].min(), SERVED_SCHEMA["at"])
        ),
    )
    return crowd_of(pl.concat([seen, members]))


def exposed_to(exposures: pl.DataFrame, edition: str) -> pl.DataFrame:
    """The exposures of one experiment as it was planned."""
    return exposures.filter(pl.col("edition") == edition, pl.col("experiment") != HOLDOUT)
