"""The routes that shops ask thousands of times a second, without the framework's way to them."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import TRANSLATIONS, respond

Routes = Mapping[tuple[str, str], APIRoute]


class Shortcut:
    """Calls the endpoint of a route by its exact path. Such a route declares no dependencies and checks its
    own input: what FastAPI would do for it costs more than the answer."""

    def __init__(self, app: ASGIApp, routes: Routes) -> None:
        self.app, self.routes = app, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self.routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route
        try:
            response = await route.endpoint(Request(scope, receive))
        except tuple(TRANSLATIONS) as error:
            problem = next(TRANSLATIONS[kind](error) for kind in TRANSLATIONS if isinstance(error, kind))
            response = respond(problem, scope["state"]["request_id"])
        await response(scope, receive, send)


def install(app: FastAPI, *routers: APIRouter) -> None:
    """Take the shortcut to the routes of these routers. Before other middleware: it is to be innermost."""
    routes = {
        (method, route.path): route
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    app.add_middleware(Shortcut, routes=routes)
