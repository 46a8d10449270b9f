"""The application of one API process, put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from operator import attrgetter

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from api.console import router as console
from api.process.pages import pages_router
from api.routes import (
    answer_preview,
    attention,
    audience,
    catalogue,
    customer_segments,
    customers,
    events,
    experiments,
    feeds,
    imports,
    insights,
    intake,
    keys,
    lookup,
    mail_images,
    measurement_protocol,
    merchandising,
    messages,
    models,
    non_products,
    offer_catalogue,
    offers,
    operations,
    picks,
    privacy,
    product_sets,
    recommendations,
    segment,
    tiers,
    triggers,
    users,
    webhooks,
    why_not,
)
from api.serving.lookup import KeptSearch
from api.serving.mail_cards import MailCards
from api.serving.preload import LoadBundle
from api.serving.service import Service
from api.web import openapi, problems
from api.web.access import Access
from api.web.callers import is_loopback
from api.web.debts import Debts
from api.web.fast_routes import ShortcutFastAPI
from api.web.metrics import flush
from api.web.middleware import Observed
from api.web.origins import Origins
from api.web.rates import Rates
from api.web.settings import ApiSettings
from features.home import Home
from features.outgoing.impressions import ServedBuffer
from features.store.connection import Connection
from features.store.redis_server import url_of
from features.store.settings import StoreSettings
from recommender.model import versions

ROUTE_MODULES = (
    recommendations,
    answer_preview,
    events,
    picks,
    mail_images,
    privacy,
    audience,
    customers,  # whose ids may hold a slash, so that it takes what the two before leave
    customer_segments,
    tiers,
    triggers,
    messages,
    catalogue,
    lookup,
    merchandising,
    why_not,
    non_products,
    offer_catalogue,
    offers,
    product_sets,
    experiments,
    imports,
    intake,
    insights,
    models,
    keys,
    users,
    attention,
    feeds,
    segment,
    measurement_protocol,
    webhooks,
    operations,
)


def create_app(
    home: Home,
    redis_url: str,
    settings: ApiSettings,
    store_settings: StoreSettings,
    load: LoadBundle = versions.load_current,
    debts: Debts | None = None,
) -> FastAPI:
    """An app over one home and one store. It starts without a model, and without a store.

    load: the home's models -> the one that serves; debts: those that other processes see, too.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        access = Access(is_loopback(settings.host), hosts=settings.hosts, rates=Rates(settings, debts))
        service = _service(home, redis_url, settings, store_settings, access, load)
        app.state.service, app.state.mail_cards = service, MailCards(settings)
        app.state.product_search = KeptSearch()
        app.state.redis_url, app.state.exporting = redis_url, asyncio.Lock()
        stores = service.store, service.writes, service.batch
        await asyncio.gather(*(store.open() for store in stores))
        await service.refresh()
        tasks = [asyncio.create_task(service.watch()), asyncio.create_task(service.served.run())]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        flush()
        await app.state.mail_cards.close()
        await asyncio.gather(*(store.close() for store in stores))

    app = ShortcutFastAPI(
        title="Perennial",
        description="Recommendations that bring customers back.",
        version=version("perennial"),
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=openapi.TAGS,
        generate_unique_id_function=attrgetter("name"),  # what clients call it
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # to whatever `Host` says
        lifespan=lifespan,
    )
    for part in ROUTE_MODULES:
        app.include_router(part.router)
    app.include_router(pages_router(home.root / "demo"))
    console.install(app)
    problems.install(app)
    openapi.install(app)
    app.add_middleware(_observed, settings=settings)
    app.shorten([recommendations.router, events.router], Origins(settings.cors_origins))
    return app


def _service(
    home: Home,
    redis_url: str,
    settings: ApiSettings,
    store_settings: StoreSettings,
    access: Access,
    load: LoadBundle,
) -> Service:
    """The service over its three connections, which are still to be opened."""
    store = Connection(redis_url, store_settings.redis_deadline_ms)
    writes = Connection(redis_url, store_settings.redis_write_deadline_ms)
    batch = Connection(redis_url, store_settings.redis_batch_deadline_ms)
    served = ServedBuffer(writes, store_settings)
    service = Service(home, settings, store, writes, batch, store_settings, served, access, load)
    service.log_folder = home.redis if redis_url == url_of(home) else None
    return service


def _observed(app: ASGIApp, settings: ApiSettings) -> ASGIApp:
    return Observed(_shared(app, settings))


def _shared(app: ASGIApp, settings: ApiSettings) -> ASGIApp:
    """The app for browsers on the shop's own pages."""
    if not settings.cors_origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "X-Retry-Count"],
        max_age=600,
    )
