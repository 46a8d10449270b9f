"""What a browser gets: widget, demo shop and the API's documentation, all served by us."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import RedirectResponse
from starlette.staticfiles import StaticFiles

from api.process.widget_files import widget_response

STATIC: Final = Path(__file__).parents[1] / "static"
SWAGGER: Final = Path(str(files("fastapi_swagger"))) / "resources"
NO_DEMO: Final = "There is no demo shop in this home. `perennial demo` builds one and serves it here."
REVALIDATE: Final = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
PAGE_HEADERS: Final = {
    **REVALIDATE,
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
}
GALLERY_HEADERS: Final = {
    **PAGE_HEADERS,
    "Content-Security-Policy": PAGE_HEADERS["Content-Security-Policy"]
    + "; img-src * data:",  # the shop's own
}
PICTURE_HEADERS: Final = {
    "Cache-Control": "public, max-age=3600",
    "X-Content-Type-Options": "nosniff",
    # A picture opened on its own can style itself and do nothing else.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


def pages_router(demo_folder: Path | None) -> APIRouter:
    """The routes of `/`, `/widget.js`, `/widget`, `/llms.txt`, `/docs`, `/demo`.

    demo_folder: holds `shop.json` and `images/`; None, or a folder without a shop, answers 404.
    The app must be made with `docs_url=None`.
    """
    router = APIRouter(include_in_schema=False)
    _add_static(router, "/docs/static", SWAGGER, REVALIDATE)
    _add_static(router, "/demo/static", STATIC / "demo", REVALIDATE)
    _add_llms(router)

    _add_widget(router)

    @router.get("/")
    async def start() -> Response:
        is_demo = demo_folder is not None and (demo_folder / "shop.json").is_file()
        return RedirectResponse("/demo" if is_demo else "/console")

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        return _swagger_page(request)

    @router.get("/dashboard")
    async def dashboard() -> Response:
        return RedirectResponse("/console/figures", 308)  # where it was before the console

    @router.get("/demo")
    async def demo(request: Request) -> Response:
        _demo_shop(demo_folder)
        return await _file(STATIC / "demo", "index.html", request, PAGE_HEADERS)

    @router.get("/demo/shop.json")
    async def shop(request: Request) -> Response:
        return await _file(_demo_shop(demo_folder), "shop.json", request, REVALIDATE)

    @router.get("/demo/images/{name:path}")
    async def image(name: str, request: Request) -> Response:
        return await _file(_demo_shop(demo_folder) / "images", name, request, PICTURE_HEADERS)

    return router


def _add_widget(router: APIRouter) -> None:
    _add_static(router, "/widget/static", STATIC / "gallery", REVALIDATE)

    @router.get("/widget.js")
    @router.get("/widget.mjs")
    async def widget(request: Request) -> Response:
        return widget_response(request, request.url.path.rpartition("/")[2])

    @router.get("/widget")
    async def gallery(request: Request) -> Response:
        return await _file(STATIC / "gallery", "index.html", request, GALLERY_HEADERS)

    @router.get("/widget/{version}/{name}")
    async def versioned_widget(version: str, name: str, request: Request) -> Response:
        return widget_response(request, name, version)


def _add_static(router: APIRouter, prefix: str, folder: Path, headers: dict[str, str]) -> None:
    @router.get(prefix + "/{name:path}")
    async def static(name: str, request: Request) -> Response:
        return await _file(folder, name, request, headers)


def _add_llms(router: APIRouter) -> None:
    """What the service is, for AI agents: https://llmstxt.org."""

    @router.get("/llms.txt")
    async def llms(request: Request) -> Response:
        return await _file(STATIC, "llms.txt", request, REVALIDATE)


async def _file(folder: Path, name: str, request: Request, headers: dict[str, str]) -> Response:
    """A file below `folder`, never one outside it, with ETag and 304; HTTPException 404 otherwise."""
    response = await StaticFiles(directory=folder, check_dir=False).get_response(name, request.scope)
    response.headers.update(headers)
    return response


def _demo_shop(folder: Path | None) -> Path:
    if folder is None or not (folder / "shop.json").is_file():
        raise HTTPException(404, NO_DEMO)
    return folder


def _swagger_page(request: Request) -> Response:
    return get_swagger_ui_html(
        openapi_url=request.app.openapi_url or "/openapi.json",
        title=f"{request.app.title}: API",
        swagger_js_url="/docs/static/swagger-ui-bundle.js",
        swagger_css_url="/docs/static/swagger-ui.css",
        swagger_favicon_url="/docs/static/favicon-32x32.png",
    )
