"""`perennial connect catalogue`: a catalogue at an address, taken in now and from then on by the worker."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from features.cli.commands import store
from features.cli.options import DEFAULT_HOME, HomeOption, console, plain_errors
from features.connections.settings_file import DamagedConnections, save_connection
from features.home import Home
from features.public_fetch import NotFetched
from features.store.redis_server import RedisServerError

SERVICE = "catalogue"


def connect_catalogue(
    url: Annotated[str, typer.Option(help="https://...: a Google Merchant feed, or a product export.")],
    every_hours: Annotated[float, typer.Option(min=0.1, help="How often the worker asks for it.")] = 6.0,
    format: Annotated[str, typer.Option(help="As of `perennial import catalogue`.")] = "auto",
    complete: Annotated[
        bool, typer.Option("--complete", help="It lists all products: never recommend what it lacks.")
    ] = False,
    own_network: Annotated[
        bool, typer.Option("--own-network", help="The address lies in your own network, and may.")
    ] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Take in a catalogue from an address, now and again every few hours, only where it changed."""
    from features.importers.catalogue_by_url import refresh_catalogue
    from features.importers.refusal import ImportRefused

    if not url.startswith(("https://", "http://")):
        raise typer.BadParameter("the address begins with https://")
    settings = {
        "url": url,
        "every_hours": every_hours,
        "format": format,
        "complete": complete,
        "own_network": own_network,
    }
    expected = DamagedConnections, RedisServerError, NotFetched, ImportRefused, OSError
    with plain_errors(*expected), store(Home(home)) as client:
        told = refresh_catalogue(client, Home(home), settings, datetime.now(UTC))
        save_connection(Home(home), SERVICE, settings)
    console.print(f"{told} `perennial serve` asks again every {every_hours:g} hours.", soft_wrap=True)
