"""`perennial connect klaviyo|brevo|mailchimp|webhook|files` and `perennial send`: what goes out."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import typer

from features.cli.commands import store
from features.cli.options import (
    DEFAULT_HOME,
    HomeOption,
    console,
    errors,
    existing_home,
    plain_errors,
    show_table,
)
from features.connections.settings_file import DamagedConnections, read_connections, save_connection
from features.connections.whole import require_whole
from features.home import Home
from features.people.names import shown
from features.store.redis_server import RedisServerError
from features.store.settings import StoreSettings
from features.time_units import DAY_MS

if TYPE_CHECKING:
    import redis

    from training.outbound.state import SentState

KeyFileOption = Annotated[
    Path | None,
    typer.Option("--key-file", help="A file that holds the key, `-`: standard input; else it is asked for."),
]
ApiOption = Annotated[
    str | None, typer.Option("--api", help="Another address of the service, like a proxy's.")
]
RETRIED_MS = 3 * DAY_MS


def add_services(connect: typer.Typer) -> None:
    """Add a command for each service that this module connects."""
    connect.command("klaviyo")(klaviyo)
    connect.command("brevo")(brevo)
    connect.command("mailchimp")(mailchimp)
    connect.command("webhook")(webhook)
    connect.command("files")(files)


def klaviyo(key_file: KeyFileOption = None, api: ApiOption = None, home: HomeOption = DEFAULT_HOME) -> None:
    """Send customers' values and picks, and due messages, to Klaviyo."""
    _connect(Home(home), "klaviyo", {"key": _key("klaviyo", key_file), "api": api})


def brevo(key_file: KeyFileOption = None, api: ApiOption = None, home: HomeOption = DEFAULT_HOME) -> None:
    """Send customers' values and picks, and due messages, to Brevo."""
    _connect(Home(home), "brevo", {"key": _key("brevo", key_file), "api": api})


