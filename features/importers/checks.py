"""Numbers, times and the rules a line must pass; what fails gets its reason."""

from datetime import datetime

import polars as pl

from features.events.vocabulary import NEEDS_PRODUCT, is_possible_time
from features.importers.date_texts import KNOWN
from features.importers.lines import ID_COLUMNS
from features.importers.reasons import RejectReason, first_reason
from features.importers.refusal import ImportRefused
from features.importers.table import FileTable
from features.importers.values import TIME, Times, number, read_times

LARGEST_QUANTITY, LARGEST_PRICE = 1e7, 1e9  # as features.events.vocabulary has them
IS_ORDER = pl.col("type").is_in(["purchase", "refund"])
NUMBER = pl.coalesce("order_id", "refund_id")
NUMBERS = ("quantity", "unit_price", "discount", "refunded_so_far")


def with_values(lines: pl.DataFrame, zone: str = "UTC") -> tuple[pl.DataFrame, Times]:
    """Parse numbers and times where cells are still text; `bad_price` marks a price that is no number.

    Numbers are plain already (see `numbers.with_plain_numbers`); zone: of times that name none.
    A purchase of a negative quantity becomes a refund, and its order id the refund id.
    Raises ImportRefused where there are dates and none of them can be read.
    """
    if lines.schema["timestamp"] == pl.String:
        times = _times(lines["timestamp"], zone)
        texts = [name for name in NUMBERS if lines.schema[name] == pl.String]
        price = number(pl.col("unit_price")) if "unit_price" in texts else pl.col("unit_price")
        lines = lines.with_columns(
            *[number(pl.col(name)).alias(name) for name in texts],
            timestamp=times.values,
            changed_at=_changes(lines["changed_at"], zone),
            bad_price=price.is_null() & pl.col("unit_price").is_not_null(),
        )
    else:
        times = Times(lines["timestamp"], "ISO 8601")
        lines = lines.with_columns(
            pl.col("discount", "refunded_so_far").cast(pl.Float64),
            pl.col("changed_at").cast(TIME),
            bad_price=pl.lit(value=False),
        )
    returned = (pl.col("type") == "purchase") & (pl.col("quantity") < 0)
    return lines.with_columns(
        type=pl.when(returned).then(pl.lit("refund")).otherwise("type"),
        refund_id=pl.when(returned).then("order_id").otherwise("refund_id"),
        order_id=pl.when(~returned.fill_null(value=False)).then("order_id"),
        returned=pl.col("quantity") < 0,
        quantity=pl.when(pl.col("type").is_in(["purchase", "refund"]))
        .then(pl.col("quantity").abs())
        .otherwise("quantity"),
    ), times


def _changes(text: pl.Series, zone: str) -> pl.Series:
    """Null where it is not said or not understood."""
    return text.cast(TIME) if text.null_count() == text.len() else read_times(text, zone).values


def _times(text: pl.Series, zone: str) -> Times:
    times = read_times(text, zone)
    if times.values.null_count() == text.len() > text.null_count():
        found = ", ".join(repr(each[:40]) for each in text.drop_nulls().unique(maintain_order=True)[:3])
        raise ImportRefused(f"None of the dates can be read: {found}. Known are {KNOWN}.")
    return times


def with_reasons(
    lines: pl.DataFrame,
    table: FileTable,
    duplicates: pl.DataFrame,
    received_at: datetime,
    largest_order: float,
) -> pl.DataFrame:
    """Fill `reason` (null: the line is good) and `detail`; the first failed rule gives the reason.

    duplicates: `row` and `first_line`, of those rows that repeat another.
    """
    told = lines.with_columns(
        reason=pl.coalesce("reason", first_reason(_rules(lines, received_at, largest_order)))
    ).drop("bad_price", "returned")
    return with_row_reasons(told, table, duplicates)


def with_row_reasons(lines: pl.DataFrame, table: FileTable, duplicates: pl.DataFrame) -> pl.DataFrame:
    """The same with the reasons that whole rows have, which come before all others."""
    if duplicates.is_empty() and not table.surplus.any():
        return lines
    places = lines.select("row").join(duplicates, on="row", how="left", maintain_order="left")
    duplicate = pl.lit(places["first_line"].is_not_null())
    surplus = pl.lit(table.surplus.gather(lines["row"]))
    rules = {RejectReason.SURPLUS_CELLS: surplus, RejectReason.DUPLICATE: duplicate}
    return lines.with_columns(
        reason=pl.coalesce(first_reason(rules), "reason"),
        detail=pl.when(duplicate).then(pl.lit(places["first_line"])).otherwise("detail"),
    )


def is_bad_id(name: pl.Expr) -> pl.Expr:
    """Whether it is too long for an id, or holds control characters."""
    return (name.str.len_chars() > 512) | name.str.contains(r"[\x00-\x1f\x7f]")


def _rules(lines: pl.DataFrame, received_at: datetime, largest_order: float) -> dict[RejectReason, pl.Expr]:
    """Each expression is true of the lines to reject for that reason."""
    price, quantity, time = pl.col("unit_price"), pl.col("quantity"), pl.col("timestamp")
    no_shopper = pl.coalesce("customer_id", "anonymous_id", "session_id").is_null()
    nobodys = IS_ORDER & no_shopper & (price == 0)
    needs_product = pl.col("type").is_in(["purchase", *sorted(NEEDS_PRODUCT)])
    return {
        RejectReason.NO_ORDER: IS_ORDER & NUMBER.is_null(),
        RejectReason.BAD_ID: pl.any_horizontal(is_bad_id(pl.col(each)) for each in ID_COLUMNS),
        RejectReason.BAD_QUANTITY: quantity.is_null() | (quantity <= 0) | (quantity > LARGEST_QUANTITY),
        RejectReason.BAD_PRICE: pl.col("bad_price") | (price > LARGEST_PRICE),
        RejectReason.NEGATIVE_PRICE: price < 0,
        RejectReason.TOO_MUCH: _is_worth_more(lines, largest_order),
        RejectReason.BAD_TIME: time.is_null(),
        RejectReason.TIME_OUT_OF_RANGE: ~is_possible_time(time, pl.lit(received_at, TIME)),
        RejectReason.ADJUSTMENT: nobodys & (pl.col("returned") | NUMBER.is_in(_unpriced(lines, nobodys))),
        RejectReason.NO_PRODUCT: needs_product & pl.col("product_id").is_null(),
    }


def _is_worth_more(lines: pl.DataFrame, largest_order: float) -> pl.Expr:
    """Whether the line's order, or what is none itself, is worth more."""
    worth = (pl.col("unit_price") * pl.col("quantity")).fill_null(0.0)
    orders = lines.lazy().filter(IS_ORDER).group_by("type", number=NUMBER).agg(worth=worth.clip(0).sum())
    large = orders.filter(pl.col("worth") > largest_order).collect(engine="streaming")
    alone = ~IS_ORDER & (worth > largest_order)
    if large.is_empty():
        return alone
    return alone | pl.struct("type", number=NUMBER).is_in(
        large.select(pl.struct("type", "number")).to_series().implode()
    )


def _unpriced(lines: pl.DataFrame, nobodys: pl.Expr) -> pl.Series:
    """A list of the numbers of nobody's free lines without any line of theirs at a price."""
    numbers = lines.filter(nobodys).select(NUMBER.unique()).to_series()
    theirs = lines.lazy().filter(NUMBER.is_in(numbers.implode())).group_by(number=NUMBER)
    highest = theirs.agg(pl.col("unit_price").max()).collect(engine="streaming")
    return highest.filter(pl.col("unit_price") == 0)["number"].implode()
