"""What all commands share: their options, progress bars and tables."""

import json
import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from features.home import Home

DEFAULT_HOME = Path(".perennial")
HomeOption = Annotated[Path, typer.Option("--home", envvar="PERENNIAL_HOME", help="The shop's data folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")]

PROGRESS_FILE = "PERENNIAL_PROGRESS_FILE"

console = Console()
errors = Console(stderr=True)


def existing_home(path: Path) -> Home:
    """The home at this path, for commands that would do nothing with an empty one and call it done.

    Raises FileNotFoundError.
    """
    if not path.is_dir():
        raise FileNotFoundError(f"{path} is no home: say which with --home")
    return Home(path)


class CommandResult(Protocol):
    """The result of a command: label and value pairs to print, or a dict for JSON."""

    def lines(self) -> Iterable[tuple[str, str]]: ...
    def as_dict(self) -> dict[str, Any]: ...


def show(summary: CommandResult, *, as_json: bool) -> None:
    """Print a command's result."""
    if as_json:
        print(json.dumps(summary.as_dict(), default=str))
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in summary.lines():
        table.add_row(Text(label, "dim"), Text(value))
    console.print(table)


def home_option(home: Path) -> str:
    """The option that makes a command in advice one about this home."""
    return "" if home == DEFAULT_HOME else f" --home {shlex.quote(str(home))}"


def advise(text: str) -> None:
    """Print a command on one line, to be copied whole."""
    console.print(f"\n{text}", markup=False, highlight=False, soft_wrap=True)


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings. The first cell names its row: it stays on one line, to be copied.

    Cells are shown as they are: what others sent is no markup.
    """
    table = Table(*(Column(heading, overflow="fold", no_wrap=not n) for n, heading in enumerate(headings)))
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


class Bars:
    """A `features.progress.Report` that draws one progress bar per step.

    told_in: a file for whoever started this command and wants to show how far it is.
    """

    def __init__(self, drawn: Progress, told_in: str | None = None) -> None:
        self._drawn = drawn
        self._told_in = told_in
        self._steps: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        if step not in self._steps:
            self._steps[step] = self._drawn.add_task(step)
        self._drawn.update(self._steps[step], completed=done, total=total or None)
        if self._told_in:
            Path(self._told_in).write_text(json.dumps({"step": step, "done": done, "total": total}), "utf-8")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Draw nothing, so that a question can be asked."""
        self._drawn.stop()
        try:
            yield
        finally:
            self._drawn.start()


@contextmanager
def progress() -> Iterator[Bars]:
    """One progress bar per step, on standard error; they disappear when the work is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), console=errors, transient=True) as drawn:
        yield Bars(drawn, os.environ.get(PROGRESS_FILE))


@contextmanager
def plain_errors(*expected: type[Exception]) -> Iterator[None]:
    """Print the expected errors as one sentence, without a traceback; exit code 1."""
    try:
        yield
    except expected as error:
        # No markup, since a path may hold brackets; no line breaks, so that a message can be searched for.
        errors.print(str(error) or repr(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
