"""The front of one API process: uvicorn behind limits on connections, headers, bodies, time and load.

uvicorn bounds neither headers nor the time they take, nor what is pipelined, and its `limit_concurrency`
refuses only what it has parsed and scheduled. See docs/decisions/0017-limits-in-front-of-uvicorn.md.
"""

import asyncio
import resource
import socket
from time import monotonic

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.process.accepting import Acceptor
from api.process.connection import Connection
from api.process.overload import ConcurrencyLimit
from api.process.short_way import ShortWay
from api.web.fast_routes import ShortcutFastAPI
from api.web.refusals import STALE
from api.web.settings import ApiSettings

CONNECTION = "perennial.connection"  # in a request's `state`
RESERVED_FILES = 128  # descriptors for everything but connections
SWEEPS_A_TIMEOUT, LONGEST_SWEEP_S = 4, 1.0
ENDED_AT_ONCE = 4  # in 0.3 ms; then everything else has its turn
REST_S = 0.001
NEVER_S = 1 << 30  # an idle connection is ours to end: uvicorn does not see all of its requests
LAG_EVERY_S = 0.02  # how often the event loop is asked how late it is


class ConnectionFront:
    """Makes the connections of one process, and ends those that take too long."""

    short_way: ShortWay | None = None

    def __init__(self, settings: ApiSettings) -> None:
        self.settings, self.load = settings, ConcurrencyLimit(settings)
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._most = min(settings.max_connections, max(files - RESERVED_FILES, 1))
        timeouts = (settings.head_timeout_s, settings.body_timeout_s, settings.send_timeout_s)
        self._sweep_s = min(min(timeouts) / SWEEPS_A_TIMEOUT, LONGEST_SWEEP_S)
        self._connections: set[Connection] = set()
        self._is_watching = False

    def add(self, connection: Connection) -> bool:
        """Look after a connection; False where there are too many."""
        if len(self._connections) >= self._most:
            return False
        self._connections.add(connection)
        if not self._is_watching:
            self._is_watching = True
            self._watch(monotonic(), monotonic())
        return True

    def discard(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def stop(self) -> None:
        """Let all connections end, each behind its answer."""
        for connection in list(self._connections):
            connection.stop()

    def _watch(self, due: float, sweep_at: float) -> None:
        """Again and again while there are connections. due: when this turn should have come; sweep_at: when
        they are looked through next."""
        now = monotonic()
        self.load.observe_lag(now - due, now)
        if now >= sweep_at:
            sweep_at = now + self._sweep_s
            self._sweep(list(self._connections))
        self._is_watching = bool(self._connections)
        if not self._is_watching:
            self.load.observe_lag(0.0, now)
        else:
            asyncio.get_running_loop().call_later(LAG_EVERY_S, self._watch, now + LAG_EVERY_S, sweep_at)

    def _sweep(self, connections: list[Connection]) -> None:
        """End those that take too long, a few at a time. connections: to be looked at; emptied."""
        now, ended = monotonic(), 0
        while connections and ended < ENDED_AT_ONCE:
            connection = connections.pop()
            ended += connection in self._connections and connection.check(now)
        if connections:
            asyncio.get_running_loop().call_later(REST_S, self._sweep, connections)


class Admission:
    """ASGI: tells a connection when its request begins and ends, and refuses one that waited for too long."""

    def __init__(self, app: ASGIApp, stale_s: float) -> None:
        self._app, self._stale_s = app, stale_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection: Connection | None = scope.get("state", {}).pop(CONNECTION, None)
        if connection is None:
            await self._app(scope, receive, send)
            return
        try:
            if connection.begin() > self._stale_s:
                await STALE.response()(scope, receive, send)
            else:
                await self._app(scope, *_ending(connection, receive, send))
        finally:
            connection.answered()


def _ending(connection: Connection, receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Both channels of a request. Of a body that is too long to be read to its end, or does not say how long
    it is, they tell the connection when it ends; an answer before that says that the connection closes."""
    if not connection.is_body_open:
        return receive, send

    async def received() -> Message:
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            connection.body_ended()
        return message

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start" and connection.is_body_open:
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return received, sent


class LimitedServer(uvicorn.Server):
    """uvicorn, whose connections we accept: libuv takes one a turn of the loop, so that requests would wait
    where nobody counts them."""

    def __init__(self, config: uvicorn.Config, front: ConnectionFront) -> None:
        super().__init__(config)
        self._front = front

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        self._acceptor = Acceptor(self._front.load, self._connection)
        for listener in sockets or ():
            listener.setblocking(False)
            self._acceptor.listen(listener)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in sockets or ():
            self._acceptor.stop(listener)
        self._front.stop()
        await super().shutdown(sockets)

    def _connection(self) -> Connection:
        return Connection(self._front, self._protocol)

    def _protocol(self, connection: Connection) -> asyncio.Protocol:
        state = {**self.lifespan.state, CONNECTION: connection}
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=state
        )


def server_of(app: ASGIApp, settings: ApiSettings) -> LimitedServer:
    """uvicorn for the app, with limits in front of it, and a way past it to short routes."""
    stale_s = settings.stale_ms / 1000
    config = uvicorn.Config(
        Admission(app, stale_s),
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=NEVER_S,
        timeout_graceful_shutdown=settings.drain_s,
    )
    front = ConnectionFront(settings)
    server = LimitedServer(config, front)
    if isinstance(app, ShortcutFastAPI):
        front.short_way = ShortWay(app, config, server.server_state, stale_s)
    return server
