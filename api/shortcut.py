"""The routes that shops ask thousands of times a second, without the framework's way to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import TRANSLATIONS, respond

Endpoints = dict[tuple[str, str], APIRoute]


class ShortcutFastAPI(FastAPI):
    """FastAPI, and past it by `shortcut` to those routes: what it does for them costs more than the answer.

    They declare no dependencies and check their own input; it still documents them.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._endpoints: Endpoints = {}
        self._shortcut: ASGIApp = _call_endpoint

    def shorten(self, routers: Iterable[APIRouter], around: Callable[[ASGIApp], ASGIApp]) -> None:
        """Take the shortcut to all routes of the routers; around: the middleware that they keep."""
        for router in routers:
            for route in router.routes:
                if isinstance(route, APIRoute):
                    self._endpoints |= {(method, route.path): route for method in route.methods or ()}
        self._shortcut = around(_call_endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._endpoints.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"], scope["route"] = self, route
        await self._shortcut(scope, receive, send)


async def _call_endpoint(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        response = await scope["route"].endpoint(Request(scope, receive))
    except tuple(TRANSLATIONS) as error:
        problem = next(TRANSLATIONS[kind](error) for kind in TRANSLATIONS if isinstance(error, kind))
        response = respond(problem, scope["state"]["request_id"])
    await response(scope, receive, send)
