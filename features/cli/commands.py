"""Commands about a shop's data: import, and keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.cli.options import (
    DEFAULT_HOME,
    HomeOption,
    JsonOption,
    console,
    plain_errors,
    progress,
    show,
    show_table,
)
from features.home import Home
from features.merchant.api_keys import PREFIXES, KeysUnavailable, Scope
from features.merchant.api_keys import create_key as create_in
from features.merchant.api_keys import list_keys as list_in
from features.merchant.api_keys import revoke_key as revoke_in
from features.store.redis_server import RedisServerError, redis_server
from features.store.settings import StoreSettings

if TYPE_CHECKING:
    import redis

imports = typer.Typer(help="Bring in a shop's orders and catalogue.", no_args_is_help=True)
keys = typer.Typer(help="Keys to the HTTP interface.", no_args_is_help=True)


@contextmanager
def store(home: Home) -> Iterator[redis.Redis]:
    """The home's Redis, started for the time of a command if nobody serves this home."""
    import redis

    with redis_server(home, StoreSettings()) as url, redis.Redis.from_url(url) as client:
        yield client


@imports.command("orders")
def import_orders(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX, JSONL or parquet; .gz too.")],
    home: HomeOption = DEFAULT_HOME,
    format: Annotated[str, typer.Option(help="auto, online-retail, shopify or events.")] = "auto",
    dry_run: Annotated[bool, typer.Option(help="Show what would happen; change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take in an order history. The same file twice, or an order sent by HTTP too, counts once."""
    from features.importers.orders import import_orders
    from features.importers.refusal import ImportRefused

    shop, settings, now = Home(home), StoreSettings(), datetime.now(UTC)
    with plain_errors(ImportRefused), progress() as report:
        summary = import_orders(
            shop,
            file,
            format=format,
            dry_run=dry_run,
            received_at=now,
            largest_order=settings.largest_order,
            report=report,
        )
    show(summary, as_json=as_json)
    if not dry_run:
        with plain_errors(RedisServerError):
            _recognise(shop, settings, now)
    if not dry_run and not as_json:
        console.print("\nNext: [bold]perennial train[/]")


def _recognise(home: Home, settings: StoreSettings, arrived: datetime) -> None:
    """Let live state recognise what an import brought. Raises RedisServerError."""
    import redis

    from features.upkeep.rebuild import remember_imported

    try:
        with store(home) as client:
            remember_imported(home, client, settings, arrived, arrived)
    except (redis.RedisError, RedisServerError) as error:
        raise RedisServerError(
            f"The orders are taken, but Redis does not recognise them: {error}. One that is sent by HTTP, "
            "too, counts twice for its customer until `perennial rebuild` has run."
        ) from error


@imports.command("catalogue")
def import_catalogue(
    source: Annotated[str, typer.Argument(help="File or URL: Google Merchant TSV or XML, or CSV.")],
    home: HomeOption = DEFAULT_HOME,
    format: Annotated[str, typer.Option(help="auto, merchant, shopify or csv.")] = "auto",
    dry_run: Annotated[bool, typer.Option(help="Show what would happen; change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take in products, prices, costs and stock; a running service shows them within a second."""
    from features.catalogue.live_changes import put_changes_sync
    from features.catalogue.products import live_fields
    from features.importers.catalogue import import_catalogue
    from features.importers.refusal import ImportRefused

    now = datetime.now(UTC)
    with plain_errors(ImportRefused, RedisServerError):
        with progress() as report:
            summary = import_catalogue(
                Home(home), source, format=format, dry_run=dry_run, now=now, report=report
            )
        if not dry_run:
            with store(Home(home)) as client:
                put_changes_sync(client, live_fields(Home(home), now))
    show(summary, as_json=as_json)


@imports.command("costs")
def import_costs(
    file: Annotated[Path, typer.Argument(help="CSV, TSV or XLSX with date (or month), channel, spend.")],
    home: HomeOption = DEFAULT_HOME,
    dry_run: Annotated[bool, typer.Option(help="Show what would happen; change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take in what channels cost, for CAC and LTV:CAC in `perennial report`."""
    from features.importers.costs import import_costs
    from features.importers.refusal import ImportRefused

    with plain_errors(ImportRefused):
        summary = import_costs(Home(home), file, dry_run=dry_run, now=datetime.now(UTC))
    show(summary, as_json=as_json)


@keys.command("create")
def create_key(
    scope: Annotated[str, typer.Argument(help="public (for pages) or secret (for servers).")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Make a key. It is shown once."""
    scopes: dict[str, Scope] = {each: each for each in PREFIXES}
    if scope not in scopes:
        raise typer.BadParameter("a scope is `public` or `secret`")
    with plain_errors(RedisServerError, KeysUnavailable, OSError), store(Home(home)) as client:
        print(create_in(Home(home), client, scopes[scope], name, datetime.now(UTC)))


@keys.command("list")
def list_keys(home: HomeOption = DEFAULT_HOME) -> None:
    """The keys that open something."""
    with plain_errors(RedisServerError, KeysUnavailable, OSError), store(Home(home)) as client:
        rows = [
            (f"{key.prefix}…", key.scope, key.name, f"{key.created_at:%Y-%m-%d %H:%M}")
            for key in list_in(Home(home), client)
        ]
    show_table(("key", "scope", "name", "created"), rows)


@keys.command("revoke")
def revoke_key(key: str, home: HomeOption = DEFAULT_HOME) -> None:
    """Shut a key, given whole or by its first characters as `list` shows them."""
    with plain_errors(RedisServerError, KeysUnavailable, OSError), store(Home(home)) as client:
        revoked = revoke_in(Home(home), client, key.rstrip("…"))
    if not revoked:
        raise typer.BadParameter("no such key; `perennial keys list` shows them")
    console.print("Revoked: within a second it opens nothing.")
