"""What comes in and whether it is well: live events, the catalogue, connected services."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Response

from api.schemas.intake import (
    CatalogueHealth,
    Connected,
    ConnectedServices,
    ConnectionTraffic,
    LiveEvent,
    LiveEvents,
    LiveEventsAsk,
)
from api.serving.catalogue_health import catalogue_health, title_of
from api.serving.inputs import query_of
from api.serving.product_names import is_known
from api.serving.security import SecretService
from api.serving.service import Service
from api.web.openapi import documented
from api.web.problems import Problem
from api.web.replies import JsonReply, encode
from features.connections.arrivals import ConnectionState, read_states
from features.connections.settings_file import DamagedConnections, read_connections
from features.events.vocabulary import Event
from features.store import keys

router = APIRouter(tags=["imports"])
_read_event = msgspec.json.Decoder(Event).decode


@router.get("/v1/events", name="live_events", **documented(LiveEvents, 422, 503, query=LiveEventsAsk))
async def live_events(
    service: SecretService, ask: Annotated[LiveEventsAsk, query_of(LiveEventsAsk)]
) -> Response:
    """The last events, newest first, as long as they wait to be moved to the history (a minute); of a person
    no more than their id. Needs a secret key."""
    stream = keys.event_stream()
    waiting = service.store.send("XLEN", stream)
    entries = await service.store.call("XREVRANGE", stream, "+", "-", "COUNT", ask.last)
    shown = [each for id, fields in entries or () if (each := _shown(service, id.decode(), fields))]
    return JsonReply(encode(LiveEvents(shown, int(await waiting))))


def _shown(service: Service, id: str, fields: list[bytes]) -> LiveEvent | None:
    """None: an entry that cannot be read, which the archiver sets aside."""
    try:
        event = _read_event(dict(zip(fields[::2], fields[1::2], strict=True))[b"e"])
    except (msgspec.DecodeError, LookupError, ValueError):
        return None
    first = event.lines[0].product_id if event.lines else None
    return LiveEvent(
        id=id,
        type=event.type,
        at=event.timestamp,
        received_at=datetime.fromtimestamp(int(id.partition("-")[0]) / 1000, UTC),
        customer_id=event.customer_id,
        anonymous_id=event.anonymous_id,
        product_id=first,
        title=title_of(service, first) if first else None,
        known=all(is_known(service, line.product_id) for line in event.lines) if first else None,
        lines=len(event.lines),
        order_id=event.order.order_id if event.order else None,
        value=round(event.worth, 2) if event.order else None,
        currency=event.order.currency if event.order else None,
        from_recommendation=any(line.recommendation_id for line in event.lines)
        or bool(event.recommendation_id),
    )


@router.get("/v1/catalogue/health", **documented(CatalogueHealth, 503))
async def health(service: SecretService) -> Response:
    """What the catalogue lacks, how old it is, and which products live events name that it does not have.
    Needs a secret key."""
    return JsonReply(encode(await catalogue_health(service)))


@router.get("/v1/connections", **documented(ConnectedServices, 503))
async def connections(service: SecretService) -> Response:
    """Which services are connected, what passed last, and what is wrong. Needs a secret key."""
    try:
        names = sorted(await asyncio.to_thread(read_connections, service.home))
    except DamagedConnections as error:
        raise Problem(503, str(error)) from error
    states = await read_states(service.store, names)
    return JsonReply(encode(ConnectedServices([_connected(name, states[name]) for name in names])))


def _connected(service: str, state: ConnectionState) -> Connected:
    traffic = [ConnectionTraffic(kind, each.times, each.last_at) for kind, each in state.traffic.items()]
    return Connected(
        service=service,
        well=state.is_well,
        last_at=traffic[0].last_at if traffic else None,
        traffic=traffic + [ConnectionTraffic(kind, times, None) for kind, times in state.counts.items()],
        trouble=state.trouble,
        trouble_at=state.trouble_at,
    )
