"""Which visitors were exposed to which arm of an experiment, each visitor once."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

import polars as pl

from features.history.events_parquet import scan_with_repeats
from features.history.impressions_parquet import SERVED_SCHEMA
from features.history.table_files import table_files
from features.home import Home
from features.people.aliases import with_current_names
from recommender.experiments.assignment import HELD_OUT_ARM, is_held_out
from recommender.experiments.plan import HOLDOUT
from training.ledger.ledger import Ledger
from training.ledger.touches import until

PERENNIAL = "perennial"
VISITOR = pl.coalesce("customer_id", "anonymous_id")
CUSTOMER_PREFIX, BROWSER_PREFIX = pl.lit("c:"), pl.lit("a:")  # so that ids do not collide
PARTICIPANT_SCHEMA = {
    "visitor": pl.String(),
    "person": pl.String(),
    "arm": pl.String(),
    "at": SERVED_SCHEMA["at"],
}


class ExposureLog(NamedTuple):
    """The log of impressions up to the end of a day.

    exposures: visitor, person, experiment, edition, arm, propensity, held_out, holdout, at: the first time of
    each such combination. named: recommendation_id, named_person, named_at of impressions that an order
    names. owners: browser, owner: the customer who last signed in on a browser.
    """

    exposures: pl.DataFrame
    named: pl.DataFrame
    owners: pl.DataFrame


class Participants(NamedTuple):
    """The visitors in an experiment. visitors: visitor, person, arm, at: one row each, of the first exposure;
    crossed: how many were exposed to two arms."""

    visitors: pl.DataFrame
    crossed: int

    @property
    def began(self) -> datetime:
        """The time of the first exposure. Raises IndexError without participants."""
        first: datetime = self.visitors["at"].sort()[0]
        return first


def read_exposures(home: Home, as_of: date) -> ExposureLog:
    """A visitor is the id that a recommendation was requested for: the customer's, else the browser's."""
    events = scan_with_repeats(home).filter(pl.col("timestamp") < until(as_of))
    both = pl.col("customer_id").is_not_null() & pl.col("anonymous_id").is_not_null()
    owners = (
        events.filter(both)
        .group_by(browser="anonymous_id")
        .agg(owner=pl.col("customer_id").sort_by("timestamp").last())
    )
    purchases = events.filter(pl.col("type") == "purchase", pl.col("recommendation_id").is_not_null())
    impressions = impressions_of(home).filter(pl.col("at") < until(as_of), VISITOR.is_not_null())
    owned = impressions.join(owners, left_on="anonymous_id", right_on="browser", how="left").with_columns(
        visitor=VISITOR,
        person=pl.coalesce(
            CUSTOMER_PREFIX + pl.col("customer_id"),
            CUSTOMER_PREFIX + pl.col("owner"),
            BROWSER_PREFIX + pl.col("anonymous_id"),
        ),
    )
    combination = ("visitor", "person", "experiment", "edition", "arm", "propensity", "held_out", "holdout")
    exposures = owned.group_by(combination).agg(pl.col("at").min())
    named = (
        owned.join(purchases.select("recommendation_id").unique(), on="recommendation_id", how="semi")
        .unique("recommendation_id")
        .select("recommendation_id", named_person="person", named_at="at")
    )
    return ExposureLog(*pl.collect_all([exposures, named, owners]))


def impressions_of(home: Home) -> pl.LazyFrame:
    """The log of answers, as SERVED_SCHEMA. Older files lack some columns, which are then null."""
    files = table_files(home.served)
    if not files:
        return pl.LazyFrame(schema=SERVED_SCHEMA)
    rows = pl.scan_parquet(
        files,
        schema=SERVED_SCHEMA,
        missing_columns="insert",
        extra_columns="ignore",
    )
    return with_current_names(rows, home)


def participants_of(exposures: pl.DataFrame) -> Participants:
    """A visitor of two arms counts in the first one: dropping them would bias the comparison, since the arm
    may be why they crossed over."""
    first = exposures.sort("at", "arm").group_by("visitor", maintain_order=True)
    visitors = first.agg(pl.col("person", "arm", "at").first(), pl.col("arm").n_unique().alias("arms"))
    crossed = int((visitors["arms"] > 1).sum())
    return Participants(visitors.select(*PARTICIPANT_SCHEMA), crossed)


def holdout_share(exposures: pl.DataFrame) -> float:
    """The latest share of visitors held out; 0: there never was a holdout."""
    exposed = exposures.filter(pl.col("holdout") > 0).sort("at")
    return float(exposed["holdout"][-1]) if len(exposed) else 0.0


def holdout_participants(exposures: pl.DataFrame, ledger: Ledger, share: float) -> Participants:
    """Everybody under a holdout of this share, in the arms `HELD_OUT_ARM` and `PERENNIAL`.

    All known customers take part, whether they visit or not: an e-mail may bring treated ones back, and
    held-out customers who stay away must count against that. They take part from the first day of the
    holdout, new customers from just after their first order, which counts for the browser.
    """
    exposed = exposures.filter((pl.col("holdout") - share).abs() < 1e-9)
    if exposed.is_empty():
        return Participants(pl.DataFrame(schema=PARTICIPANT_SCHEMA), 0)
    arm = pl.when("held_out").then(pl.lit(HELD_OUT_ARM)).otherwise(pl.lit(PERENNIAL))
    visitors = exposed.select("visitor", "person", arm.alias("arm"), "at")
    customers = ledger.customers.select("customer", "first")
    arms = [HELD_OUT_ARM if is_held_out(name, share) else PERENNIAL for name in customers["customer"]]
    members = customers.select(
        visitor="customer",
        person=CUSTOMER_PREFIX + pl.col("customer"),
        arm=pl.Series(arms, dtype=pl.String),
        at=pl.max_horizontal(
            pl.col("first") + timedelta(microseconds=1), pl.lit(exposed["at"].min(), SERVED_SCHEMA["at"])
        ),
    )
    return participants_of(pl.concat([visitors, members]))


def exposures_of_plan(exposures: pl.DataFrame, plan_hash: str) -> pl.DataFrame:
    """The exposures of one version of an experiment's plan."""
    return exposures.filter(pl.col("edition") == plan_hash, pl.col("experiment") != HOLDOUT)
