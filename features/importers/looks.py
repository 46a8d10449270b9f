"""What the cells of a column look like: dates, numbers, addresses, numbers of orders, names of products."""

from collections.abc import Callable, Mapping

import polars as pl

from features.importers.numbers import read_numbers
from features.importers.statuses import UNKNOWN, meaning_of
from features.importers.values import read_times

SAMPLE = 500
MOST = 0.9
LONGEST_ID = 80


def samples(cells: pl.Series) -> pl.Series:
    """The first cells of a column that hold anything, trimmed."""
    text = cells.str.strip_chars()
    return text.filter(text.is_not_null() & (text != "")).head(SAMPLE)


def looks_like_times(cells: pl.Series) -> bool:
    """Whether nearly all are dates."""
    return _most(read_times(cells).values.is_not_null())


def looks_like_time_of_day(cells: pl.Series) -> bool:
    return _most(cells.str.contains(r"^\d{1,2}[:.]\d{2}([:.]\d{2})?(\s*[AaPp]\.?[Mm]\.?)?$"))


def looks_like_numbers(cells: pl.Series) -> bool:
    """Whether nearly all are numbers, with or without a currency."""
    return _most(read_numbers(cells).values.is_not_null())


def looks_like_address(cells: pl.Series) -> bool:
    return _most(cells.str.contains(r"^[^@\s]+@[^@\s]+\.[^@\s]+$"))


def looks_like_ids(cells: pl.Series) -> bool:
    """Whether they may be numbers or codes: short, no dates, no sums of money, no addresses."""
    if _most(cells.str.contains(r"^-?\d+[.,]\d{2}$")) or looks_like_address(cells):
        return False
    dated = cells.str.contains(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b")
    return _most(cells.str.len_chars() <= LONGEST_ID) and not _most(dated)


def looks_like_titles(cells: pl.Series) -> bool:
    """Whether most are words rather than numbers."""
    return cells.is_empty() or bool((cells.str.contains(r"\p{L}\p{L}")).mean() > 0.5)  # type: ignore[operator]


def looks_like_several(cells: pl.Series) -> bool:
    """Whether most cells hold a list of products with their numbers: `2x Mug, Bowl x 1`."""
    listed = cells.str.contains(r"(?:^|[,;|\n]\s*)\d+\s*[x×*]\s|\s[x×*]\s*\d+\s*(?:$|[,;|\n])")
    return not cells.is_empty() and bool(listed.mean() > 0.5)  # type: ignore[operator]


def looks_like_statuses(cells: pl.Series) -> bool:
    """Whether most are statuses that are known; the state of an address is none."""
    known = [meaning_of(each) != UNKNOWN for each in cells]
    return sum(known) * 2 >= len(known)


def looks_like_money_off(cells: pl.Series) -> bool:
    """Whether they are sums rather than rates, which are below 1."""
    values = read_numbers(cells).values.abs()
    rates = values.filter(values > 0)
    return looks_like_numbers(cells) and (rates.is_empty() or bool((rates > 1).any()))


def header_is_data(headers: list[str]) -> bool:
    """Whether the first row of a table holds sums, dates or addresses instead of names."""
    data = r"^\d+[.,]\d{2}$|^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b|^[^@\s]+@[^@\s]+\.[^@\s]+$"
    return bool(pl.Series(headers, dtype=pl.String).str.contains(data).any())


def looks_like_currencies(cells: pl.Series) -> bool:
    return _most(cells.str.contains(r"^([A-Za-z]{3}|[€$£¥]|zł|kr|R\$)$"))


def _most(true: pl.Series) -> bool:
    """A column without cells looks like anything."""
    return true.is_empty() or bool(true.mean() >= MOST)  # type: ignore[operator]


Look = Callable[[pl.Series], bool]
LOOKS: Mapping[str, Look] = {
    "order_id": looks_like_ids,
    "timestamp": looks_like_times,
    "time": looks_like_time_of_day,
    "email": looks_like_address,
    "customer_id": lambda cells: looks_like_ids(cells) or looks_like_address(cells),
    "sku": looks_like_ids,
    "variant_id": looks_like_ids,
    "product_id": looks_like_ids,
    "gtin": looks_like_ids,
    "title": looks_like_titles,
    "currency": looks_like_currencies,
    "refunded_at": looks_like_times,
    "cancelled_at": looks_like_times,
    "status": looks_like_statuses,
    "financial_status": looks_like_statuses,
    "discount": looks_like_money_off,
    "line_discount": looks_like_money_off,
} | dict.fromkeys(
    (
        "quantity",
        "unit_price",
        "line_total",
        "total",
        "shipping",
        "refunded",
        "refunded_quantity",
    ),
    looks_like_numbers,
)
