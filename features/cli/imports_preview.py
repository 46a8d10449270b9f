"""`perennial import preview`: what a file seems to be, before anything is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from features.cli.imports import SheetOption
from features.cli.options import DEFAULT_HOME, HomeOption, JsonOption, plain_errors, progress, show
from features.home import Home


def preview(
    file: Annotated[Path, typer.Argument(help="A file, a .zip or a folder, as for the other commands.")],
    home: HomeOption = DEFAULT_HOME,
    kind: Annotated[
        Literal["orders", "catalogue", "customers"] | None, typer.Option(help="What it is, if you know.")
    ] = None,
    sheet: SheetOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a file seems to be: its kind, format, columns, first rows, and what is missing; takes nothing."""
    from features.importers.preview import preview_file
    from features.importers.refusal import ImportRefused

    with plain_errors(ImportRefused), progress() as bars:
        found = preview_file(Home(home), file, kind=kind, sheet=sheet, report=bars)
    show(found, as_json=as_json)
