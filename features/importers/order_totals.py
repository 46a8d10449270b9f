"""Whether a column of sums is a line's or the order's: its header often leaves it open, its cells tell."""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from features.importers.values import number

AGREE = 0.95
CENT = 0.011


class Totals(NamedTuple):
    """columns: our name -> header. doubts: our name -> why."""

    columns: dict[str, str]
    doubts: dict[str, str]


def sort_out_totals(cells: pl.DataFrame, found: Mapping[str, str], given: Mapping[str, str]) -> Totals:
    """Keep `line_total` where lines differ within their orders or no other price is known."""
    columns = dict(found)
    if "line_total" not in columns and "unit_price" not in columns and "total" in columns:
        if "total" in given:
            return Totals(columns, {})
        columns["line_total"] = columns.pop("total")
    if "line_total" not in columns or "line_total" in given:
        return Totals(columns, {})
    if "unit_price" in columns:
        if not _agrees(cells, columns):
            header = columns.pop("line_total")
            columns.setdefault("total", header)
        return Totals(columns, {})
    doubt = f"{columns['line_total']!r} may be what the whole order cost, not the line"
    return Totals(columns, {"line_total": doubt} if _is_the_orders(cells, columns) else {})


def _agrees(cells: pl.DataFrame, columns: Mapping[str, str]) -> bool:
    """Whether the sum is quantity times price in most rows."""
    if "quantity" not in columns:
        return False
    price, quantity, total = (_money(columns[name]) for name in ("unit_price", "quantity", "line_total"))
    share = cells.select(((price * quantity - total).abs() < CENT).mean()).item()
    return share is not None and share >= AGREE


def _is_the_orders(cells: pl.DataFrame, columns: Mapping[str, str]) -> bool:
    """Whether each order of several lines has one and the same sum on all of them, or on its first alone."""
    if "order_id" not in columns:
        return False
    order, total = pl.col(columns["order_id"]), pl.col(columns["line_total"])
    several = cells.filter(order.len().over(order) > 1)
    sums = several.group_by(order).agg(total.replace("", None).drop_nulls().n_unique().alias("sums"))
    return sums.height > 0 and bool((sums["sums"] <= 1).mean() >= AGREE)  # type: ignore[operator]


def _money(header: str) -> pl.Expr:
    return number(pl.col(header).str.replace_all(r"[A-Za-zł€£$\u00a0\s]", ""))
