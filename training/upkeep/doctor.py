"""What needs doing in a home: each check says what it saw, and one remedy where something is wrong."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
import polars as pl
import redis

from features.catalogue.live_names import unknown_names
from features.catalogue.names import folded, names_of
from features.catalogue.products import load_aliases, load_products
from features.connections.settings_file import (
    RENEW,
    DamagedConnections,
    open_to_others,
    read_connections,
)
from features.connections.whole import what_is_missing
from features.history.poison import files_set_aside
from features.history.table_files import table_files
from features.home import Home
from features.merchant.api_keys import DEMO_KEYS, KeysUnavailable, digest, read_keys
from features.privacy.live_state import is_rewrite_due
from features.store import keys
from features.store.redis_log import sync_to_disk
from features.store.settings import StoreSettings
from features.store.tombstones import FILE as TOMBSTONES
from features.store.tombstones import erasures_begun, read_tombstones
from recommender.model import versions
from recommender.model.bundle_files import BadBundle
from training.settings import TrainingSettings

GIGABYTE = 1 << 30
CLOCK_S = 5.0
LATE_S = 600.0  # after which a worker that works has archived and erased
MATCHED = 0.99
EXAMPLES = 5
RECENT = timedelta(days=7)
FOLDERS = ("redis", "events", "served", "decisions", "models", "reports", "poison")
MOST_VERSIONS = 30


class Finding(NamedTuple):
    """remedy: None where all is well."""

    check: str
    saw: str
    remedy: str | None = None


class Patient(NamedTuple):
    """What is looked at. origins: that browsers may ask from; now: epoch s."""

    home: Home
    client: redis.Redis
    settings: StoreSettings
    origins: Sequence[str]
    now: float


def examine(patient: Patient) -> list[Finding]:
    """All checks, in the order in which they are best mended."""
    return [finding for check in CHECKS for finding in check(patient)]


def disk(patient: Patient) -> Iterator[Finding]:
    usage = shutil.disk_usage(patient.home.root)
    needed = max(GIGABYTE, 3 * _bytes_of(patient.home.redis))  # a log's rewrite, and a backup
    saw = f"{usage.free / GIGABYTE:.1f} GB free of {usage.total / GIGABYTE:.1f}"
    remedy = f"Make room for {needed / GIGABYTE:.1f} GB: move backups and old models to another disk"
    yield Finding("disk", saw, remedy if usage.free < needed else None)


def private(patient: Patient) -> Iterator[Finding]:
    mode = patient.home.root.stat().st_mode & 0o777
    remedy = f"Others on this machine may look: chmod 700 {patient.home.root}" if mode & 0o077 else None
    yield Finding("home", f"{patient.home.root}, mode {mode:o}", remedy)


def redis_version(patient: Patient) -> Iterator[Finding]:
    info = patient.client.info()
    version = tuple(map(int, str(info["redis_version"]).split(".")[:2]))
    remedy = None if version >= (6, 2) else "Use Redis 6.2 or newer"
    yield Finding("redis", f"{info['redis_version']}, {info['used_memory_human']} in memory", remedy)
    policy, limit = info.get("maxmemory_policy", "noeviction"), info.get("maxmemory", 0)
    if limit and policy != "noeviction":
        remedy = "CONFIG SET maxmemory-policy noeviction: it may throw away events that were acknowledged"
        yield Finding("eviction", f"{policy} at {limit / GIGABYTE:.1f} GB", remedy)


def log_on_disk(patient: Patient) -> Iterator[Finding]:
    info = patient.client.info("persistence")
    own = patient.settings.redis_url is not None
    if not info["aof_enabled"]:
        yield Finding("log", "Redis keeps none: a crash loses events", "Set `appendonly yes` in your Redis")
        return
    problem = "" if info["aof_last_write_status"] == "ok" else "Redis could not write it"
    if not own and not problem:
        try:
            sync_to_disk(patient.home.redis)
        except OSError as error:
            problem = str(error)
    remedy = "Look at the disk and at redis/redis.log: acknowledged events are not safe" if problem else None
    yield Finding("log", problem or "on the disk", remedy)


def api_keys(patient: Patient) -> Iterator[Finding]:
    try:
        own = read_keys(patient.home)
    except KeysUnavailable as error:
        yield Finding("keys", str(error), "Put back keys.json from a backup")
        return
    by_hash = own.keys if own else {}
    scopes = [key.scope for key in by_hash.values()]
    missing = [scope for scope in ("public", "secret") if scope not in scopes]
    saw = f"{scopes.count('public')} public, {scopes.count('secret')} secret"
    yield Finding("keys", saw, f"perennial keys create {missing[0]}" if missing else None)
    demo = any(digest(key) in by_hash for key in DEMO_KEYS)
    if demo and not (patient.home.root / "demo").exists():
        yield Finding("demo keys", "anybody knows them", "perennial keys revoke sk_demo, and pk_demo")


def connections(patient: Patient) -> Iterator[Finding]:
    """Whether the services' secrets are private, and their settings whole."""
    path = patient.home.root / "connections.json"
    if open_to_others(patient.home):
        mode = path.stat().st_mode & 0o777
        yield Finding("secrets", f"connections.json, mode {mode:o}", f"chmod 600 {path}. {RENEW}")
    try:
        connected = read_connections(patient.home)
    except (OSError, DamagedConnections) as error:
        yield Finding("connections", "connections.json cannot be read", str(error))
        return
    missing = [text for name, each in connected.items() if (text := what_is_missing(name, each))]
    yield Finding("connections", ", ".join(sorted(connected)) or "none", missing[0] if missing else None)


