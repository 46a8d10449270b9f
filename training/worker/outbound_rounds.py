"""The worker's part of what goes out: a round a minute of every connected service."""

import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import Any

import redis

from features.connections.arrivals import Command, counted, failed, note_sync, passed
from features.connections.settings_file import read_connections
from features.connections.whole import what_is_missing
from features.home import Home
from features.store.failover import reconnecting
from features.store.locks import try_lock, unlock
from features.store.parts import Part
from recommender.lifecycle.knowledge import Knowledge
from recommender.lifecycle.vocabulary.settings import Settings
from training.outbound.destination import NotTaken, Unavailable
from training.outbound.send import Round, send
from training.outbound.services.registry import SERVICES, DamagedSettings, open_service
from training.outbound.state import SentState
from training.worker.trigger_rounds import Lifecycle, merchants_settings

logger = logging.getLogger("perennial.outbound")

ROUND_S = 60.0
TIME_OF_A_SERVICE_S = (
    30.0  # a round through many customers goes on in the next one, and others have their turn
)
AGAIN_MS, NOT_ALLOWED_AGAIN_MS = 60_000, 600_000
ARRIVED = ("customers", "events", "orders", "erased")


class Outbound:
    """Several workers may run at once: each service is locked while one sends to it."""

    def __init__(self, client: redis.Redis, home: Home, holdout: float = 0.0) -> None:
        self._client, self._home, self._holdout = client, home, holdout
        self._lifecycle: Lifecycle | None = None

    def run(self, stop: threading.Event) -> None:
        """Do a round a minute until `stop` is set; at once where one was not finished."""
        part, goes_on = Part("outbound", self._home, ROUND_S), False
        while not stop.wait(0.1 if goes_on else ROUND_S):
            goes_on = False
            with part.round(), reconnecting(self._client):
                goes_on = self.round(stop)

    def round(self, stop: threading.Event) -> bool:
        """True where a service has more to be sent."""
        connected = {name: each for name, each in read_connections(self._home).items() if name in SERVICES}
        unfinished = [
            self._send_to(name, each, stop) for name, each in connected.items() if self._is_whole(name, each)
        ]
        return any(unfinished)

    def _is_whole(self, name: str, options: Mapping[str, Any]) -> bool:
        """Whether its settings have all that it needs; said where they have not."""
        if missing := what_is_missing(name, options):
            logger.error(missing)
            note_sync(self._client, failed(name, missing, datetime.now(UTC)))
        return not missing

    def knowledge(self) -> tuple[Knowledge, Settings]:
        """The published model with what holds now, and the merchant's settings of messages."""
        if self._lifecycle is None:  # a shop without a connected service has no second model in memory
            self._lifecycle = Lifecycle(self._client, self._home, self._holdout)
        return self._lifecycle.knowledge(), merchants_settings(self._client)[0]

    def _send_to(self, name: str, options: Mapping[str, Any], stop: threading.Event) -> bool:
        """One round of one service; True: it has more to be sent."""
        now_ms, until = int(time.time() * 1000), time.monotonic() + TIME_OF_A_SERVICE_S

        def goes_on() -> bool:
            return not stop.is_set() and time.monotonic() < until

        try:
            with closing(SentState.of(self._home, name)) as state:
                if now_ms < int(state.noted("pause_until") or 0):
                    return False
                with closing(open_service(name, options, partial(_wait, stop))) as service:
                    now = (self._client, *self.knowledge(), now_ms, goes_on)
                    attempt(name, Round(service, state, self._home, *now), Counter())
                orders = service.takes_orders and state.due(now_ms, 1, orders=True)
                return bool(state.noted("run") or state.due(now_ms, 1) or orders)
        except (DamagedSettings, sqlite3.Error) as error:  # the other services go on
            text = f"{error}: connect it again" if isinstance(error, DamagedSettings) else _lost(name, error)
            logger.warning("%s: %s", name, text)
            note_sync(self._client, failed(name, text, datetime.now(UTC)))
        except NotTaken as error:
            logger.info("%s takes nothing just now: %s", name, error)
        except _Stopped:
            pass
        return False


def _lost(name: str, error: sqlite3.Error) -> str:
    """A full disk passes; what is no database does not."""
    text = f"outbound/{name}.sqlite of the home: {error}"
    is_passing = isinstance(error, sqlite3.OperationalError)
    return text if is_passing else f"{text}. Restore it, or remove it, and all is sent again"


class _Stopped(Exception):
    """The worker ends, in the middle of whatever it sends."""


def _wait(stop: threading.Event, seconds: float) -> None:
    if stop.wait(seconds):
        raise _Stopped


def attempt(name: str, this: Round, done: Counter[str]) -> None:
    """One round, whatever comes of it noted. done: as `send` fills it.

    Raises NotTaken and redis.RedisError.
    """
    lock = try_lock(this.home.root / "outbound" / f"{name}.lock")
    if lock is None:
        raise Unavailable("another process sends to it just now")
    try:
        _send(this, done)
    except NotTaken as error:
        pause_ms = NOT_ALLOWED_AGAIN_MS
        if isinstance(error, Unavailable):
            pause_ms = max(AGAIN_MS, int(error.after_s * 1000))
        this.state.note("pause_until", str(this.now_ms + pause_ms))
        note_sync(this.client, failed(name, str(error), datetime.now(UTC)))
        raise
    finally:
        unlock(lock)
        note_sync(this.client, _notes(name, done, datetime.now(UTC)))


def _send(this: Round, done: Counter[str]) -> None:
    """An answer that lacks what the service promises is trouble of the service."""
    try:
        send(this, done)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        logger.exception("an answer of a service has another shape than it promises")
        raise Unavailable(f"its answer has another shape than it promises ({error!r})") from error


def _notes(name: str, done: Counter[str], now: datetime) -> tuple[Command, ...]:
    counts = {kind: number for kind, number in done.items() if number}
    notes = [passed(name, kind, now, counts[kind]) for kind in ARRIVED if kind in counts]
    notes += [counted(name, kind, number) for kind, number in counts.items() if kind not in ARRIVED]
    return tuple(command for note in notes for command in note)
