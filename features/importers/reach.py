"""How many customers may be written to after an import, and why nobody if so."""

from typing import NamedTuple

import polars as pl

from features.history.consent_words import consent_words, last_words
from features.home import Home
from features.importers.consent_columns import Consents
from features.importers.people import People

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
    words = pl.concat([consent_words(home, "email", "all"), new]).with_columns(named)
    last = last_words(words)
    customers = pl.concat([before, fresh, words["customer_id"]]).drop_nulls().n_unique()
    yes = int(last["given"].sum())
    why = None
    if customers and not yes:
        why = "everybody who was asked said no" if last.height else BRING_IT
    return Reach(customers, yes, last.height - yes, why)
