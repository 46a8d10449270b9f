"""Commands that bring in what channels cost and what currencies are worth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.cli.imports import DecimalOption, DryRunOption, SheetOption, check_outcome
from features.cli.options import DEFAULT_HOME, HomeOption, JsonOption, plain_errors, show
from features.home import Home

if TYPE_CHECKING:
    from features.importers.summary import CostsSummary, RatesSummary


def import_costs(
    file: Annotated[Path, typer.Argument(help="CSV, TSV or XLSX with date (or month), channel, spend.")],
    home: HomeOption = DEFAULT_HOME,
    sheet: SheetOption = None,
    decimal: DecimalOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take in what channels cost, for CAC and LTV:CAC in `perennial report`."""
    from features.importers.costs import import_costs

    _take(import_costs, home, file, as_json=as_json, sheet=sheet, decimal=decimal, dry_run=dry_run)


def import_rates(
    file: Annotated[Path, typer.Argument(help="CSV, TSV or XLSX with date, currency, rate.")],
    home: HomeOption = DEFAULT_HOME,
    sheet: SheetOption = None,
    decimal: DecimalOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take in what one of another currency is worth in the shop's usual one; figures convert with it."""
    from features.importers.rates import import_rates

    _take(import_rates, home, file, as_json=as_json, sheet=sheet, decimal=decimal, dry_run=dry_run)


def _take(
    take: Callable[..., CostsSummary | RatesSummary],
    home: Path,
    file: Path,
    *,
    as_json: bool,
    **words: object,
) -> None:
    """Import a file, show what became of it, and end with its exit code."""
    from features.importers.refusal import ImportRefused

    with plain_errors(ImportRefused):
        summary = take(Home(home), file, now=datetime.now(UTC), **words)
    show(summary, as_json=as_json)
    check_outcome(summary)
