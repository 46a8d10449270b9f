"""HTTP as uvicorn speaks it, with a short way for what is asked thousands of times a second."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from api.web.fast_routes import ShortcutFastAPI


class ShortcutProtocol(HttpToolsProtocol):
    """Writes the answers of shortened routes in one piece, where ASGI needs two messages and two checks of
    every header: half of what HTTP costs them. All others, and other applications, are served as ever."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        ours: Any = self.config.app
        scope: Any = cycle.scope
        if not (app is self.app and isinstance(ours, ShortcutFastAPI) and ours.shortens(scope)):
            super()._start_asgi_task(cycle, app)
            return
        task = self.loop.create_task(self._answer(ours, scope, cycle))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    async def _answer(self, app: ShortcutFastAPI, scope: Scope, cycle: RequestResponseCycle) -> None:
        receive: Any = cycle.receive
        response = await app.answered(scope, receive)
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        # After all that are being worked out now, see docs/decisions/0013.
        self.loop.call_soon(self._send, response, cycle)

    def _send(self, response: Response, cycle: RequestResponseCycle) -> None:
        told, cycle.on_response = cycle.on_response, _nothing  # it leads back here, for the collector to find
        if cycle.disconnected:
            return
        cycle.transport.write(_packed(response, self.server_state.default_headers, cycle.keep_alive))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            cycle.transport.close()
        told()


def _packed(response: Response, default_headers: list[tuple[bytes, bytes]], keep_alive: bool) -> bytes:
    """Status, headers and body. The headers are our own: nothing of a request gets into them."""
    lines = [b"%b: %b\r\n" % header for header in default_headers + response.raw_headers]
    if not keep_alive:
        lines.append(b"connection: close\r\n")
    return b"".join([STATUS_LINE[response.status_code], *lines, b"\r\n", response.body])


def _nothing() -> None:
    return None
