"""The routes that shops ask thousands of times a second, without the framework's way to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.web.metrics import REQUEST_SECONDS
from api.web.middleware import broken
from api.web.problems import TRANSLATIONS, respond
from api.web.tokens import new_token

Endpoints = dict[tuple[str, str], APIRoute]


class ShortcutFastAPI(FastAPI):
    """FastAPI, and past it by `shortcut` to those routes: what it does for them costs more than the answer.

    They declare no dependencies and check their own input; it still documents them.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._endpoints: Endpoints = {}
        self._around: ASGIApp | None = None

    def shorten(self, routers: Iterable[APIRouter], around: Callable[[ASGIApp], ASGIApp]) -> None:
        """Take the shortcut to all routes of the routers; around: the middleware that they keep."""
        for router in routers:
            for route in router.routes:
                if isinstance(route, APIRoute):
                    self._endpoints |= {(method, route.path): route for method in route.methods or ()}
        inside = self._send_answer
        surrounded = around(inside)
        self._around = None if surrounded is inside else surrounded

    def shortens(self, scope: Scope) -> bool:
        """Whether a request is answered by `answered` alone, with no middleware around."""
        return self._around is None and self._is_short(scope)

    def _is_short(self, scope: Scope) -> bool:
        return scope["type"] == "http" and (scope["method"], scope["path"]) in self._endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_short(scope):
            await (self._around or self._send_answer)(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def answered(self, scope: Scope, receive: Receive) -> Response:
        """The answer of a shortened route; its id and time are noted as `Observed` does it."""
        started, request_id = perf_counter(), new_token()
        route = self._endpoints[scope["method"], scope["path"]]
        scope["app"], scope["route"] = self, route
        scope.setdefault("state", {})["request_id"] = request_id
        try:
            response: Response = await route.endpoint(Request(scope, receive))
        except Exception as error:
            response = _problem(error, scope, request_id)
        response.raw_headers.append((b"x-request-id", request_id.encode()))
        REQUEST_SECONDS.observe(perf_counter() - started, route.path, str(response.status_code))
        return response

    async def _send_answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.answered(scope, receive)
        await response(scope, receive, send)


def _problem(error: Exception, scope: Scope, request_id: str) -> Response:
    for kind, translate in TRANSLATIONS.items():
        if isinstance(error, kind):
            return respond(translate(error), request_id)
    return broken(scope, request_id)
