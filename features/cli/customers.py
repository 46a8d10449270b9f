"""Commands about customers: who is who, and two names made one."""

from __future__ import annotations

import sqlite3
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
from features.people.kept_emails import KEY_FILE, begin_keeping, emails_of, end_keeping
from features.people.names import shown
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
    with plain_errors(OSError, sqlite3.Error):
        found = _persons(shop, name)
        emails = emails_of(shop, [now for now, _ in found])
    if not found:
        raise typer.BadParameter("nobody is known by this name")
    rows = [
        (shown(now), ", ".join(map(shown, others)), emails.get(now, "")) for now, others in found[:MOST_SHOWN]
    ]
    columns = ("customer", "other names", "e-mail") if emails else ("customer", "other names")
    show_table(columns, [row[: len(columns)] for row in rows])


@customers.command("keep-emails")
def keep_emails(home: HomeOption = DEFAULT_HOME) -> None:
    """Keep customers' addresses from now on, encrypted, so that you can tell who is who.

    They are shown by `perennial customers find`, `perennial report customers` and `with=email` of a profile.
    """
    shop = existing_home(home)
    with plain_errors(OSError):
        is_new = begin_keeping(shop)
    console.print(
        f"Addresses are kept from now on, encrypted under {shop.root / KEY_FILE}. Those of earlier files are "
        "kept when they are imported again: [bold]perennial import customers FILE[/]"
        if is_new
        else "They are kept already.",
        highlight=False,
    )


@customers.command("forget-emails")
def forget_emails(home: HomeOption = DEFAULT_HOME) -> None:
    """Forget all addresses and their key, and keep none from now on."""
    shop = existing_home(home)
    with plain_errors(OSError):
        was_kept = end_keeping(shop)
    console.print("All addresses are gone, and none are kept from now on." if was_kept else "None are kept.")


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
    customer, into = (_known(shop, name) for name in (customer, into))
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
        customer = _further_name(shop, customer)
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
    kept, only digests under a key of the home; addresses, encrypted, after `perennial customers keep-emails`.
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


def _known(home: Home, name: str) -> str:
    """The customer that a name means. Raises typer.BadParameter where it means nobody, or several."""
    if is_nobody(name):
        raise typer.BadParameter(f"{name!r} names nobody")
    found = [now for now, _ in _persons(home, name)]
    if len(found) != 1:
        how_many = "several customers are" if found else "nobody is"
        raise typer.BadParameter(f"{how_many} known as {name!r}: see `perennial customers find`")
    return found[0]


def _further_name(home: Home, name: str) -> str:
    """The name itself, or that of an address, or the one that begins as reports show it."""
    from features.privacy.person import meant_by

    found = sorted(meant_by(home, name))
    return found[0] if len(found) == 1 else name
