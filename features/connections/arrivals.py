"""What came from each service or went to it: how often, when last, and what went wrong last."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

from features.store import keys
from features.store.connection import Connection

if TYPE_CHECKING:
    import redis

MAX_TROUBLE = 500  # characters
ADDRESS = re.compile(r"[^\s@'\"<>()]+@[^\s@'\"<>()]+")
Command = tuple[str | int, ...]


class Traffic(NamedTuple):
    """How often a kind of message passed, and when last."""

    times: int
    last_at: datetime


class ConnectionState(NamedTuple):
    """traffic: by kind of message, the latest first. trouble: what went wrong last, and when. counts: by
    kind, of what did not pass, like customers who gave no consent."""

    traffic: dict[str, Traffic]
    trouble: str | None = None
    trouble_at: datetime | None = None
    counts: Mapping[str, int] = {}

    @property
    def is_well(self) -> bool:
        """Whether something passed after the last trouble."""
        passed = max((each.last_at for each in self.traffic.values()), default=None)
        return self.trouble_at is None or (passed is not None and passed > self.trouble_at)


class OncePerMinute:
    """Lets something happen once a minute, of each name."""

    def __init__(self) -> None:
        self._last: dict[str, datetime] = {}

    def lets(self, name: str, now: datetime) -> bool:
        """Whether it may happen now; then it has."""
        last = self._last.get(name)
        if last is not None and timedelta() <= now - last < timedelta(minutes=1):
            return False
        self._last[name] = now
        return True


def passed(service: str, kind: str, at: datetime, count: int = 1) -> tuple[Command, ...]:
    """The commands that note messages of a service, for `note` or `note_sync`."""
    key = keys.connection(service)
    return ("HINCRBY", key, f"n:{kind}", count), ("HSET", key, f"at:{kind}", _ms(at))


def counted(service: str, kind: str, count: int) -> tuple[Command, ...]:
    """The command that notes what did not pass, though nothing is wrong."""
    return (("HINCRBY", keys.connection(service), f"n:{kind}", count),)


def failed(service: str, trouble: str, at: datetime) -> tuple[Command, ...]:
    """The commands that note what went wrong with a service.

    Others may have written what it quotes: a terminal must not take it for its commands, nor does it name
    anybody by an address.
    """
    nameless = ADDRESS.sub("(an address)", trouble[: 2 * MAX_TROUBLE])
    text = "".join(each if each.isprintable() else "?" for each in nameless[:MAX_TROUBLE])
    return (("HSET", keys.connection(service), "trouble", text, "trouble_at", _ms(at)),)


async def note(store: Connection, commands: tuple[Command, ...]) -> None:
    """Raises StoreUnavailable."""
    for command in commands:
        await store.call(*command)


def note_sync(client: redis.Redis, commands: tuple[Command, ...]) -> None:
    """As `note`, for commands and the worker. Raises redis.RedisError."""
    for command in commands:
        client.execute_command(*command)  # type: ignore[no-untyped-call]


async def read_counts(store: Connection, services: Iterable[str]) -> dict[tuple[str, str], int]:
    """(service, kind of message) -> how many so far, also of what did not pass. Raises StoreUnavailable."""
    counts: dict[tuple[str, str], int] = {}
    for service, reply in [(each, store.send("HGETALL", keys.connection(each))) for each in services]:
        flat = [text.decode(errors="replace") for text in await reply]
        fields = zip(flat[::2], flat[1::2], strict=True)
        counts |= {(service, name[2:]): int(value) for name, value in fields if name.startswith("n:")}
    return counts


def read_state(client: redis.Redis, service: str) -> ConnectionState:
    """What is noted of a service. Raises redis.RedisError."""
    fields = cast(Mapping[bytes, bytes], client.hgetall(keys.connection(service)))
    return _state({name.decode(): value.decode(errors="replace") for name, value in fields.items()})


async def read_states(store: Connection, services: Iterable[str]) -> dict[str, ConnectionState]:
    """As `read_state`, of several, for a process that serves. Raises StoreUnavailable."""
    asked = [(each, store.send("HGETALL", keys.connection(each))) for each in services]
    flat = {service: [text.decode(errors="replace") for text in await reply] for service, reply in asked}
    return {each: _state(dict(zip(texts[::2], texts[1::2], strict=True))) for each, texts in flat.items()}


def _state(noted: Mapping[str, str]) -> ConnectionState:
    traffic = {
        name[2:]: Traffic(int(count), _time(noted[f"at:{name[2:]}"]))
        for name, count in noted.items()
        if name.startswith("n:") and f"at:{name[2:]}" in noted
    }
    counts = {
        name[2:]: int(count)
        for name, count in noted.items()
        if name.startswith("n:") and name[2:] not in traffic
    }
    latest_first = sorted(traffic.items(), key=lambda item: item[1].last_at, reverse=True)
    trouble_at = noted.get("trouble_at")
    at = _time(trouble_at) if trouble_at else None
    return ConnectionState(dict(latest_first), noted.get("trouble"), at, counts)


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1_000)


def _time(ms: str) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1_000, UTC)
