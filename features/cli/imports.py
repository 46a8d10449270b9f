"""Commands that bring a shop's data in, list what was brought in, and take it back."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.cli.commands import recognise, store
from features.cli.options import (
    DEFAULT_HOME,
    HomeOption,
    JsonOption,
    advise,
    errors,
    existing_home,
    home_option,
    plain_errors,
    progress,
    show,
    show_table,
)
from features.home import Home
from features.importers.platforms.names import ORDER_FORMAT_NAMES
from features.store.redis_server import RedisServerError
from features.store.settings import StoreSettings

if TYPE_CHECKING:
    from features.importers.summary import ImportSummary, OrdersSummary

imports = typer.Typer(
    help="Bring in a shop's orders and catalogue; take an import back.", no_args_is_help=True
)
WENT_WRONG = 3
SheetOption = Annotated[
    str | None, typer.Option(help="Of a spreadsheet: its sheet, by name or number from 1.")
]
DecimalOption = Annotated[str | None, typer.Option(help="The decimal mark, . or , (found in the file).")]
MapsOption = Annotated[
    list[str] | None, typer.Option("--map", help='Which column is what: sku="Artikelnr."; once for each.')
]
DryRunOption = Annotated[bool, typer.Option(help="Show what would happen; change nothing.")]


@imports.command("orders")
def import_orders(  # noqa: PLR0913, PLR0917 - an option an argument
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="CSV, TSV, XLSX, JSONL, parquet, .gz, .zip or a folder of them."),
    ],
    home: HomeOption = DEFAULT_HOME,
    format: Annotated[
        str, typer.Option(help=f"auto, or: {', '.join(ORDER_FORMAT_NAMES)}. See `perennial import formats`.")
    ] = "auto",
    maps: MapsOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take columns as they are guessed.")] = False,
    no_guess: Annotated[
        bool, typer.Option("--no-guess", help="Of an unknown table: read what --map names, and no more.")
    ] = False,
    sheet: SheetOption = None,
    decimal: DecimalOption = None,
    zone: Annotated[str, typer.Option(help="Where times without a zone are from: Europe/Berlin.")] = "UTC",
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take in an order history. The same file twice, or an order sent by HTTP too, counts once.

    Exit code 0: taken, or all of it known already. 1: refused, nothing was changed. 3: nothing was taken, or
    most rows were set aside.
    """
    from features.cli.columns import ask_columns, only_given
    from features.importers.choice import Wishes
    from features.importers.orders import import_orders
    from features.importers.refusal import ImportRefused

    shop, settings, now = Home(home), StoreSettings(), datetime.now(UTC)
    with plain_errors(ImportRefused), progress() as bars:
        options = {"--sheet": sheet, "--decimal": decimal, "--zone": zone if zone != "UTC" else None}
        ask = only_given(maps or ()) if no_guess else ask_columns(bars, yes=yes)
        wishes = Wishes(format, maps or (), ask, _again(files, home, options))
        summary = import_orders(
            shop,
            files,
            wishes=wishes,
            sheet=sheet,
            decimal=decimal,
            zone=zone,
            dry_run=dry_run,
            received_at=now,
            largest_order=settings.largest_order,
            report=bars,
        )
    show(summary, as_json=as_json)
    if summary.correction and not as_json:
        advise(f"If a column is wrong: {summary.correction}")
    if summary.id:
        with plain_errors(RedisServerError):
            recognise(shop, settings, now)
    _end(summary, home, dry_run=dry_run, as_json=as_json)


def _again(files: Sequence[object], home: Path, options: Mapping[str, str | None]) -> str:
    """The part of the command that names files, home and options, to be said in advice."""
    given = {**options, "--home": None if home == DEFAULT_HOME else str(home)}
    words = [word for option, value in given.items() if value is not None for word in (option, value)]
    return shlex.join([*map(str, files), *words])


def _end(summary: OrdersSummary, home: Path, *, dry_run: bool, as_json: bool) -> None:
    """Say what follows. Raises typer.Exit where the import went wrong."""
    where = home_option(home)
    back = f" To take back the rest: perennial import undo {summary.id}{where}" if summary.id else ""
    check_outcome(summary, back)
    if dry_run or as_json:
        return
    if summary.id:
        advise(f"To take it back: perennial import undo {summary.id}{where}")
    advise(f"Next: perennial train{where}")


