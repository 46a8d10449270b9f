"""The routes that shops ask thousands of times a second, without the framework's way to them."""

from collections.abc import Collection, Iterable
from time import perf_counter
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from api.web.encodings import pack
from api.web.metrics import REQUEST_SECONDS
from api.web.middleware import broken
from api.web.origins import Origins
from api.web.problems import TRANSLATIONS, respond
from api.web.tokens import new_token


class ShortcutFastAPI(FastAPI):
    """FastAPI with a shortcut to some routes: its own way to them costs more than the answer.

    They declare no dependencies and check their own input; FastAPI still documents them.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._short: dict[tuple[str, str], APIRoute] = {}
        self._origins = Origins(())

    def shorten(self, routers: Iterable[APIRouter], origins: Origins) -> None:
        """Take the shortcut to all routes of the routers; no middleware is around them."""
        self._origins = origins
        for router in routers:
            for route in router.routes:
                if isinstance(route, APIRoute):
                    self._short |= {(method, route.path): route for method in route.methods or ()}

    @property
    def short_routes(self) -> Collection[tuple[str, str]]:
        """Method and path of those that take it."""
        return self._short.keys()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) in self._short:
            response = await self.answered(scope, receive)
            await response(scope, receive, send)
        else:
            await super().__call__(_plain(scope) if scope["type"] == "http" else scope, receive, send)

    async def answered(self, scope: Scope, receive: Receive) -> Response:
        """The answer of a short route with its id and CORS headers, its time observed as `Observed` does."""
        started, request_id = perf_counter(), new_token()
        route = self._short[scope["method"], scope["path"]]
        scope["app"], scope["route"] = self, route
        scope.setdefault("state", {})["request_id"] = request_id
        try:
            response: Response = await route.endpoint(Request(scope, receive))
        except Exception as error:
            response = _problem(error, scope, request_id)
        pack(response, scope["headers"])
        response.raw_headers += (
            (b"x-request-id", request_id.encode()),
            *self._origins.headers(scope["headers"]),
        )
        REQUEST_SECONDS.observe(perf_counter() - started, route.path, str(response.status_code))
        return response


def _plain(scope: Scope) -> Scope:
    """HEAD is GET, of whose answer the server sends the head alone; a slash at the end says nothing."""
    if scope["method"] == "HEAD":
        scope = {**scope, "method": "GET"}
    if scope.get("raw_path", b"").endswith(b"/"):  # an id may end with one, which is %2F there
        scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
    return scope


def _problem(error: Exception, scope: Scope, request_id: str) -> Response:
    for kind, translate in TRANSLATIONS.items():
        if isinstance(error, kind):
            return respond(translate(error), request_id)
    return broken(scope, request_id)
