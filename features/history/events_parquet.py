"""The history on disk, in parquet: one row per line of an event, deduplicated by event id and line."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import polars as pl

from features.events.vocabulary import is_possible_time
from features.history.table_files import table_files
from features.home import Home
from features.people.aliases import with_current_names
from features.store.files import replacing

CLAIM = "claim"  # the source of an order that a browser tells of
CENT = 0.01
CONFIRMED_WITHIN = timedelta(days=2)
logger = logging.getLogger(__name__)


def schema() -> dict[str, pl.DataType]:
    """Columns of the history. Times are UTC microseconds; money is in `currency`, per unit.

    A purchase or refund has a row for each of its lines; any other event has one row. `quantity` is
    always positive, also of refunds. A refund's `order_id` is the refunded order, null if unknown, and
    `refund_id` its own number; of a purchase, another number of the same order. `revision`: of a word about
    an order, higher than of those before; null: the first word.
    """
    text, number, time = pl.String(), pl.Float64(), pl.Datetime("us", "UTC")
    return {
        "event_id": text,
        "line": pl.Int32(),
        "type": text,
        "timestamp": time,
        "received_at": time,
        "customer_id": text,
        "anonymous_id": text,
        "session_id": text,
        "product_id": text,
        "quantity": number,
        "unit_price": number,
        "currency": text,
        "order_id": text,
        "refund_id": text,
        "discount": number,
        "coupon": text,
        "recommendation_id": text,
        "country": text,
        "utm_source": text,
        "source": text,
        "revision": pl.Int32(),
        "extra": text,  # JSON of what has no column: query, language, device, properties
    }


def write_rows(home: Home, rows: pl.DataFrame, received_at: datetime, name: str | None = None) -> Path:
    """Add rows as one new file of that day, completely or not at all; returns its path.

    A second write under the same `name` replaces the first, as the archiver's retries need.
    """
    target = home.events / f"{received_at:%Y-%m-%d}" / f"{name or uuid4().hex}.parquet"
    with replacing(target) as fresh:
        rows.select(pl.col(column).cast(dtype) for column, dtype in schema().items()).write_parquet(fresh)
    return target


def scan(home: Home) -> pl.LazyFrame:
    """All rows in a fixed sequence: each event line once, and each order once.

    The same order may have come from a pixel, a webhook and a file under different event ids; the event that
    arrived first is kept, but the shop's own word rather than a browser's claim, and the newest word of the
    shop's files about an order's lines, and about what went back of it. A claim that the shop has not
    confirmed two days later, while it told of other orders, is left out. So are rows with an impossible time,
    whose number is logged. Customers have the name that they go by now. An empty history has no rows and the
    same columns.
    """
    files = table_files(home.events)  # these: more may come while they are being read
    if not files:
        return pl.LazyFrame(schema=schema())
    rows = _under_own_numbers(read_files(files, row_index_name="row"))
    outdated = pl.concat([_outdated_words(rows), _outdated_reversals(rows)])
    outdated = pl.concat([outdated, _refunds_told_twice(_without(rows, outdated))])
    current = _without(rows, outdated)
    excluded = pl.concat(
        [
            outdated,
            _repeated_lines(rows),
            _repeated_orders(current),
            _impossible_times(rows),
            _unconfirmed_claims(rows),
        ]
    )
    return with_current_names(_without(rows, excluded).drop("row"), home)


def _without(rows: pl.LazyFrame, excluded: pl.Series) -> pl.LazyFrame:
    """Usually none is excluded, and a scan without a filter need not hold all rows."""
    return rows.filter(~pl.col("row").is_in(excluded.implode())) if len(excluded) else rows


def beside_goods() -> pl.Expr:
    """Postage and tax on top that went back with a refund's goods."""
    texts = [pl.col("extra").str.json_path_match(f"$.{name}") for name in ("shipping", "tax")]
    return pl.sum_horizontal(text.cast(pl.Float64) for text in texts)


