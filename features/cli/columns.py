"""Asking whoever imports which column of a table is what."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial

import polars as pl
from rich.markup import escape
from rich.prompt import Confirm, Prompt

from features.cli.options import Bars, errors, show_table
from features.importers.guesses import IN_WORDS, Guess, missing_needs
from features.importers.looks import samples
from features.importers.mapping import Ask
from features.importers.order_lines import MAPPABLE

SAMPLES = 3
NONE = "-"
ALWAYS_ASKED = ("order_id", "timestamp", "email", "sku", "title", "quantity", "unit_price", "currency")
IN_FULL = {
    "order_id": "Order number",
    "timestamp": "When it was ordered",
    "time": "Time of day, where it stands apart",
    "email": "Customer's e-mail address",
    "customer_id": "Customer's number",
    "sku": "Product's number (SKU)",
    "title": "Product's name",
    "options": "Variant (size, colour)",
    "quantity": "Quantity",
    "unit_price": "Price of one",
    "line_total": "Price of the whole line",
    "total": "What the whole order cost",
    "currency": "Currency",
}


def ask_columns(bars: Bars, *, yes: bool) -> Ask | None:
    """How a guess is confirmed: with `yes` as it is, on a terminal by a question, else by nobody."""
    if yes:
        return _unasked
    return partial(_ask, bars) if is_terminal() else None


def only_given(maps: Sequence[str]) -> Ask:
    """No guess: the columns that `our name=header` names, and no others."""
    names = {each.partition("=")[0].strip() for each in maps}
    return lambda _, guess: {name: header for name, header in guess.columns.items() if name in names}


def is_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _unasked(_: pl.DataFrame, guess: Guess) -> Mapping[str, str] | None:
    return None if guess.missing else guess.columns


def _ask(bars: Bars, cells: pl.DataFrame, guess: Guess) -> Mapping[str, str]:
    with bars.paused():
        _show(cells, guess)
        columns = dict(guess.columns)
        if not guess.missing and Confirm.ask("Is this right?", default=True):
            return columns
        while True:
            columns = _corrected(cells, columns)
            lacking = missing_needs(columns)
            if not lacking:
                return columns
            errors.print(*(f"Still missing: {IN_WORDS[need]}." for need in lacking), sep="\n")


def _show(cells: pl.DataFrame, guess: Guess) -> None:
    errors.print("This file is in no format known by name. Its columns look like this:")
    rows = [
        (
            _in_full(name) + (f" [yellow]({escape(guess.doubts[name])})[/]" if name in guess.doubts else ""),
            escape(header),
            _first_cells(cells[header]),
        )
        for name, header in guess.columns.items()
    ]
    show_table(("what", "column", "first cells"), rows)
    if guess.no_customers:
        errors.print("No column names the customer: all orders would be guests'.")
    for need in guess.missing:
        errors.print(f"[red]Not found:[/] {IN_WORDS[need]}.")


def _corrected(cells: pl.DataFrame, columns: Mapping[str, str]) -> dict[str, str]:
    """Ask for each of our names. An answer is a column's number or name; - is none."""
    headers = cells.columns
    show_table(
        ("no.", "column", "first cells"),
        [
            (str(number), escape(header), _first_cells(cells[header]))
            for number, header in enumerate(headers, 1)
        ],
    )
    errors.print(f"Answer with a column's number; {NONE} for none.")
    asked = dict.fromkeys([*ALWAYS_ASKED, *(name for name in MAPPABLE if name in columns)])
    numbers = [str(number) for number in range(1, len(headers) + 1)]
    answers = {
        name: Prompt.ask(
            _in_full(name),
            choices=[*numbers, NONE],
            show_choices=False,
            default=str(headers.index(columns[name]) + 1) if name in columns else NONE,
        )
        for name in asked
    }
    return {name: headers[int(answer) - 1] for name, answer in answers.items() if answer != NONE}


def _first_cells(cells: pl.Series) -> str:
    return " | ".join(escape(text[:30]) for text in samples(cells).head(SAMPLES))


def _in_full(name: str) -> str:
    return f"{IN_FULL[name]} ({name})" if name in IN_FULL else name
