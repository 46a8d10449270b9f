"""The routes that shops ask thousands of times a second, without the framework's way to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from time import perf_counter
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.metrics import REQUEST_SECONDS
from api.middleware import broken
from api.problems import TRANSLATIONS, respond
from api.tokens import new_token

Endpoints = dict[tuple[str, str], APIRoute]


class ShortcutFastAPI(FastAPI):
    """FastAPI, and past it by `shortcut` to those routes: what it does for them costs more than the answer.

    They declare no dependencies and check their own input; it still documents them.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._endpoints: Endpoints = {}
        self._shortcut: ASGIApp = _answer

    def shorten(self, routers: Iterable[APIRouter], around: Callable[[ASGIApp], ASGIApp]) -> None:
        """Take the shortcut to all routes of the routers; around: the middleware that they keep."""
        for router in routers:
            for route in router.routes:
                if isinstance(route, APIRoute):
                    self._endpoints |= {(method, route.path): route for method in route.methods or ()}
        self._shortcut = around(_answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._endpoints.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"], scope["route"] = self, route
        await self._shortcut(scope, receive, send)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    """As `Observed` does it, without looking at every message."""
    started, request_id = perf_counter(), new_token()
    scope.setdefault("state", {})["request_id"] = request_id
    response = await _response(scope, receive, request_id)
    response.raw_headers.append((b"x-request-id", request_id.encode()))
    await response(scope, receive, send)
    REQUEST_SECONDS.observe(perf_counter() - started, scope["route"].path, str(response.status_code))


async def _response(scope: Scope, receive: Receive, request_id: str) -> Response:
    endpoint: Callable[[Request], Awaitable[Response]] = scope["route"].endpoint
    try:
        return await endpoint(Request(scope, receive))
    except tuple(TRANSLATIONS) as error:
        problem = next(TRANSLATIONS[kind](error) for kind in TRANSLATIONS if isinstance(error, kind))
        return respond(problem, request_id)
    except Exception:
        return broken(scope, request_id)
