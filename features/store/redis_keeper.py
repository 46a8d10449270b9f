"""The embedded Redis of a service: while it runs, whatever ends or hangs is started again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.home import Home
from features.store.disk_reserve import keep_reserve
from features.store.parts import Part
from features.store.redis_log import RESPONSE_TIMEOUT_S
from features.store.redis_server import RedisHangs, RedisServer
from features.store.settings import StoreSettings

LOOK_S, LONGEST_PAUSE_S = 0.25, 2.0  # between two looks; after failures it doubles from one to the other
HANGS = 2  # times that it does not answer after which it is killed: its log is written
LOG_BYTES = 10_000_000  # of Redis' own log, of which one older part is kept


@contextmanager
def kept_redis(home: Home, settings: StoreSettings, response_s: float = RESPONSE_TIMEOUT_S) -> Iterator[str]:
    """URL of the store: the shop's own Redis, or else the embedded one, which is kept running.

    The first start raises RedisServerError; later failures are the state of the part `redis`.
    """
    if settings.redis_url is not None:
        yield settings.redis_url
        return
    stop = threading.Event()
    with RedisServer(home, settings, response_s) as server:
        looked_after = server, Part("redis", home, every_s=LONGEST_PAUSE_S), stop, settings.disk_reserve_mb
        keeper = threading.Thread(target=keep, args=looked_after, daemon=True)
        keeper.start()
        try:
            yield server.url
        finally:
            stop.set()
            keeper.join()


def keep(server: RedisServer, part: Part, stop: threading.Event, reserve_mb: int) -> None:
    """Look after the server until `stop` is set."""
    pause_s, hangs = LOOK_S, 0
    while not stop.wait(pause_s):
        with part.round():
            try:
                server.ensure_running(stop)
                hangs = 0
            except RedisHangs:
                hangs += 1
                if hangs % HANGS == 0:
                    server.kill()
                raise
            rotate(server.log_file, LOG_BYTES)
            keep_reserve(server.log_file.parent, reserve_mb)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S) if part.state.failing else LOOK_S


def rotate(log: Path, most_bytes: int) -> None:
    """Put a log aside that has grown too large; Redis opens it anew for each line."""
    if log.exists() and log.stat().st_size > most_bytes:
        log.replace(log.with_suffix(".log.1"))
