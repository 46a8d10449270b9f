"""A report on the terminal, with bars and shades."""

from rich.console import Console, Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from features.insights.report import Cell, Column, Figure, Part, Report, Table
from features.insights.text import EMPTY_CELL, bar, shown

BAR_WIDTHS = (8, 24)  # on a narrow terminal, and on one of WIDE_TERMINAL characters
WIDE_TERMINAL = 110
MOST_ROWS = 26
GAP = 2
HEAT_WIDTH = 6  # characters a cell
SHADES = ("grey15", "dark_slate_gray", "deep_sky_blue4", "dodger_blue3", "dodger_blue2")
Columns = tuple[Column, ...]
GOOD, BAD = {"pays", "free"}, {"loses"}


def print_report(report: Report, console: Console) -> None:
    """Print a report, without rows beyond MOST_ROWS and columns that do not fit."""
    period = report.period
    when = f"{period.first} to {period.last}" if period else f"up to {report.as_of}"
    console.print(f"\n[bold]{report.title}[/], {when}")
    if report.headline:
        console.print(report.headline, highlight=False)
    for note in report.notes:
        console.print(f"[yellow]! {note}[/]", highlight=False)
    for part in report.parts:
        if len(report.parts) > 1:
            console.print(f"\n[bold]In {part.currency or 'no currency'}[/]")
        if part.figures:
            console.print(_figures(part), highlight=False)
        for table in part.tables:
            console.print(_drawn(table, console.width), highlight=False)


def _figures(part: Part) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True, style="bold")
    grid.add_column(style="dim")
    for figure in part.figures:
        grid.add_row(figure.label, shown(figure.value, figure.unit, part.currency), _explained(figure, part))
    return grid


def _explained(figure: Figure, part: Part) -> Text:
    note = Text(f" {figure.note}.", "yellow") if figure.note else Text()
    ends = [shown(end, figure.unit, part.currency) for end in (figure.low, figure.high) if end is not None]
    span = Text(f"{' to '.join(ends)}. ", "cyan") if ends else Text()
    if figure.before is not None:
        span = Text(f"before: {shown(figure.before, figure.unit, part.currency)}. ", "cyan").append_text(span)
    return span.append(figure.definition).append_text(note)


def _drawn(table: Table, width: int) -> RenderableType:
    heat = table.plot is not None and table.plot.kind == "heat"
    columns = _fitting(table, width) if heat else table.columns
    strongest, rows = _strongest(table), _rows(table)
    cells = [[_cell(value, column) for value, column in zip(row, columns, strict=False)] for row in rows]
    if heat:
        for line, row in zip(cells, rows, strict=True):
            line[2:] = [_shaded(value, strongest) for value in row[2 : len(columns)]]
    barred = table.plot is not None and table.plot.kind in {"bars", "line"}
    bars = _bars(table, strongest, BAR_WIDTHS[width >= WIDE_TERMINAL]) if barred else []
    grids = [_grid(columns, block, cells, bars) for block in _blocks(columns, cells, width)]
    hidden = len(table.rows) - MOST_ROWS
    more = [Text(f"... {hidden:,} more: --format csv", "dim")] if hidden > 0 else []
    explained = [Text(table.text, "dim")] if table.text else []
    return Group(Text(f"\n{table.title}", "bold"), *explained, *grids, *more)


def _rows(table: Table) -> list[list[Cell]]:
    """The first MOST_ROWS; of months the newest."""
    months = table.plot is not None and table.plot.kind == "line"
    return table.rows[-MOST_ROWS:] if months else table.rows[:MOST_ROWS]


def _grid(columns: Columns, block: list[int], cells: list[list[Text]], bars: list[Text]) -> Grid:
    """Some columns of a table; the first block has the bars."""
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for index in block:
        left = columns[index].unit in ("text", "date")
        least = _needed(columns, cells, index)
        grid.add_column(columns[index].label, justify="left" if left else "right", min_width=least)
    drawn = bars if 1 in block else []
    if drawn:
        grid.add_column("", no_wrap=True)
    for number, line in enumerate(cells):
        grid.add_row(*(line[index] for index in block), *drawn[number : number + 1])
    return grid


def _blocks(columns: Columns, cells: list[list[Text]], width: int) -> list[list[int]]:
    """Which columns are beside each other: as many as fit, with the first column in front of each block."""
    needed = [GAP + _needed(columns, cells, index) for index in range(len(columns))]
    blocks, used = [[0]], needed[0] + GAP + BAR_WIDTHS[width >= WIDE_TERMINAL]
    for index in range(1, len(columns)):
        if used + needed[index] > width and len(blocks[-1]) > 1:
            blocks.append([0])
            used = needed[0]
        blocks[-1].append(index)
        used += needed[index]
    return blocks


def _needed(columns: Columns, cells: list[list[Text]], index: int) -> int:
    """Characters of a column; its label may break between words."""
    return max([*map(len, columns[index].label.split()), *(len(line[index]) for line in cells)], default=0)


def _bars(table: Table, strongest: float, width: int) -> list[Text]:
    index = [column.name for column in table.columns].index(table.plot.column) if table.plot else 0
    drawn = []
    for row in _rows(table):
        value = row[index]
        drawn.append(Text(bar(value if isinstance(value, int | float) else 0.0, strongest, width), "cyan"))
    return drawn


def _fitting(table: Table, width: int) -> Columns:
    return table.columns[: max(3, 2 + (width - 22) // HEAT_WIDTH)]


def _strongest(table: Table) -> float:
    """The greatest value drawn; in a heat map without the first month, which is far above the others."""
    if table.plot is None:
        return 0.0
    if table.plot.kind == "heat":
        drawn = [value for row in table.rows for value in row[3:]]
    else:
        index = [column.name for column in table.columns].index(table.plot.column)
        drawn = [row[index] for row in table.rows]
    return max((value for value in drawn if isinstance(value, int | float)), default=0.0)


def _cell(value: Cell, column: Column) -> Text:
    text = shown(value, column.unit)
    if column.name == "verdict" and isinstance(value, str):
        return Text(value, "green" if value in GOOD else "red" if value in BAD else "yellow")
    return Text(text, "dim" if text == EMPTY_CELL else "")


def _shaded(value: Cell, strongest: float) -> Text:
    if not isinstance(value, int | float) or strongest <= 0:
        return Text("")
    shade = SHADES[min(int(value / strongest * len(SHADES)), len(SHADES) - 1)]
    return Text(f"{value:.0%}" if value <= 1 else f"{value:,.0f}", f"white on {shade}")
