"""The processes of one machine: the supervisor, API workers behind one socket, and how each stops."""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from api.process.child import Child
from api.web.settings import ApiSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

TICK_S = 0.25
ANSWER_S = 1.0
STOP_GRACE_S = 5.0


def listen(host: str, port: int) -> socket.socket:
    """A listening socket that worker processes inherit. OSError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        raise OSError(
            f"cannot listen on port {port} of {host}: {reason}; choose another with --port or --host"
        ) from error
    listener.set_inheritable(True)
    return listener


def raise_file_limit() -> None:
    """Let this process, and those it starts, open as many files as the system lets it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def url_of(listener: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = listener.getsockname()[:2]
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else f'[{host}]' if ':' in host else host}:{port}"  # noqa: S104


def run_api(app: FastAPI, listener: socket.socket, settings: ApiSettings) -> None:
    """Serve until SIGTERM, then finish what is open."""
    from api.process.front import server_of  # imported late: the supervisor does not need it

    server = server_of(app, settings)
    gc.collect()
    gc.freeze()  # not to be looked through again: what the libraries made takes tens of milliseconds
    server.run(sockets=[listener])


def answers(listener: socket.socket) -> bool:
    """Whether an API process has begun to answer on the socket."""
    with suppress(OSError), socket.create_connection(listener.getsockname()[:2], ANSWER_S) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return line.recv(16).startswith(b"HTTP/1.1 200")
    return False


def supervise(
    children: Sequence[Child],
    listener: socket.socket,
    settings: ApiSettings,
    announce: Callable[[str], None],
) -> None:
    """Look after the children until SIGTERM or SIGINT; whichever ends before is started again.

    `announce` is called once, with the URL, when the first answer was given. Raises CannotStart until then;
    afterwards nothing but a signal ends it.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    announced = False
    try:
        while not stop.wait(TICK_S):
            for child in children:
                child.look(may_give_up=not announced)
            if not announced and answers(listener):
                announced = True
                announce(url_of(listener))
    finally:
        stop_all(children, settings.drain_s + STOP_GRACE_S)


def stop_all(children: Sequence[Child], grace_s: float) -> None:
    """Ask all to stop, wait, and kill whoever is left."""
    for child in children:
        child.process.terminate()
    deadline = time.monotonic() + grace_s
    for child in children:
        try:
            child.process.wait(max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


def stop_with_parent() -> None:
    """End this process, in order, when the supervisor is gone: kill -9 leaves it no chance to say so."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(TICK_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
