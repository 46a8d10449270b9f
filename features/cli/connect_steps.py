"""What connecting any shop has in common: waiting for its first webhooks, taking in its orders of before."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from features.cli.commands import recognise, store
from features.cli.options import Bars, plain_errors, progress, show
from features.connections.arrivals import read_state
from features.connections.export_file import ExportFile
from features.connections.settings_file import Settings, read_connections
from features.connections.whole import require_whole
from features.home import Home
from features.progress import Report
from features.store.settings import StoreSettings

if TYPE_CHECKING:
    import redis

POLL_S = 0.5


def check_arrivals(home: Home, service: str, clicks: Mapping[str, str], within_s: float) -> None:
    """Wait until each topic came, or for so long, and say which. clicks: name of a webhook there -> topic.

    Exit code 1 where none came or something is wrong.
    """
    deadline = time.monotonic() + within_s
    with store(home) as client:
        while (missing := _missing(client, service, clicks)) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        state = read_state(client, service)
    for kind, each in state.traffic.items():
        print(f"arrived  {kind}: {each.times:,}, last {each.last_at:%Y-%m-%d %H:%M:%S} UTC")
    for click, topic in clicks.items():
        if topic in missing:
            print(f"not yet  {topic} ({click})")
    if not state.is_well:
        print(f"wrong    {state.trouble}")
    if not state.traffic or not state.is_well:
        raise typer.Exit(1)


class NotConnected(ValueError):
    """Something is to be said first; the message says what."""


def settings_of(home: Home, service: str, title: str) -> Settings:
    """Of a connected service. Raises NotConnected, OSError, DamagedConnections."""
    settings = read_connections(home).get(service)
    if settings is None:
        raise NotConnected(f"{title} is not connected yet: `perennial connect {service}`.")
    return require_whole(service, settings)


def secrets_in(text: str) -> list[str]:
    """Several have commas between them, while one replaces the other."""
    return [each.strip() for each in text.split(",") if each.strip()]


def key_of(settings: Settings, name: str, variable: str, what: str) -> str:
    """A key that is in the environment, or was kept. Raises NotConnected, which says what it must be."""
    key = os.environ.get(variable) or settings.get(name)
    if not key:
        raise NotConnected(f"History needs {what} in {variable}.")
    return str(key)


def take_history(home: Home, file: ExportFile, format_name: str, fetch: Callable[[Report], Path]) -> None:
    """Fetch all orders into this file, import them as an export, and forget the file."""
    with progress() as bars:
        _import(home, fetch(bars), format_name, bars)
    file.forget()


def _import(home: Home, path: Path, format_name: str, bars: Bars) -> None:
    """Import a file of all orders as an export of the shop, and let live state recognise them."""
    from features.importers.choice import Wishes
    from features.importers.orders import import_orders
    from features.importers.refusal import ImportRefused

    now, limits = datetime.now(UTC), StoreSettings()
    wishes = Wishes(format_name, command=str(path))
    with plain_errors(ImportRefused):
        summary = import_orders(
            home, path, wishes=wishes, received_at=now, largest_order=limits.largest_order, report=bars
        )
    with bars.paused():
        show(summary, as_json=False)
    if summary.id:
        recognise(home, limits, now)


def _missing(client: redis.Redis, service: str, clicks: Mapping[str, str]) -> Collection[str]:
    """Topics of which not even a test came."""
    came = {kind.partition(" (")[0] for kind in read_state(client, service).traffic}
    return {*clicks.values()} - came
