"""Commands about keys, and the store that commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from features.cli.options import (
    DEFAULT_HOME,
    HomeOption,
    console,
    plain_errors,
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

keys = typer.Typer(help="Keys to the HTTP interface.", no_args_is_help=True)


@contextmanager
def store(home: Home) -> Iterator[redis.Redis]:
    """The home's Redis, started for the time of a command if nobody serves this home."""
    import redis

    with redis_server(home, StoreSettings()) as url, redis.Redis.from_url(url) as client:
        yield client


def recognise(home: Home, settings: StoreSettings, arrived: datetime) -> None:
    """Let live state recognise what an import brought. Raises RedisServerError."""
    import redis

    from features.importers.people import share_new_links
    from features.upkeep.rebuild import remember_imported

    try:
        with store(home) as client:
            share_new_links(home, client, settings, arrived)
            remember_imported(home, client, settings, arrived, arrived)
    except (redis.RedisError, RedisServerError) as error:
        raise RedisServerError(
            f"The orders are taken, but Redis does not recognise them: {error}. One that is sent by HTTP, "
            "too, counts twice for its customer until `perennial rebuild` has run."
        ) from error


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
