"""Commands about customers: who is who, and two names made one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from features.cli.commands import recognise, store
from features.cli.imports import WENT_WRONG, SheetOption, imports
from features.cli.options import (
    DEFAULT_HOME,
    HomeOption,
    JsonOption,
    console,
    existing_home,
    plain_errors,
    progress,
    show,
    show_table,
)
from features.events.nobody import is_nobody
from features.home import Home
from features.store.redis_server import RedisServerError
from features.store.settings import StoreSettings

customers = typer.Typer(help="Who is who: the names that customers go by.", no_args_is_help=True)
NameArgument = Annotated[
    str, typer.Argument(help="An id, an e-mail address, a telephone number, or c-… as reports show it.")
]
MOST_SHOWN = 20


@customers.command("find")
def find(name: NameArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """All names that a customer goes by, the one in use first."""
    shop = existing_home(home)
    with plain_errors(OSError):
        found = _persons(shop, name)
    if not found:
        raise typer.BadParameter("nobody is known by this name")
    show_table(("customer", "other names"), [(now, ", ".join(others)) for now, others in found[:MOST_SHOWN]])


@customers.command("merge")
def merge(
    customer: Annotated[str, typer.Argument(help="The id that gives way.")],
    into: Annotated[str, typer.Argument(help="The id that both go by from now on.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Make two customers one. Live state is one at once, the history from the next training on."""
    import redis

    from features.people.links import MERGE, link_names_sync
    from features.people.shared_links import take_links

    shop = existing_home(home)
    for name in (customer, into):
        if is_nobody(name):
            raise typer.BadParameter(f"{name!r} names nobody")
        _require_known(shop, name)
    with plain_errors(RedisServerError, redis.RedisError, OSError), store(shop) as client:
        linked = link_names_sync(client, into, [customer], MERGE, StoreSettings())
        take_links(client, shop)
    if linked.changed:
        console.print(f"Both go by {linked.customer_id} now. Next: [bold]perennial train[/]", highlight=False)
    else:
        console.print(f"They were one customer before: {linked.customer_id}.", highlight=False, markup=False)


@customers.command("part")
def part(
    customer: Annotated[str, typer.Argument(help="The id, or c-… name, that is to be its own again.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Take a merging back: orders that came under this id are its own again from the next training on.

    What is live (recent visits, consents, messages) stays with the other one, since it was mixed.
    """
    import redis

    from features.people.aliases import remove_aliases
    from features.people.shared_links import forget_links, take_links

    shop = existing_home(home)
    with plain_errors(RedisServerError, redis.RedisError, OSError), store(shop) as client:
        take_links(client, shop)
        removed = remove_aliases(shop, [customer])
        forget_links(client, [customer])
    if not removed:
        raise typer.BadParameter("it is no further name of anybody; `perennial customers find` shows names")
    console.print(f"{customer} stands alone again. Next: [bold]perennial train[/]", highlight=False)


@imports.command("customers")
def import_customers(
    file: Annotated[
        Path, typer.Argument(help="CSV, TSV, XLSX or parquet: a customers' or subscribers' export.")
    ],
    home: HomeOption = DEFAULT_HOME,
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", help='Which column is what, as customer_id="Kundennr."; once for each.'),
    ] = None,
    sheet: SheetOption = None,
    exported: Annotated[
        datetime | None,
        typer.Option(
            help="When it was exported (UTC): its consents are of then. Default: the file's own time."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Show what would happen; change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take in who is who (id, e-mail, phone) and who may be written to.

    Exports of Shopify, WooCommerce, Klaviyo, Mailchimp, Brevo and the like. Neither addresses nor numbers are
    kept, only digests under a key of the home.
    """
    from features.importers.customers import import_customers
    from features.importers.refusal import ImportRefused

    shop, settings, now = Home(home), StoreSettings(), datetime.now(UTC)
    at = exported.replace(tzinfo=exported.tzinfo or UTC) if exported else None
    with plain_errors(ImportRefused), progress() as bars:
        summary = import_customers(
            shop,
            file,
            maps=tuple(maps or ()),
            sheet=sheet,
            exported_at=at,
            dry_run=dry_run,
            now=now,
            report=bars,
        )
    show(summary, as_json=as_json)
    if summary.id:
        with plain_errors(RedisServerError):
            recognise(shop, settings, now)
    if not summary.taken:
        raise typer.Exit(WENT_WRONG)


def _persons(home: Home, name: str) -> list[tuple[str, list[str]]]:
    """The customers that this may mean: the name that each goes by, and the others."""
    from features.people.aliases import current_name, names_of
    from features.privacy.person import meant_by

    people: dict[str, list[str]] = {}
    for known in meant_by(home, name):
        now = current_name(home, known)
        people[now] = sorted(names_of(home, [now]) - {now})
    return sorted(people.items())


def _require_known(home: Home, name: str) -> None:
    """Raises typer.BadParameter where neither history nor links know the name."""
    if not _persons(home, name):
        raise typer.BadParameter(f"nobody is known as {name!r}: see `perennial customers find`")