def check_outcome(summary: ImportSummary, advice: str = "") -> None:
    """Raises typer.Exit where the import went wrong, after saying so."""
    if wrong := summary.went_wrong:
        look = f" The rows and why: {summary.rejects_file}" if summary.rejects_file else ""
        errors.print(f"{wrong}.{look}{advice}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(WENT_WRONG)


@imports.command("catalogue")
def import_catalogue(  # noqa: PLR0913, PLR0917 - an option an argument
    sources: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="Files or URLs: a Merchant feed or a product export; .zip."),
    ],
    home: HomeOption = DEFAULT_HOME,
    format: Annotated[str, typer.Option(help="auto, or: merchant, shopify, woocommerce ... csv.")] = "auto",
    maps: MapsOption = None,
    sheet: SheetOption = None,
    decimal: DecimalOption = None,
    language: Annotated[str | None, typer.Option(help="Take only titles and links, as this one's.")] = None,
    country: Annotated[str | None, typer.Option(help="Or a currency: take only prices, as its.")] = None,
    retire_missing: Annotated[
        bool, typer.Option("--retire-missing", help="The file is complete: never recommend what it lacks.")
    ] = False,
    own_network: Annotated[
        bool, typer.Option("--own-network", help="The address lies in your own network, and may.")
    ] = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take in products, prices, costs and stock; a running service shows them within a second.

    Exit codes as those of `perennial import orders`.
    """
    from features.catalogue.live_changes import put_changes_sync
    from features.catalogue.names import publish_names
    from features.catalogue.products import live_fields
    from features.importers.catalogue import import_catalogue
    from features.importers.local_columns import Part
    from features.importers.records import record_catalogue
    from features.importers.refusal import ImportRefused

    now = datetime.now(UTC)
    with plain_errors(ImportRefused, RedisServerError):
        with progress() as report:
            summary = import_catalogue(
                Home(home),
                sources,
                sheet=sheet,
                decimal=decimal,
                format=format,
                maps=maps or (),
                part=Part(language, country),
                retire_missing=retire_missing,
                own_network=own_network,
                dry_run=dry_run,
                now=now,
                report=report,
            )
        if not dry_run:
            record_catalogue(Home(home), summary, now)
            with store(Home(home)) as client:
                put_changes_sync(client, live_fields(Home(home), now))
                publish_names(client, Home(home))
    show(summary, as_json=as_json)
    check_outcome(summary)


@imports.command("formats")
def list_formats(as_json: JsonOption = False) -> None:
    """The exports that are known by name, and the columns that each needs; others are taken with --map."""
    from features.importers.formats import ORDER_FORMATS

    rows = [
        (
            each.name,
            each.label,
            ", ".join(each.needed()) if not each.instead else f"Not taken: {each.instead}",
        )
        for each in ORDER_FORMATS.values()
    ]
    if as_json:
        print(json.dumps([dict(zip(("format", "file", "columns"), row, strict=True)) for row in rows]))
    else:
        show_table(("--format", "file", "columns it needs"), rows)


@imports.command("undo")
def undo(
    id: Annotated[str, typer.Argument(help="As `perennial imports` shows it; its beginning will do.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Take an import of orders out of the history again, with the products that it alone brought."""
    import msgspec

    from features.importers.records import NoSuchImport, read_record
    from features.importers.undo import CannotUndo, undo_import

    with plain_errors(NoSuchImport, CannotUndo, OSError, msgspec.DecodeError):
        shop = existing_home(home)
        undone = undo_import(shop, read_record(shop, id), datetime.now(UTC))
    show(undone, as_json=as_json)
    if not as_json:
        where = home_option(home)
        advise(
            f"Next: stop `perennial serve` if it runs, then `perennial rebuild{where}` (until then an "
            f"order of this import that is sent again by HTTP is not taken) and `perennial train{where}`"
        )


def list_imports(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """What was imported, and what of it was taken back."""
    import msgspec

    from features.importers.records import records

    with plain_errors(OSError, msgspec.DecodeError):
        done = list(records(existing_home(home)))
    if as_json:
        print(msgspec.json.encode(done).decode())
        return
    rows = [
        (
            each.id,
            f"{each.received_at:%Y-%m-%d %H:%M}",
            ", ".join(each.files),
            each.format,
            f"{each.taken:,} of {each.rows:,}",
            f"{each.orders:,}",
            " + ".join(f"{money:,.2f} {currency}".strip() for currency, money in each.money.items()),
            f"taken back {each.undone_at:%Y-%m-%d}" if each.undone_at else "",
        )
        for each in done
    ]
    show_table(("id", "when (UTC)", "file", "format", "rows", "orders", "revenue", ""), rows)