def mailchimp(
    audience: Annotated[str | None, typer.Option(help="Its id; needed where there are several.")] = None,
    orders: Annotated[
        bool, typer.Option("--orders", help="Send orders, too; not where a plug-in of your shop does.")
    ] = False,
    key_file: KeyFileOption = None,
    api: ApiOption = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Send customers' values and picks, due messages and orders to Mailchimp."""
    from training.outbound.destination import NotTaken
    from training.outbound.services.mailchimp import Mailchimp

    options = {"key": _key("mailchimp", key_file), "audience": audience, "api": api, "orders": orders or None}
    if audience is None:
        with (
            plain_errors(NotTaken),
            closing(Mailchimp(options, time.sleep)) as service,
        ):
            found = service.audiences()
        if len(found) != 1:
            named = ", ".join(f"{each} ({name})" for each, name in found.items()) or "none"
            raise typer.BadParameter(f"choose an audience with --audience: {named}")
        (options["audience"],) = found
    _connect(Home(home), "mailchimp", options)


def webhook(
    url: Annotated[str, typer.Option(help="Where your server takes them: https://...")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Send the same to a server of your own, signed (standardwebhooks.com)."""
    from training.outbound.services.webhook import new_secret

    if not url.startswith("https://") and urlsplit(url).hostname not in {"127.0.0.1", "localhost"}:
        raise typer.BadParameter("an https:// address: what is sent is about people")
    secret = new_secret()
    console.print(f"Its signing secret, shown once: {secret}", markup=False, highlight=False, soft_wrap=True)
    _connect(Home(home), "webhook", {"url": url, "secret": secret})


def files(
    folder: Annotated[Path, typer.Option(help="Where to put them.")],
    format: Annotated[Literal["csv", "jsonl"], typer.Option(help="Of customers' fields.")] = "csv",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Write the same into a folder, for anything that reads files."""
    _connect(Home(home), "files", {"folder": str(folder.absolute()), "format": format})


def send(
    to: Annotated[str | None, typer.Option(help="One service; else all that are connected.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be sent; nothing is.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All customers, not only what changed.")] = False,
    dead_letters: Annotated[
        bool, typer.Option("--dead-letters", help="Print what did not go out, and why.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try again what did not go out.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Send customers' fields and due messages to connected services now; a worker does it by itself."""
    import redis

    from training.outbound.destination import NotTaken
    from training.outbound.services.registry import SERVICES
    from training.outbound.state import SentState

    with plain_errors(
        NotTaken, RedisServerError, redis.RedisError, sqlite3.Error, DamagedConnections, OSError
    ):
        shop = existing_home(home)
        connected = {name: each for name, each in read_connections(shop).items() if name in SERVICES}
        chosen = [name for name in connected if to in {None, name}]
        if not chosen:
            raise typer.BadParameter(f"connect {to or 'a service'} first: `perennial connect --help`")
        for name in chosen:
            require_whole(name, connected[name])
            with closing(SentState.of(shop, name)) as state:
                if dead_letters:
                    _show_dead(name, state)
                    continue
                with store(shop) as client, closing(state.copy()) as copy:
                    asked = copy if dry_run else state
                    _ask_again(asked, everything=everything, retry=retry)
                    _send(shop, client, name, connected[name], asked, is_dry=dry_run)


def _ask_again(state: SentState, *, everything: bool, retry: bool) -> None:
    now_ms = _now_ms()
    if everything:
        state.forget_digests()
    if retry:
        errors.print(f"{state.revive(now_ms, now_ms + RETRIED_MS):,} are tried again")


def _send(
    home: Home, client: redis.Redis, name: str, options: Mapping[str, Any], state: SentState, *, is_dry: bool
) -> None:
    """All that there is. state: of a dry run a copy, which is thrown away."""
    from training.outbound.dry import Dry
    from training.outbound.send import Round
    from training.outbound.send import send as send_round
    from training.outbound.services.registry import open_service
    from training.worker.outbound_rounds import Outbound, attempt

    def show(row: Mapping[str, Any]) -> None:
        print(json.dumps({"to": name, **row}, default=str))

    knowledge, settings = Outbound(client, home, StoreSettings().holdout).knowledge()
    done: Counter[str] = Counter()
    with closing(open_service(name, options, time.sleep)) as service:
        this = Round(service, state, home, client, knowledge, settings, _now_ms(), lambda: True)
        if is_dry:
            send_round(this._replace(destination=Dry(service, show), is_dry=True), done)
        else:
            attempt(name, this, done)
    kinds = ", ".join(f"{kind} {number:,}" for kind, number in sorted((+done).items())) or "nothing to send"
    errors.print(
        f"{name}: {'would be ' if is_dry else ''}{kinds}", markup=False, highlight=False, soft_wrap=True
    )


def _show_dead(name: str, state: SentState) -> None:
    rows = [
        (letter.id.replace(letter.customer_id, who), who, letter.problem or "")
        for letter in state.dead()
        for who in (shown(letter.customer_id),)
    ]
    rows += [("fields", shown(customer), problem) for customer, problem in state.refused().items()]
    if rows:
        show_table((name, "customer", "what was wrong"), rows)
    else:
        console.print(f"{name}: all went out, {state.waiting():,} are on their way")


def _connect(home: Home, name: str, options: Mapping[str, Any]) -> None:
    """Try the service, prepare it, and keep how to reach it."""
    from training.outbound.destination import NotTaken
    from training.outbound.messages import cursor_at
    from training.outbound.services.registry import open_service
    from training.outbound.state import SentState

    with plain_errors(NotTaken, DamagedConnections, OSError):
        with closing(open_service(name, options, time.sleep)) as service:
            account = service.prepare()
        with closing(SentState.of(home, name)) as state:
            state.belongs_to(account, cursor_at(_now_ms()))
        save_connection(home, name, {key: value for key, value in options.items() if value is not None})
    console.print(
        f"{name} is connected ({account}). A worker (`perennial serve`) sends from now on; "
        f"`perennial send --to {name} --dry-run` shows what.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _key(service: str, key_file: Path | None) -> str:
    """From the file, else PERENNIAL_<SERVICE>_KEY, else asked for: never an argument, which others see."""
    if key_file is not None:
        key = sys.stdin.read() if str(key_file) == "-" else key_file.read_text(encoding="utf-8")
    else:
        kept = os.environ.get(f"PERENNIAL_{service.upper()}_KEY")
        key = kept or typer.prompt(f"Private API key of {service}", hide_input=True)
    if not key.strip():
        raise typer.BadParameter("the key is empty")
    return str(key).strip()


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
