"""`perennial erase` and `perennial export`: what a shop owes the people whose data it keeps."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from features.cli.commands import store
from features.cli.options import (
    DEFAULT_HOME,
    HomeOption,
    JsonOption,
    console,
    errors,
    existing_home,
    plain_errors,
    show,
)
from features.store.files import write_whole
from features.store.redis_server import RedisServerError
from features.store.settings import StoreSettings

CustomerArgument = Annotated[
    str, typer.Argument(metavar="CUSTOMER", help="Their id; `-` reads it from standard input.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="File; else standard output.")]


def erase(
    customer: CustomerArgument,
    home: HomeOption = DEFAULT_HOME,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Erase everything about a customer, for good, also while the shop is served."""
    import redis

    from training.privacy.erase import erase as erase_from

    customer = _named(customer)
    if not yes:
        typer.confirm("Erase them for good? `perennial export` keeps a copy for them", abort=True, err=True)
    with (
        plain_errors(RedisServerError, redis.RedisError, OSError),
        store(shop := existing_home(home)) as client,
    ):
        show(erase_from(shop, client, StoreSettings(), customer), as_json=as_json)


def export(customer: CustomerArgument, home: HomeOption = DEFAULT_HOME, output: OutputOption = None) -> None:
    """Write everything that is held about a customer as one JSON file."""
    import redis

    from training.privacy.export import export_person

    customer = _named(customer)
    with plain_errors(RedisServerError, redis.RedisError, OSError):
        with store(shop := existing_home(home)) as client:
            held = export_person(shop, client, StoreSettings(), customer, datetime.now(UTC))
        text = msgspec.json.encode(held)
        if output is None:
            sys.stdout.buffer.write(text + b"\n")
            return
        write_whole(output, msgspec.json.format(text) + b"\n", mode=0o600)
    for sentence in held["summary"]:
        console.print(sentence, markup=False)
    errors.print(f"Written to {output}, readable by you alone.", markup=False)


def _named(customer: str) -> str:
    """The customer's id. Raises typer.BadParameter without one: empty are the cells of everybody unknown."""
    customer = sys.stdin.readline().rstrip("\r\n") if customer == "-" else customer
    if not customer.strip():
        raise typer.BadParameter("say whose id: it is empty")
    return customer