def origins(patient: Patient) -> Iterator[Finding]:
    insecure = [origin for origin in patient.origins if origin.startswith("http://")]
    remedy = "Set PERENNIAL_CORS_ORIGINS to the address of your shop, or its pages cannot ask"
    if insecure:
        remedy = f"Let {insecure[0]} be https: keys and ids pass in clear"
    yield Finding(
        "origins", ", ".join(patient.origins) or "none", remedy if insecure or not patient.origins else None
    )


def clock(patient: Patient) -> Iterator[Finding]:
    seconds, microseconds = patient.client.time()
    apart = abs(seconds + microseconds / 1e6 - patient.now)
    remedy = "Set the clocks of both machines by NTP (`timedatectl`)" if apart > CLOCK_S else None
    yield Finding("clock", f"{apart:.1f} s from Redis's", remedy)


def live_ids(patient: Patient) -> Iterator[Finding]:
    """Whether pages name products as the catalogue does."""
    unknown = unknown_names(patient.client)
    examples = ", ".join(f"{name[:60]!r} {n:,} times" for name, n in [*unknown.items()][:EXAMPLES])
    share = _share_matched(patient)
    saw = "no live events with products in the last week"
    if share is not None:
        saw = f"{share:.1%} of last week's are in the catalogue"
    remedy = (
        "Let pages send ids of the catalogue (SKU, variant or product id); `perennial import catalogue` "
        "brings new products and their other ids"
    )
    badly = share < MATCHED if share is not None else bool(unknown)
    yield Finding("live ids", f"{saw}; unknown: {examples}" if examples else saw, remedy if badly else None)


def _share_matched(patient: Patient) -> float | None:
    """Of the products that the last week's live events name, those in the catalogue; None without any."""
    since = datetime.fromtimestamp(patient.now, UTC) - RECENT
    files = [path for path in table_files(patient.home.events) if path.parent.name >= f"{since:%Y-%m-%d}"]
    if not files:
        return None
    live = pl.scan_parquet(files).filter(pl.col("source") == "live", pl.col("product_id").is_not_null())
    named = live.select("product_id").collect()
    known = names_of(load_products(patient.home), load_aliases(patient.home))["folded"].implode()
    share = named.select(folded("product_id").is_in(known).mean()).item()
    return None if share is None else float(share)


