"""The processes of one machine: the supervisor, API workers behind one socket, and how each stops."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from api.settings import ApiSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

log = logging.getLogger("perennial.processes")

TICK_S = 0.25
RESTART_PAUSE_S = 1.0
STOP_GRACE_S = 5.0


def listen(host: str, port: int) -> socket.socket:
    """A listening socket that worker processes inherit. OSError where the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    listener.set_inheritable(True)
    return listener


def url_of(listener: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = listener.getsockname()[:2]
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else f'[{host}]' if ':' in host else host}:{port}"  # noqa: S104


def run_api(app: FastAPI, listener: socket.socket, settings: ApiSettings) -> None:
    """Serve until SIGTERM, then finish what is open."""
    import uvicorn  # not above: the supervisor shall not wait for it

    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.drain_s,
    )
    gc.collect()
    gc.freeze()  # not to be looked through again: what the libraries made takes tens of milliseconds
    uvicorn.Server(config).run(sockets=[listener])


def supervise(
    commands: Sequence[Sequence[str]],
    environment: Mapping[str, str],
    inherited: Sequence[int],
    settings: ApiSettings,
    each_tick: Callable[[], None],
) -> None:
    """Run the commands until SIGTERM or SIGINT; whichever ends before is started again."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl+C reaches us alone, and we stop the children in order.
        return subprocess.Popen(command, env=environment, pass_fds=inherited, start_new_session=True)

    children = [start(command) for command in commands]
    while not stop.wait(TICK_S):
        each_tick()
        for place, child in enumerate(children):
            if child.poll() is not None:
                log.warning(
                    "a process ended and is started again",
                    extra={"pid": child.pid, "reason": child.returncode},
                )
                time.sleep(RESTART_PAUSE_S)
                children[place] = start(commands[place])
    stop_all(children, settings.drain_s + STOP_GRACE_S)


def stop_all(children: Sequence[subprocess.Popen[bytes]], grace_s: float) -> None:
    """Ask all to stop, wait, and kill whoever is left."""
    for child in children:
        child.terminate()
    deadline = time.monotonic() + grace_s
    for child in children:
        try:
            child.wait(max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def stop_with_parent() -> None:
    """End this process, in order, when the supervisor is gone: kill -9 leaves it no chance to say so."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(TICK_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
