"""Around every request: an id, its time by route, and an answer even where our own code failed."""

import logging
from time import perf_counter
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.web.metrics import REQUEST_SECONDS
from api.web.problems import Problem, respond
from api.web.tokens import new_token

logger = logging.getLogger("perennial.api")


class Observed:
    """Pure ASGI: Starlette's BaseHTTPMiddleware would cost more than the recommendation."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, status = perf_counter(), 500
        request_id = scope.setdefault("state", {})["request_id"] = new_token()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            await broken(scope, request_id)(scope, receive, send_with_id)
        finally:
            REQUEST_SECONDS.observe(perf_counter() - started, _route(scope), str(status))


def broken(scope: Scope, request_id: str) -> Response:
    """What is answered after an exception that nobody expected; the log has it."""
    logger.exception("request failed", extra={"request_id": request_id, "route": _route(scope)})
    problem = Problem(500, "Something broke on our side; the log has it under this request_id.")
    return respond(problem, request_id)


def _route(scope: Scope) -> str:
    """The route's template, never the path: a path may hold an id."""
    route: Any = scope.get("route")
    return getattr(route, "path", "none")
