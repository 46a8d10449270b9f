"""Moves stream entries to the history on disk; an entry is deleted only after its file is synced."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast, get_type_hints

import msgspec
import polars as pl
import redis

from features.events.vocabulary import Event, is_possible_time
from features.history.event_rows import event_rows
from features.history.events_parquet import schema
from features.history.impressions_parquet import served_table
from features.history.poison import Poison, set_aside
from features.home import Home
from features.live.ingest import seen_keys
from features.live.set_aside import REASON_FIELD
from features.outgoing.impressions import RECORDS_PER_ENTRY, ServedRecord
from features.outgoing.offer_decisions import DecisionRecord
from features.people.shared_links import take_emails, take_links
from features.store import keys
from features.store.failover import reconnecting
from features.store.files import replacing
from features.store.locks import held
from features.store.parts import Part
from features.store.settings import StoreSettings
from features.store.tombstones import Tombstones, read_tombstones

GROUP = CONSUMER = "archiver"  # one name suffices: the home's lock lets one archiver work at a time
RECORDS_PER_CALL = 1_000  # about 1 ms of Redis: shoppers' requests pass in between
LONGEST_ROUND_S = 30.0  # of moving what has come, while nothing hangs
POLL_S = 1.0

UNREADABLE = (msgspec.DecodeError, LookupError, TypeError, ValueError, OverflowError, RecursionError)
COLUMN_TYPES: dict[Any, pl.DataType] = {
    str: pl.String(),
    str | None: pl.String(),
    float: pl.Float64(),
    int: pl.Int64(),
    bool: pl.Boolean(),
    datetime: pl.Datetime("us", "UTC"),
    tuple[str, ...]: pl.List(pl.String()),
    tuple[float, ...]: pl.List(pl.Float64()),
}
DECISION_SCHEMA = {name: COLUMN_TYPES[kind] for name, kind in get_type_hints(DecisionRecord).items()}

Fields = dict[bytes, bytes]
Entry = tuple[bytes, Fields]


@dataclass(frozen=True)
class Archive:
    """Where a stream goes. read: an entry's fields -> its rows or records; table: of these, parquet's."""

    folder: Path
    read: Callable[[Fields], list[Any]]
    table: Callable[[list[Any]], pl.DataFrame]

    def write(self, rows: list[Any], day: datetime, name: str) -> None:
        """Add rows as one file, completely or not at all; the same name replaces it."""
        with replacing(self.folder / f"{day:%Y-%m-%d}" / f"{name}.parquet") as fresh:
            self.table(rows).write_parquet(fresh)


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
        self._archives: dict[str, Archive] = {
            keys.event_stream(): Archive(home.events, self._event_rows, _event_table),
            keys.served_stream(): Archive(home.served, self._served_records, served_table),
            keys.decision_stream(): Archive(home.decisions, self._decisions, _decision_table),
        }

    def run(self, *, burst: bool = False, stop: threading.Event | None = None) -> None:
        """Archive until `stop` is set; with `burst`, only what is in the streams at the start.

        A burst raises redis.RedisError or OSError. The endless run logs errors and tries again.
        """
        stop = stop or threading.Event()
        if burst:
            for stream in self._archives:
                self._drain(stream, stop)
            take_links(self._client, self._home)
            take_emails(self._client, self._home)
            return
        parts = {
            stream: Part(f"archiver-{archive.folder.name}", self._home, every_s=LONGEST_ROUND_S)
            for stream, archive in self._archives.items()
        }
        people = Part("archiver-people", self._home)
        while not stop.wait(POLL_S):
            with people.round(), reconnecting(self._client):
                take_links(self._client, self._home)
                take_emails(self._client, self._home)
            for stream, part in parts.items():
                with part.round(), reconnecting(self._client):
                    if self._is_due(stream):
                        self._drain(stream, stop)

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
            readable, poison = self._read_entries(stream, present)
            if readable:
                self._archives[stream].write(readable, _day(present), name)
            if poison:
                set_aside(self._home, poison, name)
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

    def _read_entries(self, stream: str, entries: list[Entry]) -> tuple[list[Any], list[Poison]]:
        """What the entries hold, and those that cannot be read or do not fit the table."""
        archive = self._archives[stream]
        good: list[list[Any]] = []
        poison: list[Poison] = []
        origins: list[Entry] = []
        for entry_id, fields in entries:
            try:
                good.append(archive.read(fields))
                origins.append((entry_id, fields))
            except UNREADABLE as error:
                poison.append(Poison.of(stream, entry_id, fields, error))
        unfit = _unfit(archive, good)
        poison += [Poison.of(stream, *origins[row], error) for row, error in unfit.items()]
        return [each for row, group in enumerate(good) if row not in unfit for each in group], poison

    def _event_rows(self, fields: Fields) -> list[dict[str, Any]]:
        event = msgspec.json.decode(fields[b"e"], type=Event)
        if not self._tombstones.admits(event):
            self._client.delete(*seen_keys(event))
            return []
        if doubt := fields.get(REASON_FIELD.encode()):
            raise ValueError(doubt.decode())
        received_at = datetime.fromtimestamp(int(fields[b"r"]) / 1000, UTC)
        if not is_possible_time(event.timestamp, received_at):
            raise ValueError(f"{event.timestamp} lies before 1990 or in the future")
        return event_rows(event, received_at)

    def _served_records(self, fields: Fields) -> list[ServedRecord]:
        return self._tombstones.admitted(msgspec.json.decode(fields[b"s"], type=list[ServedRecord]))

    def _decisions(self, fields: Fields) -> list[dict[str, Any]]:
        record = msgspec.json.decode(fields[b"d"], type=DecisionRecord)
        return [*map(msgspec.structs.asdict, self._tombstones.admitted([record]))]


def _unfit(archive: Archive, groups: list[list[Any]]) -> dict[int, Exception]:
    """Positions of the groups of rows that make no table, found by halves."""
    unfit: dict[int, Exception] = {}
    parts = [(0, len(groups))] if groups else []
    while parts:
        begin, end = parts.pop()
        try:
            archive.table([each for group in groups[begin:end] for each in group])
        except Exception as error:
            middle = (begin + end) // 2
            if end - begin == 1:
                unfit[begin] = error
            else:
                parts += [(begin, middle), (middle, end)]
    return unfit


def _entries_per_call(stream: str) -> int:
    return RECORDS_PER_CALL // (RECORDS_PER_ENTRY if stream == keys.served_stream() else 1)


def _day(entries: list[Entry]) -> datetime:
    """The day on which a batch's first entry arrived, so that a repeat writes to the same folder."""
    return datetime.fromtimestamp(_arrival_ms(entries[0][0]) / 1000, UTC)


def _arrival_ms(entry_id: bytes) -> int:
    return int(entry_id.split(b"-")[0])


def _event_table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema())


def _decision_table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=DECISION_SCHEMA)
