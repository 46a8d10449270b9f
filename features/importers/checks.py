"""Numbers, times and the rules a line must pass; what fails gets its reason."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from features.events.vocabulary import NEEDS_PRODUCT, is_possible_time
from features.importers.lines import IDS
from features.importers.reasons import Reason
from features.importers.table import Table
from features.importers.values import TIME, Times, number, read_times

LARGEST_QUANTITY, LARGEST_PRICE = 1e7, 1e9  # as features.events.vocabulary has them


def with_values(lines: pl.DataFrame) -> tuple[pl.DataFrame, Times]:
    """Numbers and times of lines whose cells are still text; `bad_price` marks what is no number.

    A negative quantity makes a purchase a refund: its number becomes the refund's.
    """
    if lines.schema["timestamp"] == pl.String:
        times = read_times(lines["timestamp"])
        price, discount = number(pl.col("unit_price")), number(pl.col("discount"))
        lines = lines.with_columns(
            timestamp=times.values,
            quantity=number(pl.col("quantity")),
            unit_price=price,
            discount=discount,
            refunded_so_far=number(pl.col("refunded_so_far")),
            bad_price=price.is_null() & pl.col("unit_price").is_not_null(),
        )
    else:
        times = Times(lines["timestamp"], "ISO 8601")
        lines = lines.with_columns(
            pl.col("discount", "refunded_so_far").cast(pl.Float64), bad_price=pl.lit(value=False)
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


def with_reasons(lines: pl.DataFrame, table: Table, received_at: datetime) -> pl.DataFrame:
    """Fill `reason` (null: the line is good) and `detail`, the first rule that fails counting."""
    repeated = lines.join(_duplicates(table), on="row", how="left", maintain_order="left")
    surplus = pl.lit(table.surplus.gather(lines["row"]))
    duplicate = pl.col("first_line").is_not_null()
    rules = {Reason.SURPLUS_CELLS: surplus, Reason.DUPLICATE: duplicate}
    found = [_when(rule, reason) for reason, rule in rules.items()]
    judged = [_when(rule, reason) for reason, rule in _rules(received_at).items()]
    return repeated.with_columns(
        reason=pl.coalesce(*found, "reason", *judged),
        detail=pl.when(duplicate).then(pl.format("line {}", "first_line")).otherwise("detail"),
    ).drop("first_line", "bad_price", "returned")


def _when(rule: pl.Expr, reason: Reason) -> pl.Expr:
    return pl.when(rule).then(pl.lit(reason.value))


def _rules(received_at: datetime) -> dict[Reason, pl.Expr]:
    """A rule is true of a line that fails it."""
    price, quantity, time = pl.col("unit_price"), pl.col("quantity"), pl.col("timestamp")
    order = pl.col("type").is_in(["purchase", "refund"])
    named = pl.coalesce("order_id", "refund_id")
    nobody = pl.coalesce("customer_id", "anonymous_id", "session_id").is_null()
    unpriced = (price.max() == 0).over(named)
    needs_product = pl.col("type").is_in(["purchase", *sorted(NEEDS_PRODUCT)])
    return {
        Reason.NO_ORDER: order & named.is_null(),
        Reason.BAD_ID: pl.any_horizontal(
            (pl.col(each).str.len_chars() > 512) | pl.col(each).str.contains(r"[\x00-\x1f\x7f]")
            for each in IDS
        ),
        Reason.BAD_QUANTITY: quantity.is_null() | (quantity <= 0) | (quantity > LARGEST_QUANTITY),
        Reason.BAD_PRICE: pl.col("bad_price") | (price > LARGEST_PRICE),
        Reason.NEGATIVE_PRICE: price < 0,
        Reason.BAD_TIME: time.is_null(),
        Reason.TIME_OUT_OF_RANGE: ~is_possible_time(time, pl.lit(received_at, TIME)),
        Reason.ADJUSTMENT: order & nobody & (price == 0) & (pl.col("returned") | unpriced),
        Reason.NO_PRODUCT: needs_product & pl.col("product_id").is_null(),
    }


def _duplicates(table: Table) -> pl.DataFrame:
    """Rows all of whose cells stood in an earlier row: `row` and `first_line`."""
    numbered = table.cells.with_columns(table.lines.alias("\0line")).with_row_index("row")
    suspects = numbered.filter(table.cells.hash_rows().is_duplicated())
    first = pl.col("\0line").first().over(table.cells.columns)
    found = suspects.with_columns(first_line=first).filter(pl.col("\0line") != pl.col("first_line"))
    return found.select("row", "first_line")
