"""Text to numbers by the whole column, since 1.250 is 1250 in some files and 1.25 in others."""

from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from features.importers.number_texts import DecimalMark, Evidence, NumberTexts, parse
from features.importers.refusal import ImportRefused
from features.importers.values import number

OF_LINES = ("unit_price", "line_total", "line_discount", "refunded_so_far")
OF_ORDERS = (
    "discount",
    "shipping",
    "shipping_discount",
    "tax",
    "tip",
    "gift_card",
    "subtotal",
    "total",
    "refunded",
)
MONEY = (*OF_LINES, *OF_ORDERS, "price", "regular_price", "sale_price", "surcharge", "cost", "spend", "rate")
QUANTITIES = ("quantity", "refunded_quantity", "stock")
"""These learn from the money of their file, and teach it nothing."""
PRICES = ("sale_price", "price", "regular_price", "unit_price", "line_total", "total", "spend")
"""Where a currency may stand beside the number, the first that has one counts."""
SYMBOLS = {"€": "EUR", "£": "GBP", "₹": "INR", "₺": "TRY", "₽": "RUB", "₴": "UAH", "zł": "PLN", "Kč": "CZK"}
NAMES: dict[DecimalMark, str] = {".": "decimal point", ",": "decimal comma"}


@dataclass(frozen=True)
class Numbers:
    """A column of numbers: Float64, null where the text is none; how it was read; warnings."""

    values: pl.Series
    how: str
    warnings: tuple[str, ...] = ()


class PlainRows(NamedTuple):
    """Rows whose numbers are written as `number` reads them, and warnings."""

    rows: pl.DataFrame
    warnings: tuple[str, ...]


class _Column(NamedTuple):
    """A column of text, its distinct texts, these as numbers, and what they say about the decimal mark."""

    text: pl.Series
    distinct: pl.Series
    numbers: NumberTexts
    evidence: Evidence


def read_numbers(text: pl.Series, decimal: str | None = None) -> Numbers:
    """A column of text as numbers; decimal: "." or ",", or None to find it in the column.

    Raises ImportRefused for another `decimal`.
    """
    column = _column(text)
    mark, warnings = _decide(column, column.evidence, _checked(decimal))
    values = _plain(column, mark).to_frame().select(number(pl.first())).to_series()
    return Numbers(values, NAMES[mark], warnings)


def with_plain_numbers(rows: pl.DataFrame, decimal: str | None = None) -> PlainRows:
    """Rewrite the numbers in MONEY and QUANTITIES plainly; text that is no number stays as it is.

    All columns of money of one file decide together what . and , mean, unless one says otherwise itself.
    A currency that stands beside a price goes into the column `currency`.
    Raises ImportRefused for a `decimal` that is neither "." nor ",".
    """
    asked = _checked(decimal)
    columns = [_column(rows[name]) for name in (*MONEY, *QUANTITIES) if rows.schema.get(name) == pl.String]
    money = [column.evidence for column in columns if column.text.name not in QUANTITIES]
    together = Evidence(*(sum(counts) for counts in zip(*money, strict=True)))
    decisions = [_decide(column, together, asked) for column in columns]
    plain = [_plain(column, mark) for column, (mark, _) in zip(columns, decisions, strict=True)]
    warnings = tuple(warning for _, warnings in decisions for warning in warnings)
    return PlainRows(_with_currencies(rows).with_columns(plain), warnings)


def _column(text: pl.Series) -> _Column:
    distinct = text.drop_nulls().unique(maintain_order=True)
    numbers = parse(distinct)
    return _Column(text, distinct, numbers, numbers.evidence())


def _plain(column: _Column, mark: DecimalMark) -> pl.Series:
    written = column.numbers.plain(mark)
    changed = (written != column.distinct).fill_null(value=False)
    if not changed.any():
        return column.text
    return column.text.replace(column.distinct.filter(changed), written.filter(changed))


def _decide(
    column: _Column, together: Evidence, asked: DecimalMark | None
) -> tuple[DecimalMark, tuple[str, ...]]:
    """The decimal mark of a column, and a warning if its numbers can be read otherwise."""
    own = column.evidence
    shown = own if own.point or own.comma else together
    mark = asked or shown.likelier or own.guess
    doubtful = column.distinct.filter(column.numbers.doubtful)
    contradictory = bool(shown.point and shown.comma)
    if asked or doubtful.is_empty() or (shown.likelier and not contradictory):
        return mark, ()
    return mark, (_warning(column.text.name, doubtful, mark, contradictory=contradictory),)


def _warning(name: str, doubtful: pl.Series, mark: DecimalMark, *, contradictory: bool) -> str:
    other: DecimalMark = "," if mark == "." else "."
    example = parse(doubtful[:1])
    here, there = (float(example.plain(each)[0]) for each in (mark, other))
    why = (
        "the file has decimal points and decimal commas"
        if contradictory
        else "nothing in the file says which"
    )
    return (
        f"{name or 'The column'} MAY BE WRONG BY A FACTOR OF 1000: {doubtful[0]!r} was read as {here:g}, but "
        f"could be {there:g} ({doubtful.len():,} such numbers, and {why}). If it is {there:g}, import again "
        f"with --decimal '{other}'; --decimal '{mark}' confirms {here:g}"
    )


def _with_currencies(rows: pl.DataFrame) -> pl.DataFrame:
    """`currency` as a code, where it or what stands beside a price is a code or a symbol of one currency."""
    if rows.schema.get("currency") == pl.String:
        rows = rows.with_columns(currency=pl.coalesce(_currencies(rows["currency"]), "currency"))
    named = [name for name in PRICES if rows.schema.get(name) == pl.String]
    beside = [rows[name] for name in named if rows[name].str.contains(r"[A-Z]{3}|[^\x00-\x7f]").any()]
    codes = [_currencies(text).alias(f"\0{n}") for n, text in enumerate(beside)]
    if not codes:
        return rows
    known = [pl.col("currency")] if "currency" in rows.columns else []
    currency = pl.coalesce([*(pl.col(code.name) for code in codes), *known])
    return rows.with_columns(codes).with_columns(currency=currency).drop(code.name for code in codes)


def _currencies(text: pl.Series) -> pl.Series:
    symbols = [
        pl.when(pl.first().str.contains(symbol, literal=True)).then(pl.lit(code))
        for symbol, code in SYMBOLS.items()
    ]
    distinct = text.drop_nulls().unique()
    codes = (
        distinct.to_frame()
        .select(pl.coalesce(pl.first().str.extract(r"\b([A-Z]{3})\b"), *symbols))
        .to_series()
    )
    return text.replace_strict(distinct, codes, default=None, return_dtype=pl.String)


def _checked(decimal: str | None) -> DecimalMark | None:
    match decimal:
        case None | "." | ",":
            return decimal
    raise ImportRefused(f"The decimal mark is '.' or ',', not {decimal!r}.")
