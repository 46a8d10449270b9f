"""What a file says of orders that are known: nothing new, or a newer word that replaces the older."""

from typing import NamedTuple

import polars as pl

from features.history.events_parquet import CLAIM, is_whole_order
from features.importers.existing import Existing
from features.importers.order_standing import (
    changed_at,
    standing,
    with_first_revisions,
    with_revisions,
)
from features.importers.reasons import RejectReason

LINE = ["order_id", "product_id"]
TOLD = ["order_id", "bought"]  # a word: an order's lines, or all that went back of it
OFF_RECORD = [RejectReason.VOID.value, RejectReason.UNPAID.value]
ORDER_TYPES = ["purchase", "refund", "cancel"]


class Words(NamedTuple):
    """lines: those that say something new, a changed word with its `revision`; warnings: what was changed."""

    lines: pl.DataFrame
    warnings: list[str]


def of_order() -> pl.Expr:
    """Whether a line is part of a word: a refund with a number of its own is an event, not a word."""
    return (pl.col("type").is_in(ORDER_TYPES) & is_whole_order()).fill_null(value=False)


def bought() -> pl.Expr:
    """Whether a word is about an order's lines."""
    return (pl.col("type") == "purchase").alias("bought")


def withdrawn(bad: pl.DataFrame, existing: Existing) -> pl.DataFrame:
    """A cancellation of each known order that the file says does not count, or no longer."""
    known = existing.events.filter(pl.col("type") == "purchase")["order_id"].unique()
    gone = bad.filter(
        pl.col("reason").is_in(OFF_RECORD),
        pl.col("order_id").is_in(known.implode()),
        pl.col("timestamp").is_not_null(),
    )
    return gone.unique("order_id", keep="first", maintain_order=True).with_columns(
        type=pl.lit("cancel"),
        refund_id="order_id",
        product_id=pl.lit(None, pl.String),
        title=pl.lit(None, pl.String),
        unit_price=pl.lit(None, pl.Float64),
        quantity=pl.lit(1.0),
        discount=pl.lit(None, pl.Float64),
        refunded_so_far=pl.lit(0.0),
        reason=pl.lit(None, pl.String),
        detail=pl.lit(None, pl.String),
    )


def new_words(lines: pl.DataFrame, source: str, existing: Existing, *, are_rejects: bool = False) -> Words:
    """The lines without the words that the history has, from whatever source.

    A word about lines that differs replaces the known one; one about what went back replaces what files
    said, never what was told live. A file that ends before the one that told of it takes no refund back.
    Where the file says when an order was changed, that alone decides what the newest word is.
    """
    lines = lines.with_columns(revision=changed_at())
    if existing.events.is_empty():
        return Words(lines, [])
    words = lines.filter(of_order()).with_columns(bought())
    before = existing.events.filter(of_order()).with_columns(bought())
    same = _same_orders(words, before)
    words = words.join(same, on="order_id", how="anti")
    before = before.join(words.select("order_id").unique(), on="order_id", how="semi")
    if are_rejects:
        words = pl.concat([words, _taken_before(words, before)], how="diagonal_relaxed")
    told = pl.concat([_filled(words, before), _silent_refunds(words, before)], how="diagonal_relaxed")
    compared = _compared(told, before, source)
    changed = compared.filter("changed")
    older = changed.filter(~pl.col("bought"), pl.col("money_back") < pl.col("money_before"), "ends_earlier")
    changed = changed.join(older, on=TOLD, how="anti").select(*TOLD, "revision", "differs")
    unknown = told.join(before.select(TOLD).unique(), on=TOLD, how="anti")
    unknown = with_first_revisions(unknown, before, told.filter("bought")["timestamp"].max())
    renewed = told.drop("revision").join(changed.drop("differs"), on=TOLD)
    renewed = _with_old_context(renewed, before, source)
    others = lines.filter(~of_order())
    kept = pl.concat([others, unknown.drop("bought"), renewed], how="diagonal_relaxed").select(others.columns)
    changed_since = pl.concat(
        [changed.filter("differs").select("order_id"), unknown.filter(~pl.col("bought")).select("order_id")]
    )
    edited = compared.filter("changed", "bought", "ends_earlier", pl.col("dated").is_null())
    return Words(kept.sort("row", maintain_order=True), _warnings(changed_since, older, edited, before))


