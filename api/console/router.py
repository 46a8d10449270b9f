"""The console's routes: signing in and out, its files, and its pages."""

from typing import Final, cast

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.console.forms import FROM_STRANGERS_BYTES, read_form
from api.console.navigation import PAGES
from api.console.own_api import Refused
from api.console.page import HEADERS, LANGUAGE_COOKIE, Turned, reader_language, rendered
from api.console.pages import ALL
from api.console.session import PATH, forget, keep, person_of, sign_in
from api.console.static_files import static_file
from api.serving.service import Service
from api.web.problems import Problem
from features.merchant.users import UsersUnavailable

START: Final = f"{PATH}/{PAGES[0].replace('_', '-')}"
SAFE: Final = frozenset({"GET", "HEAD"})
YEAR_S: Final = 31_536_000


def from_own_page(request: Request) -> None:
    """Raises HTTPException 403 for a change that another site's page asks for (RFC 6454; Fetch Metadata)."""
    if request.method in SAFE:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = (
        site in {"same-origin", "none"}
        if site
        else origin is None or _host(origin) == request.headers.get("host")
    )
    if not own:
        raise HTTPException(403, "The console takes changes from its own pages alone.")


router = APIRouter(include_in_schema=False, dependencies=[Depends(from_own_page)])


@router.get(PATH)
async def start() -> Response:
    return RedirectResponse(START, 303)


@router.get(f"{PATH}/sign-in")
async def sign_in_page(request: Request) -> Response:
    return _sign_in_page(request, onward=request.query_params.get("next", ""))


@router.post(f"{PATH}/sign-in")
async def sign_in_now(request: Request) -> Response:
    form = await read_form(request, FROM_STRANGERS_BYTES)
    name, secret, onward = (str(form.get(field, "")) for field in ("name", "secret", "next"))
    service: Service = request.app.state.service
    try:
        if service.access.rates is not None:
            service.access.rates.charge_sign_in(request)
        cookie = await sign_in(request, name, secret)
    except (Problem, UsersUnavailable, OSError) as error:
        status = error.status if isinstance(error, Problem) else 503
        return _sign_in_page(request, status, str(error), name, onward)
    if cookie is None:
        wrong = reader_language(request).text("sign_in.wrong")
        return _sign_in_page(request, 401, str(wrong), name, onward)
    response = RedirectResponse(_own_page(onward), 303, HEADERS)
    keep(response, request, cookie)
    return response


@router.post(f"{PATH}/sign-out")
async def sign_out() -> Response:
    response = RedirectResponse(f"{PATH}/sign-in", 303, HEADERS)
    forget(response)
    return response


@router.post(f"{PATH}/language")
async def choose_language(request: Request) -> Response:
    form = await read_form(request, FROM_STRANGERS_BYTES)
    response = RedirectResponse(_own_page(str(form.get("next", ""))), 303, HEADERS)
    response.set_cookie(
        LANGUAGE_COOKIE,
        str(form.get("language", ""))[:5],
        max_age=YEAR_S,
        path=PATH,
        httponly=True,
        samesite="strict",
    )
    return response


@router.get(f"{PATH}/static/report/{{name:path}}")
async def report_file(name: str, request: Request) -> Response:
    return await static_file("report", name, request)


@router.get(f"{PATH}/static/{{name:path}}")
async def own_file(name: str, request: Request) -> Response:
    return await static_file("own", name, request)


for page in ALL:
    router.include_router(page.router)


def install(app: FastAPI) -> None:
    """Add the console to `app`."""
    app.include_router(router)
    app.add_exception_handler(Turned, lambda _, turned: cast(Turned, turned).response)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(UsersUnavailable, _refused)


async def _refused(request: Request, error: Exception) -> Response:
    """What the API refused, as a message in the page, or as a page of its own."""
    problem = error.problem if isinstance(error, Refused) else {"detail": str(error)}
    status = error.status if isinstance(error, Refused) else 503
    template = "parts/refused.html" if "hx-request" in request.headers else "refused.html"
    content = rendered(request, reader_language(request), template, problem=problem, person=_person(request))
    return HTMLResponse(content, status, HEADERS)


def _person(request: Request) -> object:
    try:
        return person_of(request)
    except (Problem, UsersUnavailable, OSError):
        return None


def _sign_in_page(
    request: Request, status: int = 200, problem: str = "", name: str = "", onward: str = ""
) -> Response:
    content = rendered(
        request,
        reader_language(request),
        "sign_in.html",
        person=None,
        problem=problem,
        name=name,
        onward=onward,
    )
    return HTMLResponse(content, status, HEADERS)


def _own_page(path: str) -> str:
    """A page of the console: never another site's."""
    return path if path.startswith(f"{PATH}/") and "\\" not in path else START


def _host(origin: str) -> str:
    return origin.partition("://")[2]