def model(patient: Patient) -> Iterator[Finding]:
    try:
        pointer = versions.current(patient.home.models)
        if pointer is None:
            yield Finding("model", "none", "perennial import orders FILE, then perennial train")
            return
        versions.check(patient.home.models, pointer.version)
    except BadBundle as error:
        yield Finding("model", str(error), "perennial train, or perennial models rollback")
        return
    manifest = next(
        each for each in versions.manifests(patient.home.models) if each.version == pointer.version
    )
    hours = (patient.now - datetime.fromisoformat(manifest.created_at).timestamp()) / 3600
    late = hours > 2 * TrainingSettings().retrain_hours + 1
    remedy = "perennial train; and see whether a worker runs, which does it by itself" if late else None
    yield Finding("model", f"{pointer.version}, {hours:.0f} hours old", remedy)


def worker(patient: Patient) -> Iterator[Finding]:
    """What waits for one."""
    oldest = cast(list[tuple[bytes, Any]], patient.client.xrange(keys.event_stream(), count=1))
    waited = patient.now - int(oldest[0][0].split(b"-")[0]) / 1000 if oldest else 0.0
    remedy = "Start a worker (`perennial serve`), and read its log"
    late = waited > max(LATE_S, 10 * patient.settings.archive_interval_s)
    yield Finding("archive", f"the oldest event has waited {waited:.0f} s", remedy if late else None)
    begun = erasures_begun(patient.client)
    if begun:
        since = patient.now - min(begun.values()) / 1000
        saw = f"{len(begun)} not finished, {since:.0f} s"
        yield Finding("erasures", saw, f"{remedy}; nothing of them is served" if since > LATE_S else None)
    if is_rewrite_due(patient.home):
        remedy = (
            "Start a worker (`perennial serve`), which lets Redis rewrite its log; or do so: BGREWRITEAOF"
        )
        yield Finding("erased people", "Redis's log may still name some on the disk", remedy)


def unreadable(patient: Patient) -> Iterator[Finding]:
    """What was set aside, and whether the list of erased people can be read."""
    try:
        read_tombstones(patient.home)
    except (OSError, msgspec.MsgspecError) as error:
        remedy = f"Put back {TOMBSTONES} from a backup: without it erased people may come back"
        yield Finding("erased people", f"the list cannot be read: {error}", remedy)
    entries, files = len([*patient.home.poison.glob("*.jsonl")]), len(files_set_aside(patient.home))
    remedy = "perennial poison list says why; correct or delete them, then perennial poison replay"
    saw = f"{entries} files of entries, {files} damaged files"
    yield Finding("set aside", saw, remedy if entries + files else None)


def retention(patient: Patient) -> Iterator[Finding]:
    sizes = {name: _bytes_of(patient.home.root / name) for name in FOLDERS}
    saw = ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in sizes.items() if size)
    yield Finding("kept", f"{saw}; live state {patient.settings.shopper_ttl_days} days")
    kept = len(list(patient.home.models.glob(f"*{versions.SEAL}")))
    remedy = (
        "Delete the folders of the oldest in models/, each with its .sha256" if kept > MOST_VERSIONS else None
    )
    yield Finding("models kept", str(kept), remedy)


def _bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


CHECKS: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
    private,  # before others write to the home, and so shut it
    disk,
    redis_version,
    log_on_disk,
    api_keys,
    connections,
    origins,
    clock,
    live_ids,
    model,
    worker,
    unreadable,
    retention,
)


def as_json(findings: Sequence[Finding]) -> bytes:
    """One object, for programs."""
    return msgspec.json.encode(
        {"well": is_well(findings), "findings": [finding._asdict() for finding in findings]}
    )


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing needs doing."""
    return all(finding.remedy is None for finding in findings)
