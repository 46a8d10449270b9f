"""A report on the terminal, with bars and shades."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from features.reports.shape import Cell, Column, Figure, Part, Report, Table
from features.reports.text import NOTHING, bar, shown

BAR_WIDTHS = (8, 24)  # on a narrow terminal, and on one of WIDE characters
WIDE = 110
MOST_ROWS = 26
HEAT_WIDTH = 6  # characters a cell
SHADES = ("grey15", "dark_slate_gray", "deep_sky_blue4", "dodger_blue3", "dodger_blue2")
GOOD, BAD = {"pays", "free"}, {"loses"}


def print_report(report: Report, console: Console) -> None:
    """Everything but rows beyond MOST_ROWS, and columns that do not fit."""
    console.print(f"\n[bold]{report.title}[/], up to {report.as_of}")
    for note in report.notes:
        console.print(f"[yellow]! {note}[/]", highlight=False)
    for part in report.parts:
        if len(report.parts) > 1:
            console.print(f"\n[bold]In {part.currency or 'no currency'}[/]")
        if part.figures:
            console.print(_figures(part), highlight=False)
        for table in part.tables:
            console.print(_drawn(table, part.currency, console.width), highlight=False)


def _figures(part: Part) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True, style="bold")
    grid.add_column(style="dim")
    for figure in part.figures:
        grid.add_row(figure.label, shown(figure.value, figure.unit, part.currency), _explained(figure))
    return grid


def _explained(figure: Figure) -> Text:
    note = Text(f" {figure.note}.", "yellow") if figure.note else Text()
    return Text(figure.definition).append_text(note)


def _drawn(table: Table, currency: str | None, width: int) -> RenderableType:
    heat = table.plot is not None and table.plot.kind == "heat"
    columns = _fitting(table, width) if heat else table.columns
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in columns:
        text = column.unit in ("text", "date")
        grid.add_column(column.label, justify="left" if text else "right", overflow="fold")
    if table.plot and not heat:
        grid.add_column("", no_wrap=True)
    strongest = _strongest(table)
    for row in table.rows[:MOST_ROWS]:
        cells = [_cell(value, column, currency) for value, column in zip(row, columns, strict=False)]
        if heat:
            cells[2:] = [_shaded(value, strongest) for value in row[2 : len(columns)]]
        elif table.plot:
            value = row[[column.name for column in columns].index(table.plot.column)]
            length = value if isinstance(value, int | float) else 0.0
            cells.append(Text(bar(length, strongest, BAR_WIDTHS[width >= WIDE]), "cyan"))
        grid.add_row(*cells)
    hidden = len(table.rows) - MOST_ROWS
    more = [Text(f"... {hidden:,} more: --format csv", "dim")] if hidden > 0 else []
    explained = [Text(table.text, "dim")] if table.text else []
    return Group(Text(f"\n{table.title}", "bold"), *explained, grid, *more)


def _fitting(table: Table, width: int) -> tuple[Column, ...]:
    return table.columns[: max(3, 2 + (width - 22) // HEAT_WIDTH)]


def _strongest(table: Table) -> float:
    """The greatest value drawn; of a heat map the greatest beyond the first month, which is its own scale."""
    if table.plot is None:
        return 0.0
    if table.plot.kind == "heat":
        drawn = [value for row in table.rows for value in row[3:]]
    else:
        place = [column.name for column in table.columns].index(table.plot.column)
        drawn = [row[place] for row in table.rows]
    return max((value for value in drawn if isinstance(value, int | float)), default=0.0)


def _cell(value: Cell, column: Column, currency: str | None) -> Text:
    text = shown(value, column.unit, None if column.unit == "money" else currency)
    if column.name == "verdict" and isinstance(value, str):
        return Text(value, "green" if value in GOOD else "red" if value in BAD else "yellow")
    return Text(text, "dim" if text == NOTHING else "")


def _shaded(value: Cell, strongest: float) -> Text:
    if not isinstance(value, int | float) or strongest <= 0:
        return Text("")
    shade = SHADES[min(int(value / strongest * len(SHADES)), len(SHADES) - 1)]
    return Text(f"{value:.0%}" if value <= 1 else f"{value:,.0f}", f"white on {shade}")
