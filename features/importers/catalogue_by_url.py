"""A catalogue that the shop keeps at an address, taken in time and again: only what is newer, never less."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import redis

from features.catalogue.live_changes import put_changes_sync
from features.catalogue.names import publish_names
from features.catalogue.products import live_fields
from features.connections.arrivals import failed, note_sync, passed
from features.connections.settings_file import Settings
from features.home import Home
from features.importers.catalogue import import_catalogue
from features.importers.list_pages import fetch_catalogue, public_list
from features.importers.records import record_catalogue
from features.importers.refusal import ImportRefused
from features.public_fetch import Fetched, Limits, NotFetched, fetch
from features.store.files import make_folder, read_whole, write_whole

SERVICE = "catalogue"
ANSWER_S, MOST_BYTES = 300.0, 500_000_000
SUFFIXES = {".tsv", ".csv", ".txt", ".xml", ".json", ".jsonl", ".xlsx", ".gz", ".zip"}
BY_TYPE: Mapping[str, str] = {
    "text/xml": ".xml",
    "application/xml": ".xml",
    "application/rss+xml": ".xml",
    "application/json": ".json",
    "text/tab-separated-values": ".tsv",
}


class LastFetch(msgspec.Struct, frozen=True):
    """What came last. at: when it was asked for; asked: address and how it is read, as `_asked` says it;
    products: how many it listed."""

    at: datetime
    asked: str = ""
    digest: str = ""
    etag: str = ""
    modified: str = ""
    products: int = 0


def is_due(home: Home, settings: Settings, now: datetime) -> bool:
    """Whether the address was not asked for as long as the shop wants. Raises OSError."""
    last = _last(home, settings)
    return last is None or now - last.at >= timedelta(hours=float(settings.get("every_hours", 6)))


def refresh_catalogue(client: redis.Redis, home: Home, settings: Settings, now: datetime) -> str:
    """Fetch the catalogue and take it in; says in words what became of it, also for `perennial connect`.

    Whatever is wrong with it, the products of before stay as they are. Raises NotFetched, ImportRefused,
    redis.RedisError, OSError.
    """
    last = _last(home, settings) or LastFetch(now, _asked(settings))
    try:
        fetched = _fetched(settings, last)
        digest = sha256(fetched.content).hexdigest()
        if fetched.is_unchanged or digest == last.digest:
            _remember(home, msgspec.structs.replace(last, at=now))
            note_sync(client, passed(SERVICE, "unchanged", now))
            return "It has not changed since it was taken in."
        products = _take(client, home, settings, fetched, last, now)
    except (NotFetched, ImportRefused) as error:
        _remember(home, msgspec.structs.replace(last, at=now))
        note_sync(client, failed(SERVICE, str(error), now))
        raise
    _remember(home, LastFetch(now, last.asked, digest, fetched.etag, fetched.modified, products))
    note_sync(client, passed(SERVICE, "products", now, products))
    return f"Products taken in: {products:,}."


def _fetched(settings: Settings, last: LastFetch) -> Fetched:
    """A shop's public list is read anew each time: the tag of a page says nothing of the others."""
    url, limits = settings["url"], _limits(settings)
    if public_list(url):
        return Fetched(fetch_catalogue(url, lambda page: fetch(page, limits).content), "text/csv")
    return fetch(url, limits, Fetched(b"", "", last.etag, last.modified))


def _take(
    client: redis.Redis, home: Home, settings: Settings, fetched: Fetched, last: LastFetch, now: datetime
) -> int:
    """How many products it lists. Raises ImportRefused, before anything is changed."""
    path = _kept(home, _suffix(settings["url"], fetched.content_type))
    write_whole(path, fetched.content)
    wanted: dict[str, Any] = {"format": settings.get("format", "auto"), "now": now}
    is_whole = bool(settings.get("complete"))
    if is_whole and last.products:
        listed = import_catalogue(home, str(path), dry_run=True, **wanted).taken
        if listed < last.products / 2:
            raise ImportRefused(
                f"it lists {listed:,} products where there were {last.products:,}. If that is right, say "
                "`perennial import catalogue` with the file and --retire-missing once"
            )
    summary = import_catalogue(home, str(path), retire_missing=is_whole, **wanted)
    record_catalogue(home, summary, now)
    put_changes_sync(client, live_fields(home, now))
    publish_names(client, home)
    return summary.taken


def _limits(settings: Settings) -> Limits:
    own = settings.get("own_network") and urlsplit(settings["url"]).hostname
    return Limits(ANSWER_S, MOST_BYTES, hosts=(own,) if own else ())


def _suffix(url: str, content_type: str) -> str:
    suffix = Path(urlsplit(url).path).suffix.lower()
    return suffix if suffix in SUFFIXES else BY_TYPE.get(content_type, ".csv")


def _kept(home: Home, suffix: str) -> Path:
    folder = home.root / "connections"
    make_folder(folder)
    return folder / f"catalogue{suffix}"


def _last(home: Home, settings: Settings) -> LastFetch | None:
    """None where another address was asked, or for something else."""
    kept = read_whole(_state(home))
    try:
        last = msgspec.json.decode(kept, type=LastFetch) if kept else None
    except msgspec.DecodeError:
        return None  # the next fetch writes it anew
    return last if last and last.asked == _asked(settings) else None


def _asked(settings: Settings) -> str:
    return f"{settings['url']} {settings.get('format', 'auto')} {bool(settings.get('complete'))}"


def _remember(home: Home, last: LastFetch) -> None:
    make_folder(_state(home).parent)
    write_whole(_state(home), msgspec.json.encode(last))


def _state(home: Home) -> Path:
    return home.root / "connections" / "catalogue-state.json"
