"""What a page of the console works with: who asks, the service's own API, and how a page is written."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, Request
from jinja2 import (
    ChainableUndefined,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Undefined,
    UndefinedError,
)
from jinja2.utils import missing
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.console.forms import read_form
from api.console.language import Language, language_of, languages
from api.console.navigation import PAGES
from api.console.own_api import Refused, Reply, ask
from api.console.session import PATH, Person, person_of
from api.console.static_files import VERSION
from api.serving.service import Service
from api.web.access import Caller
from features.merchant.users import Role

LANGUAGE_COOKIE: Final = "perennial_language"
HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'self'; img-src * data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",  # pictures are the shop's own
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class MissingMember(ChainableUndefined):
    """Of an answer's object a member may be missing and is empty; of a template's own names none may be."""

    def __new__(  # type: ignore[misc]
        cls,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[Exception] = UndefinedError,
    ) -> Undefined:
        if obj is missing:
            return StrictUndefined(hint, obj, name, exc)  # type: ignore[arg-type]
        return super().__new__(cls)


TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=MissingMember,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Turned(Exception):
    """Instead of a page: the reader is to see `response`."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True)
class Console:
    """One request of somebody who is signed in. `get` and its like raise Refused, which becomes a message."""

    request: Request
    person: Person
    language: Language

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON that `path` answers; of lines a list. A query's None is left out."""
        return (await self._ask("GET", path, query)).json()

    async def put(self, path: str, body: Any, **query: Any) -> Any:
        """As `get`, with `body` as JSON."""
        return (await self._ask("PUT", path, query, body)).json()

    async def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """As `get`, with `body` as JSON, or as it is if it is bytes, whole or in chunks."""
        return (await self._ask("POST", path, query, body)).json()

    async def delete(self, path: str, **query: Any) -> Any:
        """As `get`."""
        return (await self._ask("DELETE", path, query)).json()

    async def bytes_of(self, path: str, **query: Any) -> bytes:
        """What `path` answers, as it comes: a file to hand on."""
        return (await self._ask("GET", path, query)).body

    async def form(self) -> FormData:
        """The fields that were sent. Raises Problem 413."""
        service: Service = self.request.app.state.service
        return await read_form(self.request, service.settings.max_body_bytes)

    def is_part(self) -> bool:
        """Whether htmx asks for a part of the page that is already shown."""
        return "hx-request" in self.request.headers

    def render(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page, or a part of one, from its template in `templates/`."""
        return HTMLResponse(
            rendered(self.request, self.language, template, person=self.person, **values), status, HEADERS
        )

    def go(self, path: str) -> Response:
        """On to another page of the console, after a change."""
        if self.is_part():
            return Response(headers={**HEADERS, "HX-Redirect": path})
        return RedirectResponse(path, 303, HEADERS)

    async def _ask(self, method: str, path: str, query: dict[str, Any], body: Any = None) -> Reply:
        sent = body if body is None or isinstance(body, bytes | AsyncIterator) else msgspec.json.encode(body)
        return await ask(self.request.app, Caller(self.person.name), method, path, query, sent)


def rendered(request: Request, language: Language, template: str, **values: Any) -> str:
    """A template as HTML, with texts and formats in the reader's language."""
    shared = {
        "file_version": VERSION,
        "t": language.text,
        "label": language.texts.get,
        "money": language.money,
        "number": language.number,
        "percent": language.percent,
        "day": language.day,
        "time": language.time,
        "ago": language.ago,
        "code": language.locale.language,
        "languages": languages(),
        "pages": PAGES,
        "here": request.url.path,
        "query": request.query_params,
        "is_demo": is_demo(request),
    }
    return TEMPLATES.get_template(template).render(shared | values)


def is_demo(request: Request) -> bool:
    """Whether this is the home of a demo shop."""
    service: Service = request.app.state.service
    return (service.home.root / "demo" / "shop.json").is_file()


def reader_language(request: Request) -> Language:
    """As chosen, else as the browser says, else the shop's."""
    service: Service = request.app.state.service
    asked = request.headers.get("accept-language", "").split(",")
    wanted = [request.cookies.get(LANGUAGE_COOKIE, ""), *(each.partition(";")[0].strip() for each in asked)]
    known = (each for each in wanted if each.replace("_", "-").partition("-")[0].lower() in languages())
    return language_of(next(known, service.settings.language))


def _signed_in_as(role: Role) -> Callable[[Request], Awaitable[Console]]:
    async def console(request: Request) -> Console:
        person = person_of(request)
        language = reader_language(request)
        if person is None:
            raise Turned(_to_sign_in(request))
        if not person.may(role):
            needed = language.text("console.role_needed", role=language.text(f"roles.{role}"))
            raise Refused(403, {"detail": str(needed)})
        return Console(request, person, language)

    return console


def _to_sign_in(request: Request) -> Response:
    """The sign-in page, which leads back here. A part of a page leads the whole page there."""
    sign_in = f"{PATH}/sign-in"
    if "hx-request" in request.headers:
        return Response(headers={**HEADERS, "HX-Redirect": sign_in})
    return RedirectResponse(
        f"{sign_in}?next={request.url.path}" if request.method == "GET" else sign_in, 303, HEADERS
    )


Viewer = Annotated[Console, Depends(_signed_in_as("viewer"))]
Merchandiser = Annotated[Console, Depends(_signed_in_as("merchandiser"))]
Owner = Annotated[Console, Depends(_signed_in_as("owner"))]


@dataclass(frozen=True)
class Period:
    """A time that figures are of: the last `days`, or from one day to another, both included."""

    days: int | None = 28
    begin: date | None = None
    end: date | None = None

    @property
    def query(self) -> dict[str, Any]:
        """As the API's routes take it."""
        if self.begin and self.end:
            return {"from": self.begin.isoformat(), "to": self.end.isoformat()}
        return {"days": self.days}


def period_of(request: Request) -> Period:
    """The period in a page's address; 28 days where it is none."""
    query = request.query_params
    try:
        if query.get("from") and query.get("to"):
            return Period(None, date.fromisoformat(query["from"]), date.fromisoformat(query["to"]))
        return Period(min(max(int(query.get("days", 28)), 1), 3_660))
    except ValueError:
        return Period()
