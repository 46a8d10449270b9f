"""Commands about what could not be read."""

from __future__ import annotations

import typer

from features.cli.commands import store
from features.cli.options import DEFAULT_HOME, HomeOption, console, plain_errors, show_table
from features.home import Home
from features.store.redis_server import RedisServerError
from features.store.settings import StoreSettings

poison = typer.Typer(help="What could not be read and was set aside.", no_args_is_help=True)


@poison.command("list")
def list_poison(home: HomeOption = DEFAULT_HOME) -> None:
    """Each entry or file that was set aside, and why."""
    from features.history.poison import poisoned

    with plain_errors(ValueError):
        rows = [(path.name, each.id if each else "", reason) for path, each, reason in poisoned(Home(home))]
    show_table(("file", "entry", "reason"), rows)


@poison.command("replay")
def replay_poison(home: HomeOption = DEFAULT_HOME) -> None:
    """Give all of it another try, after an upgrade or a correction; what is still bad is set aside again."""
    from features.history.archiver import Archiver
    from features.history.damaged_files import set_aside_damaged
    from features.history.poison import poisoned, replay

    shop = Home(home)
    with plain_errors(RedisServerError, OSError, ValueError), store(shop) as client:
        sent = replay(shop, client)
        Archiver(client, shop, StoreSettings()).run(burst=True)
        set_aside_damaged(shop)
    again = sum(1 for _ in poisoned(shop))
    console.print(f"{sent:,} tried again: {sent - again:,} are in the history now, {again:,} are set aside.")
