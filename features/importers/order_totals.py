"""Whether a column of sums is a line's or the order's: its header often leaves it open, its cells tell."""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from features.importers.numbers import read_numbers

AGREE = 0.95
MOST = 0.5
CENT = 0.011


class Totals(NamedTuple):
    """columns: our name -> header. doubts: our name -> why."""

    columns: dict[str, str]
    doubts: dict[str, str]


def sort_out_totals(
    cells: pl.DataFrame, found: Mapping[str, str], given: Mapping[str, str], doubts: Mapping[str, str]
) -> Totals:
    """Keep `line_total` where lines differ within their orders or no other price is known, alone where it is
    less discounts that no column tells; call a discount that differs within an order the line's."""
    totals = Totals(dict(found), dict(doubts))
    if "discount" in found and "line_discount" not in found and "discount" not in given:
        _move(totals, "discount", "line_discount" if _differs(cells, found, "discount") else "discount")
    if "line_total" not in found and "unit_price" not in found and "total" in found and "total" not in given:
        _move(totals, "total", "line_total")
    if "line_total" not in totals.columns:
        return totals
    off = _taken_off(cells, totals.columns)
    if (
        _are_discounts(off)
        and not {"discount", "line_discount"} & {*totals.columns}
        and "unit_price" not in given
    ):
        for told in totals:
            told.pop("unit_price", None)
    if "line_total" in given:
        return totals
    if "unit_price" in totals.columns:
        if not _is_share(off.abs() < CENT, AGREE):
            _move(totals, "line_total", "total")
    elif _is_the_orders(cells, totals.columns):
        header = totals.columns["line_total"]
        totals.doubts["line_total"] = f"{header!r} may be what the whole order cost, not the line"
    return totals


def _move(totals: Totals, name: str, to: str) -> None:
    """Call a column and the doubt about it by another of our names, unless that has one."""
    for told in totals:
        if name in told and name != to:
            told.setdefault(to, told.pop(name))


def _differs(cells: pl.DataFrame, columns: Mapping[str, str], name: str) -> bool:
    """Whether an order of several lines has different values on them."""
    if "order_id" not in columns:
        return False
    sums = cells.group_by(columns["order_id"]).agg(
        pl.col(columns[name]).replace("", None).drop_nulls().n_unique()
    )
    return bool((sums[columns[name]] > 1).any())


def _taken_off(cells: pl.DataFrame, columns: Mapping[str, str]) -> pl.Series:
    """Of each row, by how much its sum is less than quantity times price; empty where a column is lacking."""
    names = ("unit_price", "quantity", "line_total")
    if not {*names} <= {*columns}:
        return pl.Series(dtype=pl.Float64)
    values = pl.DataFrame({name: read_numbers(cells[columns[name]]).values for name in names})
    price, quantity, total = map(pl.col, names)
    return values.select((price * quantity).abs() - total.abs()).to_series()


def _are_discounts(off: pl.Series) -> bool:
    """Whether most sums are quantity times price, and the others less: never more, as an order's sums are."""
    return _is_share(off.abs() < CENT, MOST) and bool((off >= CENT).any() and (off > -CENT).all())


def _is_share(true: pl.Series, least: float) -> bool:
    share = true.mean()
    return isinstance(share, float) and share >= least


def _is_the_orders(cells: pl.DataFrame, columns: Mapping[str, str]) -> bool:
    """Whether each order of several lines has one and the same sum on all of them, or on its first alone."""
    if "order_id" not in columns:
        return False
    order, total = pl.col(columns["order_id"]), pl.col(columns["line_total"])
    several = cells.filter(order.len().over(order) > 1)
    sums = several.group_by(order).agg(total.replace("", None).drop_nulls().n_unique().alias("sums"))
    return sums.height > 0 and bool((sums["sums"] <= 1).mean() >= AGREE)  # type: ignore[operator]
