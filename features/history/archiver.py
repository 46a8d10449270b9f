"""Moves stream entries to the history on disk; an entry is deleted only after its file is synced."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import polars as pl
import redis

from features.events.vocabulary import Event, is_possible_time
from features.history import events_parquet as history
from features.history.event_rows import event_rows
from features.history.impressions_parquet import served_table
from features.home import Home
from features.live.ingest import seen_keys
from features.outgoing.impressions import RECORDS_PER_ENTRY, ServedRecord
from features.outgoing.offer_decisions import DecisionRecord
from features.store import keys
from features.store.files import replacing, write_whole
from features.store.locks import held
from features.store.settings import StoreSettings
from features.store.tombstones import Tombstones, read_tombstones

logger = logging.getLogger(__name__)

GROUP = CONSUMER = "archiver"  # one name suffices: the home's lock lets one archiver work at a time
RECORDS_PER_CALL = 1_000  # about 1 ms of Redis: shoppers' requests pass in between
POLL_S = 1.0

UNREADABLE = (msgspec.DecodeError, LookupError, TypeError, ValueError, OverflowError)
DECISION_SCHEMA: dict[str, pl.DataType] = {
    "decision_id": pl.String(),
    "decided_at": pl.Datetime("us", "UTC"),
    "expires_at": pl.Datetime("us", "UTC"),
    "customer_id": pl.String(),
    "channel": pl.String(),
    "offer_id": pl.String(),
    "propensity": pl.Float64(),
    "stage": pl.String(),
    "arms": pl.List(pl.String()),
    "chances": pl.List(pl.Float64()),
    "worth": pl.List(pl.Float64()),
    "features": pl.List(pl.String()),
    "values": pl.List(pl.Float64()),
    "basket": pl.Float64(),
    "margin": pl.Float64(),
    "cost": pl.Float64(),
    "catalogue_revision": pl.Int64(),
    "model_version": pl.String(),
    "cart": pl.Float64(),
    "segment": pl.String(),
    "tier": pl.String(),
    "country": pl.String(),
    "first_order": pl.Boolean(),
    "consent": pl.Boolean(),
}

Entry = tuple[bytes, dict[bytes, bytes]]


class Poison(msgspec.Struct):
    """A stream entry that cannot be read, and why."""

    id: str
    reason: str
    fields: dict[str, str]


class Archiver:
    """Moves all streams into parquet, each entry at least once; a repeat changes nothing.

    A batch becomes one file named by its first and last stream id. It is acknowledged and deleted
    after the file is synced to disk; if the process dies before, the same batch is read again and
    replaces the same file. Unreadable entries go to the home's `poison` folder with the reason.
    """

    def __init__(self, client: redis.Redis, home: Home, settings: StoreSettings) -> None:
        self._client = client
        self._home = home
        batch = settings.archive_batch_events
        self._batches = {
            keys.event_stream(): batch,
            keys.served_stream(): max(1, batch // RECORDS_PER_ENTRY),
            keys.decision_stream(): batch,
        }
        self._interval_ms = settings.archive_interval_s * 1000
        self._tombstones = Tombstones()
        self._writers: dict[str, Callable[[list[Entry], str], list[Poison]]] = {
            keys.event_stream(): self._write_events,
            keys.served_stream(): self._write_served,
            keys.decision_stream(): self._write_decisions,
        }

    def run(self, *, burst: bool = False, stop: threading.Event | None = None) -> None:
        """Archive until `stop` is set; with `burst`, only what is in the streams at the start.

        A burst raises redis.RedisError or OSError. The endless run logs errors and tries again.
        """
        stop = stop or threading.Event()
        if burst:
            for stream in self._writers:
                self._drain(stream, stop)
            return
        while not stop.wait(POLL_S):
            for stream in self._writers:
                try:
                    if self._is_due(stream):
                        self._drain(stream, stop)
                except Exception:
                    logger.exception("Archiving failed; the events stay in Redis, and it is tried again")

    def _drain(self, stream: str, stop: threading.Event) -> None:
        newest = cast(list[Entry], self._client.xrevrange(stream, count=1))
        while newest and not stop.is_set() and self._client.xrange(stream, max=newest[0][0], count=1):
            self._move(stream)

    def _is_due(self, stream: str) -> bool:
        """Whether a batch is full or its oldest entry has waited long enough: keeps files few and large."""
        oldest = cast(list[Entry], self._client.xrange(stream, count=1))
        if not oldest:
            return False
        waited_ms = time.time() * 1000 - _arrival_ms(oldest[0][0])
        return waited_ms >= self._interval_ms or self._client.xlen(stream) >= self._batches[stream]

    def _move(self, stream: str) -> None:
        """Archive one batch."""
        with held(self._home.events / "archive.lock"):
            entries = self._read(stream, "0") or self._read(stream, ">")
            if not entries:
                return
            name = f"{entries[0][0].decode()}-{entries[-1][0].decode()}"
            self._tombstones = read_tombstones(self._home)  # what comes late of the erased is not kept
            present = [entry for entry in entries if entry[1]]  # a full stream drops its oldest entries
            if poison := self._writers[stream](present, name):
                self._write_poison(poison, name)
            self._acknowledge(stream, [entry_id for entry_id, _ in entries])

    def _read(self, stream: str, after: str) -> list[Entry]:
        """Up to a batch of entries. after: `0` for those read but never acknowledged, `>` for new ones."""
        entries: list[Entry] = []
        while len(entries) < self._batches[stream]:
            count = min(_entries_per_call(stream), self._batches[stream] - len(entries))
            page = self._read_page(stream, after, count)
            entries += page
            if len(page) < count:
                break
            after = after if after == ">" else page[-1][0].decode()
        return entries

    def _read_page(self, stream: str, after: str, count: int) -> list[Entry]:
        try:
            reply = self._client.xreadgroup(GROUP, CONSUMER, {stream: after}, count=count)
        except redis.ResponseError as error:
            if not str(error).startswith("NOGROUP"):  # new, or emptied by FLUSHALL
                raise
            self._client.xgroup_create(stream, GROUP, id="0", mkstream=True)
            return self._read_page(stream, after, count)
        streams = cast(list[tuple[bytes, list[Entry]]], reply)
        return streams[0][1] if streams else []

    def _acknowledge(self, stream: str, ids: list[bytes]) -> None:
        size = _entries_per_call(stream)
        for start in range(0, len(ids), size):
            batch = ids[start : start + size]
            with self._client.pipeline(transaction=True) as pipe:
                pipe.xack(stream, GROUP, *batch)
                pipe.xdel(stream, *batch)
                pipe.execute()

    def _write_events(self, entries: list[Entry], name: str) -> list[Poison]:
        rows: list[dict[str, Any]] = []
        poison = []
        for entry_id, fields in entries:
            try:
                event = msgspec.json.decode(fields[b"e"], type=Event)
                received_at = datetime.fromtimestamp(int(fields[b"r"]) / 1000, UTC)
                if not is_possible_time(event.timestamp, received_at):
                    raise ValueError(f"{event.timestamp} lies before 1990 or in the future")
                if self._tombstones.admits(event):
                    rows += event_rows(event, received_at)
                else:
                    self._client.delete(*seen_keys(event))
            except UNREADABLE as error:
                poison.append(_poison(entry_id, fields, error))
        if rows:
            frame = pl.DataFrame(rows, schema=history.schema())
            history.write_rows(self._home, frame, _day(entries), name)
        return poison

    def _write_served(self, entries: list[Entry], name: str) -> list[Poison]:
        records: list[ServedRecord] = []
        poison = []
        for entry_id, fields in entries:
            try:
                served = msgspec.json.decode(fields[b"s"], type=list[ServedRecord])
                records += self._tombstones.admitted(served)
            except UNREADABLE as error:
                poison.append(_poison(entry_id, fields, error))
        if records:
            target = self._home.served / f"{_day(entries):%Y-%m-%d}" / f"{name}.parquet"
            with replacing(target) as fresh:
                served_table(records).write_parquet(fresh)
        return poison

    def _write_decisions(self, entries: list[Entry], name: str) -> list[Poison]:
        records: list[dict[str, Any]] = []
        poison = []
        for entry_id, fields in entries:
            try:
                record = msgspec.json.decode(fields[b"d"], type=DecisionRecord)
                records += map(msgspec.structs.asdict, self._tombstones.admitted([record]))
            except UNREADABLE as error:
                poison.append(_poison(entry_id, fields, error))
        if records:
            target = self._home.decisions / f"{_day(entries):%Y-%m-%d}" / f"{name}.parquet"
            with replacing(target) as fresh:
                pl.DataFrame(records, schema=DECISION_SCHEMA).write_parquet(fresh)
        return poison

    def _write_poison(self, poison: list[Poison], name: str) -> None:
        lines = b"".join(msgspec.json.encode(each) + b"\n" for each in poison)
        write_whole(self._home.root / "poison" / f"{name}.jsonl", lines)
        logger.warning("Set aside %d unreadable entries; see %s", len(poison), self._home.root / "poison")


def _entries_per_call(stream: str) -> int:
    return RECORDS_PER_CALL // (RECORDS_PER_ENTRY if stream == keys.served_stream() else 1)


def _poison(entry_id: bytes, fields: dict[bytes, bytes], error: Exception) -> Poison:
    readable = {
        name.decode(errors="replace"): text.decode(errors="backslashreplace") for name, text in fields.items()
    }
    return Poison(entry_id.decode(), f"{type(error).__name__}: {error}", readable)


def _arrival_ms(entry_id: bytes) -> int:
    return int(entry_id.split(b"-")[0])


def _day(entries: list[Entry]) -> datetime:
    """The day on which a batch's first entry arrived, so that a repeat writes to the same folder."""
    return datetime.fromtimestamp(_arrival_ms(entries[0][0]) / 1000, UTC)
