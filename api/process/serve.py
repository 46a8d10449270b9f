"""`perennial serve`: all roles of one machine under a supervisor, or the API alone."""

import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack

from api.process.child import Child
from api.process.processes import listen, raise_file_limit, run_api, supervise
from api.web.debts import Debts, shared_memory
from api.web.settings import ApiSettings
from api.web.shared_metrics import METRICS_FOLDER, fresh_folder
from features import extras
from features.home import Home
from features.store.locks import serve_lock
from features.store.parts import Part, forget_parts
from features.store.redis_keeper import kept_redis
from features.store.settings import StoreSettings

logger = logging.getLogger("perennial.serve")


def serve_all(
    home: Home, settings: ApiSettings, store_settings: StoreSettings, announce: Callable[[str], None]
) -> None:
    """Redis (unless the shop runs its own), API workers and the worker, until SIGTERM.

    `announce` is called with the URL once it answers. Raises OSError where the port is taken,
    HomeInUse, RedisServerError, and CannotStart where a process gives up at once, each time.
    """
    raise_file_limit()
    with ExitStack() as held:
        held.enter_context(serve_lock(home, f"http://{settings.host}:{settings.port}"))
        listener = held.enter_context(listen(settings.host, settings.port))
        forget_parts(home)
        redis_url = held.enter_context(kept_redis(home, store_settings))
        beats = fresh_folder(home)
        environment = {
            **os.environ,
            "REDIS_URL": redis_url,
            "PERENNIAL_HOST": settings.host,
            METRICS_FOLDER: str(beats),
        }
        # -P: a folder of the shop's called `api`, where it starts us, is not taken for ours.
        rates = held.enter_context(shared_memory())
        inherited = [listener.fileno(), rates.fileno()]
        api = [sys.executable, "-P", "-m", "api", str(home.root), *map(str, inherited)]
        worker = [sys.executable, "-P", "-m", "perennial", "serve", "--home", str(home.root), "--supervised"]
        commands = {f"api-{number}": api for number in range(1, settings.workers + 1)}
        if extras.is_installed("training"):
            commands["worker"] = [*worker, "--role", "worker"]
        else:
            logger.warning(
                "no worker: events wait in Redis and nothing retrains; %s", extras.remedy("training")
            )
        children = [
            Child(
                Part(name, home),
                command,
                environment,
                inherited if command is api else [],
                beats if command is api else None,
            )
            for name, command in commands.items()
        ]
        supervise(children, listener, settings, announce)


def serve_api(
    home: Home,
    settings: ApiSettings,
    store_settings: StoreSettings,
    listener_fd: int | None = None,
    rates_fd: int | None = None,
) -> None:
    """The API alone, on the supervisor's socket and with what callers owe, or on its own."""
    # One thread for FAISS and BLAS: two wait for each other for longer than an answer takes. Set before the
    # libraries are imported, which read it then.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from api.serving.preload import preload  # imported late: the supervisor does not need it

    raise_file_limit()
    load = preload(home.models)
    from api.process.app import create_app

    inherited = listener_fd is not None
    with (
        kept_redis(home, store_settings) as redis_url,
        socket.socket(fileno=listener_fd) if inherited else listen(settings.host, settings.port) as listener,
    ):
        app = create_app(home, redis_url, settings, store_settings, load, Debts(rates_fd))
        run_api(app, listener, settings)