def _under_own_numbers(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Refunds of an order by its other number under the number of its purchase."""
    back = rows.filter(pl.col("type").is_in(["refund", "cancel"])).select("order_id").unique()
    bought = rows.filter(is_purchase(), pl.col("refund_id").is_not_null()).select(
        "order_id", other="refund_id"
    )
    strays = bought.join(back, left_on="other", right_on="order_id", how="semi").unique("other").collect()
    if strays.is_empty():
        return rows
    own = pl.col("order_id").replace(strays["other"], strays["order_id"])
    return rows.with_columns(order_id=pl.when(is_purchase()).then("order_id").otherwise(own))


def read_files(files: list[Path], row_index_name: str | None = None) -> pl.LazyFrame:
    """Files of all versions: a column that an older one lacks is null."""
    return pl.scan_parquet(
        files,
        schema=schema(),
        missing_columns="insert",
        extra_columns="ignore",
        row_index_name=row_index_name,
    )


def is_word_of_file() -> pl.Expr:
    """Rows by which a file tells of an order as a whole: its lines, or all that went back of it."""
    told_by_file = ~pl.col("source").is_in(["live", CLAIM])
    return (told_by_file & is_whole_order()).fill_null(value=False)


def is_whole_order() -> pl.Expr:
    """Whether rows tell of an order's lines, or of what went back without a number of its own."""
    return is_purchase() | (pl.coalesce("refund_id", "order_id") == pl.col("order_id"))


def is_purchase() -> pl.Expr:
    """Whether a word tells of an order's lines; else of what went back."""
    return pl.col("type") == "purchase"


def _outdated_words(rows: pl.LazyFrame) -> pl.Series:
    """Rows of words that a newer word of the shop's files replaces."""
    words = rows.filter(is_word_of_file()).select("row", "order_id", "revision", bought=is_purchase())
    revised = words.filter(pl.col("revision") > 0).select("order_id", "bought").unique()
    suspects = words.join(revised, on=["order_id", "bought"], how="semi").collect()
    revision = pl.col("revision").fill_null(0)
    return suspects.filter(revision < revision.max().over("order_id", "bought"))["row"]


def _outdated_reversals(rows: pl.LazyFrame) -> pl.Series:
    """Rows of words that took a whole order back before the shop told of it anew (docs/decisions/0026)."""
    back = rows.filter(is_reversal_of_all(), pl.col("revision") > 0).select("row", "order_id", "revision")
    reversals = back.collect()
    if reversals.is_empty():
        return reversals["row"]
    of_these = pl.col("order_id").is_in(reversals["order_id"].unique().implode())
    bought = rows.filter(is_purchase(), ~_is_claim(), pl.col("revision") > 0, of_these)
    newest = bought.group_by("order_id").agg(anew=pl.col("revision").max()).collect()
    return reversals.join(newest, on="order_id").filter(pl.col("revision") < pl.col("anew"))["row"]


def is_reversal_of_all() -> pl.Expr:
    """Whether a row takes a whole order back."""
    of_all = pl.all_horizontal(pl.col("product_id", "unit_price").is_null())
    return pl.col("type").is_in(["refund", "cancel"]) & of_all


def _refunds_told_twice(rows: pl.LazyFrame) -> pl.Series:
    """Rows of refunds that arrive after a file which told of all that had gone back by then.

    If they are worth no less than the file says, they say more exactly what of it were goods: then the rows
    of the file's word are left out instead. rows: without outdated words.
    """
    back = rows.filter(pl.col("type") == "refund", pl.col("order_id").is_not_null())
    words = back.filter(is_word_of_file()).select("row", "order_id", worth=_worth(), told_at="received_at")
    told = words.collect()
    if told.is_empty():
        return pl.Series("row", [], pl.UInt32)
    others = back.filter(~is_word_of_file()).select(
        "row", "order_id", "timestamp", "received_at", worth=_worth() + beside_goods()
    )
    of_order = told.group_by("order_id").agg(pl.col("told_at").min(), pl.col("worth").sum())
    late = pl.col("timestamp") < pl.col("told_at"), pl.col("told_at") < pl.col("received_at")
    again = others.join(of_order.lazy(), on="order_id", suffix="_told").filter(*late).collect()
    covers = pl.col("worth").sum().over("order_id") >= pl.col("worth_told") - CENT / 2
    exact = again.filter(covers)
    return pl.concat(
        [
            again.filter(~covers)["row"],
            told.filter(pl.col("order_id").is_in(exact["order_id"].unique().implode()))["row"],
        ]
    )


def _worth() -> pl.Expr:
    """Money of a refund's line; infinite where it names none, and so is what was paid for it."""
    return pl.coalesce(pl.col("quantity") * pl.col("unit_price"), float("inf"))


def _impossible_times(rows: pl.LazyFrame) -> pl.Series:
    """Rows before 1990 or after their arrival: written by hand, or before such times were rejected."""
    impossible = rows.filter(~_is_possible()).select("row").collect()["row"]
    if len(impossible):
        logger.warning("Left out %d rows of the history: before 1990 or in the future", len(impossible))
    return impossible


def _is_possible() -> pl.Expr:
    possible: pl.Expr = is_possible_time(pl.col("timestamp"), pl.col("received_at"))
    return possible


def _repeated_lines(rows: pl.LazyFrame) -> pl.Series:
    """Rows of event lines that an earlier row has already."""
    line = pl.col("event_id").hash() + pl.col("line").cast(pl.UInt64).hash()
    hashes = rows.select(line).collect().to_series()
    twice = hashes.filter(hashes.is_duplicated()).unique() if hashes.n_unique() < len(hashes) else hashes[:0]
    suspects = rows.filter(line.is_in(twice.implode())).select("row", "event_id", "line").collect()
    return suspects.filter(~pl.struct("event_id", "line").is_first_distinct())["row"]


def _repeated_orders(rows: pl.LazyFrame) -> pl.Series:
    """Rows of orders and refunds that an earlier event with another id has already."""
    number = pl.when(pl.col("type") == "purchase").then("order_id").otherwise("refund_id").alias("number")
    word = (
        pl.when(is_purchase())
        .then(-pl.col("revision").fill_null(0))
        .otherwise(is_word_of_file().cast(pl.Int32))
    )
    numbered = rows.select("row", "type", "event_id", "received_at", number, word=word, claimed=_is_claim())
    numbered = numbered.filter(pl.col("number").is_not_null())
    event, order = pl.col("event_id"), ["type", "number"]
    repeated = numbered.group_by(order).agg(least=event.min(), most=event.max())
    repeated = repeated.filter(pl.col("least") != pl.col("most")).select(order)
    first = event.sort_by("claimed", "word", "received_at", "event_id").first().over(order)
    suspects = numbered.join(repeated, on=order, how="semi").collect()
    return suspects.filter(event != first)["row"]


def _unconfirmed_claims(rows: pl.LazyFrame) -> pl.Series:
    """Rows of claims that the shop had time to confirm: it told of orders placed CONFIRMED_WITHIN later.

    Confirmed claims are among `_repeated_orders`, but for those under an order's other number. A shop that
    never tells of orders itself has claims alone, and keeps them all.
    """
    orders = rows.filter(is_purchase()).select(
        "row", "timestamp", "order_id", "refund_id", claimed=_is_claim()
    )
    claims = orders.filter("claimed").collect()
    if claims.is_empty():
        return claims["row"]
    others = orders.filter(~pl.col("claimed")).select(pl.col("refund_id").drop_nulls().unique()).collect()
    told_until = orders.filter(~pl.col("claimed")).select(pl.col("timestamp").max()).collect().item()
    late = pl.col("timestamp") < pl.lit(told_until, claims.schema["timestamp"]) - CONFIRMED_WITHIN
    confirmed = pl.col("order_id").is_in(others["refund_id"].implode())
    return claims.filter(late.fill_null(value=False) | confirmed)["row"]


def _is_claim() -> pl.Expr:
    return pl.col("source").eq_missing(CLAIM)


def scan_with_own_names(home: Home) -> pl.LazyFrame:
    """All rows as they were written, repeats too: customers have the names that each row used for them."""
    files = table_files(home.events)
    return read_files(files) if files else pl.LazyFrame(schema=schema())


def scan_with_repeats(home: Home) -> pl.LazyFrame:
    """As `scan` but with repeated rows, at a tenth of the cost, for results that repeats cannot change."""
    files = table_files(home.events)
    if not files:
        return pl.LazyFrame(schema=schema())
    return with_current_names(read_files(files).filter(_is_possible()), home)