def _same_orders(words: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """`order_id` of the orders whose lines are exactly those that are known, and were not changed since: of
    most, told again."""
    line = pl.struct(
        "type", "customer_id", "product_id", "quantity", "unit_price", pl.col("discount").fill_null(0)
    )
    told, known = (
        each.select("order_id", "revision", line=line.hash(), n=1)
        .group_by("order_id")
        .agg(pl.col("line", "n").sum(), pl.col("revision").max().fill_null(0))
        for each in (words, before)
    )
    same = told.join(known, on=["order_id", "line", "n"], suffix="_before")
    return same.filter(pl.col("revision") <= pl.col("revision_before")).select("order_id")


def _taken_before(words: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The known lines of these words, in a row of the file that belongs to their order."""
    rows = words.group_by(TOLD).agg(pl.col("row").min(), pl.col("event_id").first())
    known = before.drop("event_id").join(rows, on=TOLD)
    return known.select(name for name in words.columns if name in known.columns)


def _filled(words: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Prices and discounts that the file does not give are those that are known: silence is no change.

    Adds `priced`: whether the line has a price of its own, or none was known.
    """
    known = before.filter("bought")
    prices = known.group_by(LINE).agg(known_price=pl.col("unit_price").mean())
    discounts = known.group_by("order_id").agg(known_discount=pl.col("discount").sum())
    joined = words.join(prices, on=LINE, how="left", maintain_order="left")
    joined = joined.join(discounts, on="order_id", how="left", maintain_order="left")
    first = (pl.int_range(pl.len()) == 0).over(TOLD)
    silent = pl.col("discount").is_null().all().over(TOLD) & (pl.col("known_discount") != 0)
    return joined.with_columns(
        unit_price=pl.when("bought").then(pl.coalesce("unit_price", "known_price")).otherwise("unit_price"),
        discount=pl.when("bought", first, silent).then("known_discount").otherwise("discount"),
        priced=pl.col("unit_price").is_not_null() | pl.col("known_price").is_null(),
    ).drop("known_price", "known_discount")


def _silent_refunds(words: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A refund of nothing for each order of which a file now states no refund, and one before did.

    A cancellation with a revision ends by that of the order.
    """
    refunded = before.filter(~pl.col("bought"), (pl.col("type") == "refund") | pl.col("revision").is_null())
    stated = words.filter("bought", pl.col("refunded_so_far").is_not_null())
    silent = stated.join(words.filter(~pl.col("bought")), on="order_id", how="anti")
    silent = silent.join(refunded, on="order_id", how="semi")
    return silent.unique("order_id", keep="first", maintain_order=True).with_columns(
        type=pl.lit("refund"),
        bought=pl.lit(value=False),
        refund_id="order_id",
        product_id=pl.lit(None, pl.String),
        title=pl.lit(None, pl.String),
        quantity=pl.lit(1.0),
        unit_price=pl.lit(0.0),
        discount=pl.lit(None, pl.Float64),
    )


def _compared(told: pl.DataFrame, before: pl.DataFrame, source: str) -> pl.DataFrame:
    """Per word told and known: whether it changed, its next revision, the money of both (infinite: all of
    it), and whether the file ends before the one of the known word."""
    money = pl.coalesce(pl.col("quantity") * pl.col("unit_price"), float("inf")).sum()
    live = pl.col("source").is_in(["live", CLAIM]).any()
    customer = pl.col("customer_id").drop_nulls().first()
    new = _content(told).join(
        told.group_by(TOLD).agg(
            money_back=money,
            customer=customer,
            silent=~pl.col("priced").any(),
            dated=pl.col("revision").max(),
            is_cancel=(pl.col("type") == "cancel").any(),
        ),
        on=TOLD,
    )
    old = _content(before).join(
        before.group_by(TOLD).agg(
            money_before=money,
            customer_before=customer,
            live=live,
            same_source=(pl.col("source") == source).all(),
            revision_before=pl.col("revision").fill_null(0).max(),
            file_end=pl.col("file_end").max(),
        ),
        on=TOLD,
    )
    ends = told.filter("bought")["timestamp"].max()
    other_customer = (pl.col("customer") != pl.col("customer_before")).fill_null(
        pl.col("customer").is_not_null() & pl.col("customer_before").is_null()
    )
    differs = (pl.col("content") != pl.col("content_before")) | (other_customer & pl.col("same_source"))
    both = new.join(old, on=TOLD, suffix="_before").with_columns(
        differs=differs, ends_earlier=pl.col("file_end") > pl.lit(ends, pl.Datetime("us", "UTC"))
    )
    return with_revisions(both.join(standing(before), on="order_id"), ends)


def _content(words: pl.DataFrame) -> pl.DataFrame:
    """`order_id`, `bought` and `content`, a text that is the same where the word is the same to the cent."""
    line = ["type", "product_id", "unit_price"]
    rounded = words.with_columns(pl.col("unit_price").round(3), back=~pl.col("bought"))
    summed = rounded.group_by(*TOLD, *line).agg(pl.col("quantity").sum(), pl.col("discount").sum())
    text = pl.format(
        "{} {} {} {}",
        "type",
        pl.col("product_id").fill_null(""),
        pl.col("unit_price").fill_null(-1.0),
        pl.col("quantity").round(3),
    )
    discount = pl.col("discount").sum().round(2).cast(pl.String)
    contents = (
        summed.with_columns(text=text).group_by(TOLD).agg(pl.col("text").sort().str.join("\n"), off=discount)
    )
    return contents.select(*TOLD, content=pl.concat_str("off", pl.lit("\n"), "text"))


def _with_old_context(lines: pl.DataFrame, before: pl.DataFrame, source: str) -> pl.DataFrame:
    """Changed words under an event id of their own; what the file does not know of the order stays."""
    names = ("customer_id", "anonymous_id", "session_id", "currency", "utm_source", "country")
    firsts = [pl.col(name).drop_nulls().first().alias(f"{name}_before") for name in names]
    orders = (
        before.filter("bought")
        .group_by("order_id")
        .agg(*firsts, same_source=(pl.col("source") == source).all())
    )
    recommended = before.filter("bought", pl.col("recommendation_id").is_not_null())
    recommended = recommended.group_by("order_id", "product_id").agg(
        recommendation_id_before=pl.col("recommendation_id").first()
    )
    joined = lines.join(orders, on="order_id", how="left", maintain_order="left").join(
        recommended, on=["order_id", "product_id"], how="left", maintain_order="left"
    )
    return joined.with_columns(
        *[pl.coalesce(name, f"{name}_before").alias(name) for name in (*names[1:], "recommendation_id")],
        customer_id=pl.when("same_source")
        .then(pl.coalesce("customer_id", "customer_id_before"))
        .otherwise(pl.coalesce("customer_id_before", "customer_id")),
        event_id=pl.format("{}~{}", "event_id", "revision"),
        revision=pl.col("revision").cast(pl.Int32),
    )


def _warnings(
    changed: pl.DataFrame, older: pl.DataFrame, edited: pl.DataFrame, before: pl.DataFrame
) -> list[str]:
    texts = []
    if orders := edited["order_id"].n_unique():
        texts.append(
            f"THIS MAY BE AN OLDER EXPORT: it ends before another that told of {orders:,} of its orders, and "
            "says otherwise what was bought. Its word counts; if it is the older one, take it back or import "
            "the newest export again"
        )
    if orders := changed["order_id"].n_unique():
        texts.append(f"{orders:,} known orders have changed since they were told: the newest word counts")
    live = changed.join(before.filter("bought", source="live"), on="order_id", how="semi")
    if orders := live["order_id"].n_unique():
        texts.append(
            f"{orders:,} of the changed orders came live, and live state has them as they were: "
            "`perennial rebuild` puts it right"
        )
    if orders := older["order_id"].n_unique():
        texts.append(
            f"This file ends before another that told of {orders:,} of its orders, and knows of less that "
            "was refunded: the refunds stay. Import the newest export last"
        )
    return texts
