"""Rows of any platform's order file, a row a line of an order, as purchase and refund lines."""

from collections.abc import Sequence

import polars as pl

from features.importers.lines import ID_SEPARATOR, LINE_COLUMNS
from features.importers.numbers import OF_ORDERS as MONEY
from features.importers.order_money import with_goods_money
from features.importers.reasons import RejectReason
from features.importers.statuses import UNKNOWN, meanings
from features.importers.values import number

WORDS = (
    "timestamp",
    "status",
    "financial_status",
    "email",
    "phone",
    "customer_id",
    "person",
    "cancelled_at",
    "refunded_at",
    "taxes_included",
    "currency",
    "country",
    "coupon",
    "utm_source",
    "other_number",
    "changed_at",
)
OF_PART = ("timestamp", "email")  # equal on all rows of a `part` that state them
OF_LINES = ("quantity", "unit_price", "line_total", "line_discount", "refunded_quantity")
PRODUCT_IDS = ("sku", "variant_id", "product_id", "gtin")
TITLES = ("title", "options")
COLUMNS = ("order_id", *WORDS, *MONEY, *OF_LINES, *PRODUCT_IDS, *TITLES)
"""Our names of what such a file may say, all text; `subtotal`: the goods after all discounts on them;
`changed_at`: when the
shop changed the order last; `person`: a customer's own name, where nothing else says who it is."""


def read_orders(rows: pl.DataFrame) -> pl.DataFrame:
    """Lines from `row` and any of COLUMNS; the cells of an order may stand on its first row only.

    Each line states in `refunded_so_far` all goods money of its order that went back until the export.
    """
    absent = [pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in rows.columns]
    numbered = _with_number_above(rows.with_columns(absent))
    lines = _counted(with_goods_money(_with_products(_whole_orders(numbered))))
    empty = _without_line(numbered.select("row", "order_id"), lines)
    parts = (_of_line(lines), _of_line(_refunds(lines)), empty)
    return pl.concat([each for each in parts if each.height] or [empty], how="diagonal_relaxed")


def _counted(orders: pl.DataFrame) -> pl.DataFrame:
    """Purchase lines, with a reason where they do not count."""
    named = orders.with_columns(
        type=pl.lit("purchase"),
        currency=pl.col("currency").str.to_uppercase(),
        order_id=pl.col("order_id").str.strip_prefix("#"),
        refund_id="other_number",
        meaning=meanings(orders["financial_status"], orders["status"]),
        status=pl.coalesce("financial_status", "status"),
    )
    return _with_status(named)


