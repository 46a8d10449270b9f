"""Orders that share a number without being the same order: numbers restart, and shops are joined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from features.events.vocabulary import number_apart
from features.importers.existing import Existing

SAME_MOMENT = timedelta(days=2)
"""Clocks, time zones and days of payment make this much of a difference."""
OWN_NUMBER = r" \((\d{4}-\d\d-\d\d )?[0-9a-f]{8}\)$"
"""What `number_apart` puts behind a number that another order has already."""


@dataclass(frozen=True)
class Holder:
    """An order with its number. lines: its products and quantities; source: None of one in this file."""

    order_id: str
    customer: str | None
    at: datetime
    lines: frozenset[tuple[str, float]]
    source: str | None

    def is_same(self, other: Holder, *, comparable: bool) -> bool:
        """Whether both are one order: of one customer, and of one moment or the same lines.

        comparable: their customers' ids are of one kind; else products in common must do.
        """
        moment, content = abs(self.at - other.at) <= SAME_MOMENT, self.lines == other.lines
        if self.customer is None or other.customer is None or self.customer == other.customer:
            return moment or content
        common = {product for product, _ in self.lines} & {product for product, _ in other.lines}
        return moment and bool(common) and not comparable


def with_own_numbers(lines: pl.DataFrame, existing: Existing) -> tuple[pl.DataFrame, list[str]]:
    """The lines with a number of its own for each order, and the warnings about those that shared one.

    A refund follows the order of its customer, or of its own row; else the latest before it.
    """
    numbers = _shared_numbers(lines, existing.events)
    if not numbers:
        return lines, []
    named = pl.Series(sorted(numbers)).implode()
    theirs = lines.filter(pl.col("order_id").is_in(named))
    holders = _holders(existing.events.filter(_number().is_in(named)))
    foreign = _foreign_sources(lines, existing.events)
    names: dict[int, str] = {}
    shared = set()
    for (number, _, _), group in _orders(theirs.filter(pl.col("type") == "purchase")):
        name = _name(number, group, holders.setdefault(number, []), foreign)
        if name != number:
            shared.add(number)
        names |= dict.fromkeys(group["row"], name)
    refunds = theirs.filter(pl.col("type") != "purchase", ~pl.col("row").is_in(list(names)))
    for row, number, customer, at in refunds.select(
        "row", "order_id", "customer_id", "timestamp"
    ).iter_rows():
        names[row] = _refunded(number, customer, at, holders.get(number, []))
    renamed = pl.col("row").replace_strict(
        list(names), list(names.values()), default=None, return_dtype=pl.String
    )
    number_of_back = pl.when(pl.col("refund_id") == pl.col("order_id")).then(renamed)
    return lines.with_columns(
        order_id=pl.when(pl.col("order_id").is_in(named))
        .then(renamed)
        .otherwise(None)
        .fill_null(pl.col("order_id")),
        refund_id=pl.coalesce(number_of_back, "refund_id"),
    ), _warnings(shared)


def _warnings(shared: set[str]) -> list[str]:
    if not shared:
        return []
    shown = ", ".join(sorted(shared)[:5]) + (", ..." if len(shared) > 5 else "")
    return [
        f"{len(shared):,} order numbers are those of other orders, too, of another customer or another time "
        f"({shown}). They are kept apart, under the number with a mark behind it. If your numbers began "
        "anew, export them with a prefix."
    ]


def _number() -> pl.Expr:
    return pl.col("order_id").str.replace(OWN_NUMBER, "")


def _shared_numbers(lines: pl.DataFrame, events: pl.DataFrame) -> set[str]:
    """Numbers under which more than one customer or moment stands, in the file and the history together."""
    columns = ("order_id", "customer_id", "timestamp")
    told = lines.filter(pl.col("type") == "purchase", pl.col("order_id").is_not_null()).select(columns)
    before = events.filter(pl.col("type") == "purchase").select(columns)
    suffixed = before.filter(pl.col("order_id").str.contains(OWN_NUMBER)).select(_number())["order_id"]
    known = before.join(told.select("order_id").unique(), on="order_id", how="semi")
    moment = pl.col("timestamp").max() - pl.col("timestamp").min()
    several = (pl.col("customer_id").drop_nulls().n_unique() > 1) | (moment > SAME_MOMENT)
    suspects = pl.concat([told, known]).group_by("order_id").agg(several=several).filter("several")
    of_refunds = lines.filter(pl.col("order_id").is_in(suffixed.implode()))["order_id"]
    return {*suspects["order_id"], *of_refunds}


def _holders(events: pl.DataFrame) -> dict[str, list[Holder]]:
    holders: dict[str, list[Holder]] = {}
    purchases = events.filter(pl.col("type") == "purchase").with_columns(number=_number())
    for (number, order_id), group in purchases.group_by("number", "order_id", maintain_order=True):
        source = str(group["source"].first())
        holders.setdefault(str(number), []).append(_holder(str(order_id), group, source))
    return holders


def _orders(purchases: pl.DataFrame) -> Iterator[tuple[tuple[str, str | None, int], pl.DataFrame]]:
    """Lines of each order of a file: of one number, one customer, one moment."""
    gap = pl.col("timestamp").diff() > SAME_MOMENT
    parted = purchases.sort("timestamp", "row").with_columns(
        part=gap.fill_null(value=False).cum_sum().over("order_id", "customer_id")
    )
    for (number, customer, part), group in parted.sort("row").group_by(
        "order_id", "customer_id", "part", maintain_order=True
    ):
        yield (str(number), customer if isinstance(customer, str) else None, int(str(part))), group


def _holder(order_id: str, group: pl.DataFrame, source: str | None) -> Holder:
    content = group.group_by("product_id").agg(pl.col("quantity").sum())
    at = group["timestamp"].min()
    assert isinstance(at, datetime)  # noqa: S101 - purchases have a time
    customer = group["customer_id"].drop_nulls().first()
    return Holder(
        order_id, str(customer) if customer is not None else None, at, frozenset(content.rows()), source
    )


def _name(number: str, group: pl.DataFrame, holders: list[Holder], foreign: set[str]) -> str:
    """The name of the order, which from then on is among the holders of its number."""
    own = _holder(number, group, None)
    same = [each for each in holders if each.is_same(own, comparable=each.source not in foreign)]
    if same:
        return max(same, key=lambda each: (each.customer == own.customer, each.lines == own.lines)).order_id
    again = own.customer in {None, *(each.customer for each in holders)}
    day = f"{own.at:%Y-%m-%d}" if again else ""
    name = number_apart(number, own.customer, day) if holders else number
    holders.append(Holder(name, own.customer, own.at, own.lines, None))
    return name


def _foreign_sources(lines: pl.DataFrame, events: pl.DataFrame) -> set[str]:
    """Sources that know none of the file's customers: their ids are probably of another kind."""
    theirs = lines["customer_id"].drop_nulls().unique().implode()
    known = events.group_by("source").agg(known=pl.col("customer_id").is_in(theirs).any())
    return {str(source) for source, any_known in known.iter_rows() if not any_known}


def _refunded(number: str, customer: str | None, at: datetime, holders: list[Holder]) -> str:
    theirs = [each for each in holders if each.customer == customer] if customer else holders
    earlier = [each for each in theirs or holders if each.at <= at] or theirs or holders
    return max(earlier, key=lambda each: each.at).order_id if earlier else number
