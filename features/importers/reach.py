"""How many customers may be written to after an import, and why nobody if so."""

from typing import NamedTuple

import polars as pl

from features.history.events_parquet import scan
from features.home import Home
from features.importers.consent_columns import Consents
from features.importers.people import People
from features.importers.values import TIME

BRING_IT = (
    "no column about consent was found. Bring it with `perennial import customers FILE` (a customers' export "
    "with Accepts Email Marketing, newsletter or the like), or with `consent` events"
)


class Reach(NamedTuple):
    """customers: known by name; email: those of them who may be written to; no: who refused; why: where
    nobody may, the reason."""

    customers: int
    email: int
    no: int
    why: str | None

    def words(self) -> str:
        """For people."""
        refused = f", {self.no:,} said no" if self.no else ""
        reason = f": {self.why}" if self.why else ""
        return f"{self.email:,} of {self.customers:,} customers{refused}{reason}"


def reach(home: Home, before: pl.Series, fresh: pl.Series, consents: Consents, people: People) -> Reach:
    """Of the home with an import. before, fresh: customers of the history and of the import."""
    new = consents.words.filter(pl.col("channel").is_in(["email", "all"])).select(
        "customer_id", "at", "given"
    )
    named = pl.col("customer_id").replace(people.names["alias"], people.names["customer_id"])
    words = pl.concat([_words(home), new]).with_columns(named)
    last = words.sort("at", "given", descending=[False, True]).unique("customer_id", keep="last")
    customers = pl.concat([before, fresh, words["customer_id"]]).drop_nulls().n_unique()
    yes = int(last["given"].sum())
    why = None
    if customers and not yes:
        why = "everybody who was asked said no" if last.height else BRING_IT
    return Reach(customers, yes, last.height - yes, why)


def _words(home: Home) -> pl.DataFrame:
    """customer_id, at, given: what the history says about e-mail."""
    schema = {"customer_id": pl.String(), "at": TIME, "given": pl.Boolean()}
    if not home.root.exists():
        return pl.DataFrame(schema=schema)
    answer = pl.coalesce(
        pl.col("extra").str.json_path_match(f"$.properties.{channel}") for channel in ("email", "all")
    )
    said = scan(home).filter(pl.col("type") == "consent", pl.col("customer_id").is_not_null())
    return said.select("customer_id", at="timestamp", given=answer == "true").drop_nulls("given").collect()