def _of_line(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select(name for name in ("row", *LINE_COLUMNS) if name in lines.columns)


def _without_line(rows: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """`row` and `reason` of those that gave no lines: they name no product and no quantity."""
    if rows.height == lines.height:
        return pl.DataFrame(schema={"row": pl.UInt32, "reason": pl.String})
    empty = rows.join(lines, on="row", how="anti")
    theirs = rows.join(lines, on="row", how="semi")["order_id"]
    told = pl.col("order_id").is_in(theirs.drop_nulls().unique().implode())
    of_order, alone = pl.lit(RejectReason.ORDER_ALONE.value), pl.lit(RejectReason.NO_PRODUCT.value)
    return empty.select("row", reason=pl.when(told).then(of_order).otherwise(alone))


def _whole_orders(rows: pl.DataFrame) -> pl.DataFrame:
    """Every row with the cells of its order, and numbers as Float64. `part`: UInt64, which order it is.

    Orders that share a number are told apart by customer and time.
    """
    named = rows.with_columns(part=_customer_and_time())
    if named["part"].has_nulls():
        named = named.with_columns(pl.col("part").forward_fill().over("order_id"))
    numbers = [number(pl.col(name)).alias(name) for name in (*MONEY, *OF_LINES)]
    filled = named.with_columns(
        *numbers, part=pl.struct("order_id", "part").hash(), bad_price=_is_no_number("unit_price")
    )
    whole = [name for name in OF_PART if not filled[name].has_nulls()]
    told = [
        name
        for name in (*WORDS, *MONEY)
        if filled[name].null_count() < filled.height and name not in whole  # a copy takes memory
    ]
    return filled.with_columns(
        pl.col(told).first(ignore_nulls=True).over("part"), is_first=pl.col("part").is_first_distinct()
    )


def _with_number_above(rows: pl.DataFrame) -> pl.DataFrame:
    """A row without any cell of an order goes on with the order above."""
    if not rows["order_id"].has_nulls():
        return rows
    begins = pl.any_horizontal(pl.col("order_id", *WORDS).is_not_null())
    number_above = pl.when(begins).then("order_id").otherwise(pl.col("order_id").forward_fill())
    return rows.with_columns(order_id=number_above)


def _customer_and_time() -> pl.Expr:
    """A number for both together; null where a row says neither."""
    who = pl.coalesce("email", "customer_id", "phone", "person")
    told = pl.any_horizontal(pl.col("timestamp", "email", "customer_id").is_not_null())
    return pl.when(told).then(pl.struct(who, "timestamp").hash())


def _is_no_number(name: str) -> pl.Expr:
    return pl.col(name).is_not_null() & number(pl.col(name)).is_null()


def _with_products(orders: pl.DataFrame) -> pl.DataFrame:
    """`product_id` and `title`: a product without any id is known by its title and options."""
    title = _joined(orders, TITLES, " - ")
    has_line = pl.col("quantity").is_not_null() | title.is_not_null()
    own_id = pl.coalesce(*PRODUCT_IDS, title)
    others = _joined(orders, PRODUCT_IDS, ID_SEPARATOR).fill_null("")
    return orders.filter(has_line | own_id.is_not_null()).with_columns(
        product_id=own_id, title=title, other_ids=others
    )


def _joined(orders: pl.DataFrame, names: Sequence[str], separator: str) -> pl.Expr:
    """The texts of these columns, one behind the other; null where there is none."""
    told = [name for name in names if orders[name].null_count() < orders.height] or names[:1]
    if len(told) == 1:
        return pl.col(told[0])
    together = pl.concat_str(told, separator=separator, ignore_nulls=True)
    return pl.when(pl.any_horizontal(pl.col(told).is_not_null())).then(together)


def _with_status(lines: pl.DataFrame) -> pl.DataFrame:
    """`reason` and `detail` of lines that do not count; `status` of those whose status nobody knows."""
    reason = (
        pl.when(pl.col("meaning") == "never")
        .then(pl.lit(RejectReason.VOID.value))
        .when(pl.col("meaning") == "waits")
        .then(pl.lit(RejectReason.UNPAID.value))
        .when("bad_price")
        .then(pl.lit(RejectReason.BAD_PRICE.value))
    )
    return lines.with_columns(
        reason=reason,
        detail=pl.when(pl.col("meaning").is_in(["never", "waits"])).then("status"),
        status=pl.when(pl.col("meaning") == UNKNOWN).then("status"),
    )


def _refunds(lines: pl.DataFrame) -> pl.DataFrame:
    """Refund lines: every line of an order that went back whole, else pieces, and the rest as one sum."""
    whole = pl.col("cancelled_at").is_not_null() | (pl.col("meaning") == "refunded") | pl.col("all_refunded")
    whole = whole.fill_null(value=False)
    back = whole | (pl.col("refunded_quantity") > 0) | (pl.col("refunded_so_far") > 0.005)
    concerned = lines.filter(back)["part"].unique().implode()
    counted = lines.filter(pl.col("reason").is_null(), pl.col("quantity") > 0)
    refunds = counted.filter(pl.col("part").is_in(concerned)).with_columns(
        type=pl.lit("refund"),
        refund_id=pl.col("order_id"),
        timestamp=pl.coalesce("refunded_at", "cancelled_at", "timestamp"),
        discount=None,
        status=None,
    )
    pieces = refunds.filter(~whole, pl.col("refunded_quantity") > 0).with_columns(
        quantity=pl.min_horizontal("quantity", "refunded_quantity"), unit_price="paid_price"
    )
    given = (pl.col("quantity") * pl.col("unit_price")).sum().alias("given")
    rest = pl.col("refunded_so_far") - pl.col("given").fill_null(0.0)
    sums = (
        refunds.filter(~whole)
        .unique("part", keep="first", maintain_order=True)
        .join(pieces.group_by("part").agg(given), on="part", how="left", maintain_order="left")
        .filter(rest > 0.005)
        .with_columns(
            product_id=pl.lit(None, pl.String), title=pl.lit(None, pl.String), quantity=1.0, unit_price=rest
        )
    )
    return pl.concat([refunds.filter(whole), pieces, sums], how="diagonal_relaxed")
