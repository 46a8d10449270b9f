"""Who the customers of a file are: their names under the home's key, and which of these are one person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from features.events.nobody import is_nobody
from features.history.events_parquet import scan_with_own_names
from features.home import Home
from features.people.aliases import SCHEMA, followed, load_people
from features.people.kept_emails import EmailSeal
from features.people.names import FORMER, PeopleKey, former_name
from features.people.shared_links import share_links

if TYPE_CHECKING:
    import redis

    from features.store.settings import StoreSettings

NOBODYS = ("customer_id", "anonymous_id", "session_id")
NAMES = ("email_name", "phone_name", "former_name")
"""Columns of `with_names`: of an address and a number under the key, and of the address as imports made it
before."""
EXAMPLES = 3


@dataclass(frozen=True)
class People:
    """links: new rows of the home's table; names: `alias`, `customer_id`, all links with these; used: aliases
    that customers of the history went by until now."""

    links: pl.DataFrame
    names: pl.DataFrame
    used: tuple[str, ...]
    warnings: tuple[str, ...]


def without_nobodies(lines: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Ids that name nobody become null; how many rows had one."""
    nobody = {
        name: pl.col(name).is_in(found.implode()).fill_null(value=False)
        for name in NOBODYS
        if not (found := _nobodies(lines[name])).is_empty()
    }
    if not nobody:
        return lines, 0
    rows = lines.select("row", *NOBODYS).filter(pl.any_horizontal(nobody.values()))["row"].n_unique()
    return lines.with_columns(pl.when(~one).then(name).alias(name) for name, one in nobody.items()), rows


def with_names(lines: pl.DataFrame, key: PeopleKey) -> pl.DataFrame:
    """Lines with NAMES; whoever has no id of the shop's goes by address, number or own name."""
    address, number = pl.col("email"), pl.concat_str("phone", pl.lit("\0"), pl.col("country").fill_null(""))
    named = lines.with_columns(
        email_name=_mapped(lines.select(address).to_series(), key.email),
        phone_name=_mapped(lines.select(number).to_series(), lambda text: key.phone(*text.split("\0"))),
        person_name=_mapped(lines["person"], key.person),
        former_name=_mapped(lines.select(pl.coalesce("email", "phone", "person")).to_series(), former_name),
    )
    own = pl.coalesce("customer_id", "email_name", "phone_name", "person_name")
    return named.with_columns(shop_id="customer_id", customer_id=own, own_name=own).drop("person_name")


def sealed_emails(lines: pl.DataFrame, seal: EmailSeal | None) -> pl.DataFrame:
    """`name` and `sealed` of each address of good lines, as `keep_emails` takes them; none without a seal."""
    known = lines.filter(pl.col("reason").is_null(), pl.col("email_name").is_not_null())
    first = known.select("email_name", "email").unique("email_name", keep="first").rows() if seal else []
    rows = [(name, seal.sealed(name, address)) for name, address in first if seal]
    return pl.DataFrame(rows, {"name": pl.String, "sealed": pl.Binary}, orient="row")


def plan_people(lines: pl.DataFrame, links: pl.DataFrame, customers: pl.Series, at: datetime) -> People:
    """What good lines prove. lines: as `with_names` has them; links: the home's; customers: of the history.

    An address links two names where one customer of the shop has it. Two who share it stay two, and are told.
    """
    known = followed(links)
    pairs = lines.select("shop_id", "email_name", "phone_name").filter(
        pl.col("shop_id").is_not_null(), pl.col("email_name").is_not_null()
    )
    pairs = pairs.with_columns(owner=pl.col("shop_id").replace(known["alias"], known["customer_id"]))
    pairs = pairs.join(
        known.rename({"alias": "email_name", "customer_id": "before"}), on="email_name", how="left"
    )
    found = pairs.group_by("email_name").agg(
        owners=pl.col("owner").append(pl.col("before")).drop_nulls().unique().sort(),
        before=pl.col("before").first(),
        numbers=pl.struct("owner", "phone_name").filter(pl.col("phone_name").is_not_null()).unique(),
    )
    proved = found.filter(pl.col("owners").list.len() == 1, pl.col("before").is_null())
    by_email = proved.select(alias="email_name", customer_id=pl.col("owners").list.first())
    new = pl.concat([by_email, _former(lines, customers)]).filter(pl.col("alias") != pl.col("customer_id"))
    made = new.with_columns(proof=pl.lit("email"), at=pl.lit(at)).select(
        pl.col(name).cast(kind) for name, kind in SCHEMA.items()
    )
    names = followed(pl.concat([links, made]).unique("alias", keep="first"))
    used = made.filter(pl.col("alias").is_in(customers.unique().implode()))["alias"]
    return People(made, names, tuple(used), tuple(_shared(found.filter(pl.col("owners").list.len() > 1))))


def share_new_links(home: Home, client: redis.Redis, settings: StoreSettings, at: datetime) -> None:
    """Let live state know what an import found out at that moment. Raises redis.RedisError."""
    links = load_people(home).filter(at=at)
    if links.is_empty():
        return
    of_import = dict(links.select("alias", "customer_id").iter_rows())
    named = (
        scan_with_own_names(home)
        .select("customer_id")
        .filter(pl.col("customer_id").is_in(links["alias"].implode()))
    )
    used = named.unique().collect()["customer_id"]
    share_links(client, of_import, settings, used)


def _former(lines: pl.DataFrame, customers: pl.Series) -> pl.DataFrame:
    """Names that imports of before gave to customers of these lines: `alias`, `customer_id`."""
    old = customers.filter(customers.str.contains(rf"^{FORMER.pattern}$")).unique()
    theirs = lines.filter(pl.col("former_name").is_in(old.implode()))
    own = pl.coalesce("email_name", "phone_name", "own_name")
    return theirs.select(alias="former_name", customer_id=own).unique("alias", keep="first")


def _shared(several: pl.DataFrame) -> list[str]:
    if several.is_empty():
        return []
    examples = "; ".join(" and ".join(owners) for owners in several["owners"].head(EXAMPLES))
    numbers = several.select(
        pl.col("numbers")
        .list.eval(pl.element().struct.field("phone_name").is_duplicated().any())
        .list.first()
    ).to_series()
    agreeing = int(numbers.fill_null(value=False).sum())
    proof = f"; {agreeing:,} of them with one telephone number, too" if agreeing else ""
    return [
        f"{several.height:,} e-mail addresses belong to several customers of the shop ({examples}{proof}): "
        "they stay apart. If two are one person: perennial customers merge ONE OTHER"
    ]


def _nobodies(ids: pl.Series) -> pl.Series:
    distinct = ids.drop_nulls().unique()
    return pl.Series([name for name in distinct if is_nobody(name)], dtype=pl.String)


def _mapped(texts: pl.Series, name: Callable[[str], str | None]) -> pl.Series:
    distinct = texts.drop_nulls().unique()
    names = pl.Series([name(each) for each in distinct], dtype=pl.String)
    known = pl.DataFrame({"text": distinct, "name": names})  # joined, the rows share the names' memory
    return texts.to_frame("text").join(known, on="text", how="left", maintain_order="left")["name"]
