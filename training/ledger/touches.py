"""What reports read of the history, in one pass: sales, the channels of visits, and facts of customers."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import polars as pl

from features.catalogue.names import under_own_ids
from features.catalogue.products import load_aliases, load_products
from features.history.events_parquet import scan
from features.home import Home
from training.data.currencies import in_usual_currency

SALES = ("purchase", "refund", "cancel", "identify")
INFLUENCER, COUPON = "influencer / ", "coupon / "
FACTS = ("country", "language", "consent")


class Archive(NamedTuple):
    """Everything up to the end of a day.

    sales: a row a line of an order, refund, cancellation or sign-in, with type, timestamp, customer, browser,
    item, order, quantity, unit_price, discount, currency, coupon. touches: type, timestamp, channel,
    customer, browser of each customer's and browser's first sourced event ("touch"), and sign-ins. facts:
    customer, country, language, consent (to e-mail; "true" or "false"), the newest of each.
    """

    sales: pl.DataFrame
    touches: pl.DataFrame
    facts: pl.DataFrame


def read_archive(home: Home, as_of: date) -> Archive:
    """The archive of a day; later events are left out."""
    return archive_of(rows_until(home, as_of))


def rows_until(home: Home, as_of: date) -> pl.LazyFrame:
    """All rows of the history up to the end of a day, each product under its own id, with ids named as in
    `Archive`, money in the usual
    currency where a rate is known."""
    names = {"customer_id": "customer", "anonymous_id": "browser", "product_id": "item", "order_id": "order"}
    rows = under_own_ids(scan(home), load_products(home), load_aliases(home))
    rows = rows.filter(pl.col("timestamp") < until(as_of))
    return in_usual_currency(rows, home).rename(names)


def archive_of(rows: pl.LazyFrame) -> Archive:
    """rows: of `rows_until`. Sales and touches are streamed to save memory, so their order is not fixed."""
    sold, touches = (part(rows).collect(engine="streaming") for part in (sales, _touches))
    return Archive(sold, touches, _facts(rows).collect())


def date_of_day(number: int) -> date:
    """A day by its number since 1970."""
    return date(1970, 1, 1) + timedelta(days=number)


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - date(1970, 1, 1)).days


def until(as_of: date) -> datetime:
    """The end of a day."""
    return datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) + timedelta(days=1)


def sales(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Of rows as `rows_until` has them, the `sales` of an Archive."""
    who = ("type", "timestamp", "customer", "browser", "item", "order")
    what = ("quantity", "unit_price", "discount", "currency", "coupon")
    words = (pl.col("type").cast(pl.Enum(SALES)), pl.col("currency", "coupon").cast(pl.Categorical))
    return rows.filter(pl.col("type").is_in(SALES)).select(*who, *what).with_columns(*words)


def _touches(rows: pl.LazyFrame) -> pl.LazyFrame:
    is_told = pl.any_horizontal(pl.col("utm_source", "coupon").is_not_null())
    is_told |= (pl.col("type") == "coupon") | pl.col("extra").str.contains("_code", literal=True)
    sourced = (
        rows.filter(is_told)
        .with_columns(channel=_channel())
        .filter(pl.col("channel").is_not_null())
        .group_by("customer", "browser")
        .agg(pl.col("timestamp").min(), pl.col("channel").sort_by("timestamp", "channel").first())
        .with_columns(type=pl.lit("touch"))
    )
    signed = rows.filter(pl.col("type") == "identify").with_columns(channel=pl.lit(None, pl.String))
    columns = ("type", "timestamp", "channel", "customer", "browser")
    return pl.concat([sourced.select(columns), signed.select(columns)])


def _channel() -> pl.Expr:
    """What brought somebody, the most personal first; null for nothing. Referrals are one channel, whoever
    sent them; an influencer and a coupon are channels of their own."""
    source, code = _text(pl.col("utm_source")), _in_extra("$.properties.code")
    coupon = pl.coalesce(_text(pl.col("coupon")), pl.when(pl.col("type") == "coupon").then(code))
    return pl.coalesce(
        pl.concat_str(pl.lit(INFLUENCER), _in_extra("$.influencer_code")),
        pl.when(_in_extra("$.referral_code").is_not_null()).then(pl.lit("referral")),
        pl.concat_str(source, _in_extra("$.utm_medium"), separator=" / "),
        source,
        pl.concat_str(pl.lit(COUPON), coupon.str.to_uppercase()),
    )


def _in_extra(path: str) -> pl.Expr:
    return _text(pl.col("extra").str.json_path_match(path))


def _text(text: pl.Expr) -> pl.Expr:
    """Null where it is blank."""
    stripped = text.str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _facts(rows: pl.LazyFrame) -> pl.LazyFrame:
    extra = pl.col("extra")
    consent = pl.when(pl.col("type") == "consent").then(extra.str.json_path_match("$.properties.email"))
    return (
        rows.filter(
            pl.col("customer").is_not_null(), pl.any_horizontal(pl.col("country", "extra").is_not_null())
        )
        .select(
            "timestamp",
            "customer",
            "country",
            language=extra.str.json_path_match("$.language"),
            consent=consent,
        )
        .sort("timestamp", maintain_order=True)
        .group_by("customer")
        .agg(pl.col(name).drop_nulls().last() for name in FACTS)
    )
