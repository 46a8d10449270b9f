"""Which names are one person: a table in the home, `alias` -> the customer whose further name it is."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

import polars as pl

from features.home import Home
from features.people.kept_emails import follow_owners, put_emails
from features.store.files import changing, replacing

Proof = Literal["email", "merge"]
SCHEMA = {
    "alias": pl.String(),
    "customer_id": pl.String(),
    "proof": pl.String(),
    "at": pl.Datetime("us", "UTC"),
}
LONGEST_CHAIN = 50


def load_people(home: Home) -> pl.DataFrame:
    """Each row a link as it was made: SCHEMA, an alias once. A customer may be an alias in turn."""
    path = _table(home)
    return pl.read_parquet(path) if path.exists() else no_people()


def aliases_stamp(home: Home) -> str:
    """Another one after each change of the table; "" without one."""
    path = _table(home)
    return str(path.stat().st_mtime_ns) if path.exists() else ""


def no_people() -> pl.DataFrame:
    """The table of a home without one."""
    return pl.DataFrame(schema=SCHEMA)


def current_names(home: Home) -> pl.DataFrame:
    """`alias`, `customer_id`: every alias, and the name that its person goes by now."""
    return followed(load_people(home))


def followed(links: pl.DataFrame) -> pl.DataFrame:
    """The same links, each led to the end of its chain."""
    end = links["customer_id"]
    for _ in range(LONGEST_CHAIN):
        further = end.replace(links["alias"], links["customer_id"])
        if further.equals(end):
            break
        end = further
    return links.select("alias", customer_id=end)


def with_current_names(rows: pl.LazyFrame, home: Home, column: str = "customer_id") -> pl.LazyFrame:
    """The same rows, every customer under the name that they go by now."""
    names = current_names(home)
    if names.is_empty():
        return rows
    return rows.with_columns(pl.col(column).replace(names["alias"], names["customer_id"]))


def add_links(home: Home, rows: pl.DataFrame) -> None:
    """Add links (SCHEMA); of one alias the newest row counts. A link of a name to itself is left out."""
    with changing(_table(home)):
        both = pl.concat([load_people(home), rows.select(pl.col(name).cast(SCHEMA[name]) for name in SCHEMA)])
        _write(home, both.filter(pl.col("alias") != pl.col("customer_id")).unique("alias", keep="last"))


def remove_links(home: Home, names: Iterable[str]) -> int:
    """Remove every link from or to these names; returns how many they were."""
    known = pl.Series(sorted(names), dtype=pl.String).implode()
    with changing(_table(home)):
        links = load_people(home)
        kept = links.filter(~pl.col("alias").is_in(known), ~pl.col("customer_id").is_in(known))
        if len(kept) < len(links):
            _write(home, kept)
    return len(links) - len(kept)


def remove_aliases(home: Home, aliases: Iterable[str]) -> int:
    """Let these names stand for themselves again; returns how many were further names of somebody."""
    known = pl.Series(sorted(aliases), dtype=pl.String).implode()
    with changing(_table(home)):
        links = load_people(home)
        kept = links.filter(~pl.col("alias").is_in(known))
        if len(kept) < len(links):
            _write(home, kept)
    return len(links) - len(kept)


def names_of(home: Home, customers: Iterable[str]) -> frozenset[str]:
    """All names of the persons who go by one of these, these among them."""
    given = frozenset(customers)
    names = current_names(home)
    known = pl.Series(sorted(given), dtype=pl.String)
    roots = names.filter(pl.col("alias").is_in(known.implode()))["customer_id"]
    persons = pl.concat([known, roots]).unique()
    others = names.filter(pl.col("customer_id").is_in(persons.implode()))["alias"]
    return given | frozenset(persons) | frozenset(others)


def current_name(home: Home, name: str) -> str:
    """The name that whoever goes by this one goes by now."""
    found = current_names(home).filter(alias=name)["customer_id"]
    return str(found[0]) if len(found) else name


def link(alias: str, customer_id: str, proof: Proof, at: datetime) -> pl.DataFrame:
    """One row for `add_links`."""
    return pl.DataFrame([(alias, customer_id, proof, at)], schema=SCHEMA, orient="row")


def keep_emails(home: Home, rows: pl.DataFrame) -> None:
    """Keep addresses: `name`, that of its digest, and `sealed`, as `EmailSeal` hid it. Raises sqlite3.Error,
    OSError."""
    owned = rows.join(current_names(home).rename({"alias": "name"}), on="name", how="left")
    owner = pl.coalesce("customer_id", "name")
    put_emails(home, owned.select("name", owner.alias("customer_id"), "sealed").iter_rows())


def _write(home: Home, links: pl.DataFrame) -> None:
    with replacing(_table(home)) as fresh:
        links.sort("alias").write_parquet(fresh)
    follow_owners(home, dict(followed(links).iter_rows()))


def _table(home: Home) -> Path:
    return home.root / "people" / "aliases.parquet"
