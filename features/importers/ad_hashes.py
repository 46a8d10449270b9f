"""Addresses of customers who agreed to advertising, hashed as ad platforms want them, as names of theirs.

Such a hash can be tried with addresses, so that nobody's is kept who did not agree.
"""

from datetime import datetime
from hashlib import sha256

import polars as pl

from features.events.consents import ADVERTISING
from features.importers.consent_columns import Consents
from features.people.aliases import SCHEMA
from features.people.names import FORMER, normalised_email

HASH_HEADERS = ("email_sha256", "sha256 email", "hashed email", "email hash")


def ad_links(rows: pl.DataFrame, good: pl.DataFrame, consents: Consents, at: datetime) -> pl.DataFrame:
    """Hash -> customer (`aliases.SCHEMA`) of those of this file who agreed; none of an address of several.

    rows: `row` with `email` and `email_sha256`, where the file has them; good: `row` and `customer_id`.
    """
    agreed = consents.words.filter(pl.col("given"), channel=ADVERTISING).select("row")
    theirs = good.join(agreed, on="row", how="semi").join(rows, on="row")
    hashes = [_hash(*each) for each in theirs.select(_text("email_sha256"), _text("email")).iter_rows()]
    named = theirs.select("customer_id", alias=pl.Series(hashes, dtype=pl.String)).drop_nulls().unique()
    own = named.filter(pl.len().over("alias") == 1, pl.col("alias") != pl.col("customer_id"))
    links = own.with_columns(proof=pl.lit("email"), at=pl.lit(at))
    return links.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String)


def _hash(given: str | None, address: str | None) -> str | None:
    """As the file has it, else of the address without blanks, in small letters."""
    hashed = (given or "").strip().lower()
    if FORMER.fullmatch(hashed):
        return hashed
    plain = normalised_email(address)
    return None if plain is None else sha256(plain.encode(errors="surrogatepass")).hexdigest()
