"""`perennial connect`: which services are connected, what passed last, and what is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from features.cli.commands import store
from features.cli.connect_catalogue import connect_catalogue
from features.cli.connect_feeds import connect_feeds
from features.cli.connect_mail_images import mail_images
from features.cli.connect_shopify import connect_shopify
from features.cli.connect_woocommerce import connect_woocommerce
from features.cli.options import (
    DEFAULT_HOME,
    HomeOption,
    JsonOption,
    console,
    errors,
    plain_errors,
    show_table,
)
from features.connections.arrivals import ConnectionState, read_state
from features.connections.settings_file import (
    DamagedConnections,
    Settings,
    read_connections,
    remove_connection,
)
from features.connections.whole import what_is_missing
from features.home import Home
from features.store.redis_server import RedisServerError
from features.time_units import DAY_S, HOUR_S

if TYPE_CHECKING:
    import redis

connect = typer.Typer(help="Connect the services that a shop uses.", invoke_without_command=True)
connect.command("mail-images")(mail_images)
connect.command("shopify")(connect_shopify)
connect.command("woocommerce")(connect_woocommerce)
connect.command("feeds")(connect_feeds)
connect.command("catalogue")(connect_catalogue)
MINUTE_S = 60


@connect.callback()
def list_connections(
    context: typer.Context, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False
) -> None:
    """Which services are connected, what passed last, and what is wrong; a command connects one."""
    if context.invoked_subcommand is not None:
        return
    with plain_errors(RedisServerError, DamagedConnections, OSError):
        connected = sorted(read_connections(Home(home)).items())
        with store(Home(home)) as client:
            states = {name: _state(client, name, settings) for name, settings in connected}
        waiting = sorted((Home(home).root / "exports").glob("*.json"))
    for path in waiting:
        errors.print(
            f"A customer asks for what is held about them: send them {path} within 30 days of its date, then "
            "delete it.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    if as_json:
        print(json.dumps({service: _as_dict(state) for service, state in states.items()}))
        return
    if not states:
        console.print("Nothing is connected yet. `perennial connect --help` lists what can be.")
        return
    now = datetime.now(UTC)
    show_table(
        ("service", "last", "what passed", "what is wrong"),
        [(service, *_row(state, now)) for service, state in states.items()],
    )


@connect.command("remove")
def remove(service: str, home: HomeOption = DEFAULT_HOME) -> None:
    """Forget a service and its secrets."""
    with plain_errors(DamagedConnections, OSError):
        if not remove_connection(Home(home), service):
            known = ", ".join(sorted(read_connections(Home(home)))) or "nothing"
            raise typer.BadParameter(f"{service} is not connected; connected: {known}")
    console.print(f"{service} is forgotten. Remove its webhooks or feeds at the service, too.")


def _state(client: redis.Redis, service: str, settings: Settings) -> ConnectionState:
    """What is noted; what its settings lack is wrong with it before all else."""
    state, missing = read_state(client, service), what_is_missing(service, settings)
    return state._replace(trouble=missing, trouble_at=datetime.now(UTC)) if missing else state


def _row(state: ConnectionState, now: datetime) -> tuple[str, str, str]:
    last = max((each.last_at for each in state.traffic.values()), default=None)
    passed = [f"{kind} {each.times:,}" for kind, each in state.traffic.items()]
    passed += [f"{kind} {count:,}" for kind, count in state.counts.items()]
    trouble = "" if state.is_well else f"{_ago(now, state.trouble_at)}: {state.trouble}"
    return (_ago(now, last) if last else "never", ", ".join(passed), trouble)


def _ago(now: datetime, time: datetime | None) -> str:
    if time is None:
        return "never"
    seconds = max((now - time).total_seconds(), 0)
    for unit_s, unit in ((DAY_S, "days"), (HOUR_S, "hours"), (MINUTE_S, "minutes")):
        if seconds >= 2 * unit_s:
            return f"{seconds // unit_s:.0f} {unit} ago"
    return f"{seconds:.0f} seconds ago"


def _as_dict(state: ConnectionState) -> dict[str, object]:
    traffic = {
        kind: {"count": each.times, "last_at": each.last_at.isoformat()}
        for kind, each in state.traffic.items()
    }
    return {
        "traffic": traffic,
        "counts": dict(state.counts),
        "trouble": state.trouble,
        "trouble_at": state.trouble_at.isoformat() if state.trouble_at else None,
        "well": state.is_well,
    }
