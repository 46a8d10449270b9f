"""Events that passed all checks, taken: under their own names and ids, each once."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple
from uuid import uuid4

from fastapi import Request
from msgspec.structs import replace

from api.schemas.recommendations import Ask
from api.serving.event_rights import permitted
from api.serving.owners import with_owners
from api.serving.product_names import with_own_ids
from api.serving.service import Service
from api.serving.shoppers import NOBODY, Shopper
from api.web.metrics import EVENT_COUNTS
from api.web.problems import Problem
from api.web.replies import encode
from features.events.vocabulary import Event, parse_event
from features.live.ingest import ingest
from features.merchant.api_keys import Scope
from features.store.connection import StoreUnavailable

NOT_TRACKED = ("not_tracked",)


Outcome = Literal["accepted", "duplicate", "erased"]


class Taken(NamedTuple):
    """What became of each event, in their order; erased: it is of a person who was erased, and not kept.

    notes: event id -> word to its sender.
    """

    outcomes: list[Outcome]
    notes: Mapping[str, str]


async def take_events(
    service: Service, events: Sequence[Event], scope: Scope, received_at: datetime
) -> Taken:
    """Durable when it returns. Raises StoreUnavailable."""
    kept, notes = await with_owners(service, service.erased.admitted(events), scope)
    kept = await with_own_ids(service, kept) if kept else kept
    taken = await ingest(service.writes, kept, received_at, service.store_settings) if kept else []
    kept_ids, are_new = {event.event_id for event in kept}, iter(taken)
    outcomes: list[Outcome] = []
    for event in events:
        if event.event_id not in kept_ids:
            outcomes.append("erased")
        else:
            outcomes.append("accepted" if next(are_new, False) else "duplicate")
        EVENT_COUNTS.add("unknown" if outcomes[-1] == "erased" else event.type, outcomes[-1])
    return Taken(outcomes, notes)


async def track_views(
    request: Request, service: Service, scope: Scope, asks: Sequence[Ask], shoppers: Sequence[Shopper]
) -> Sequence[str]:
    """Take the page views that questions tell of; degraded_reasons where that failed. Of who said no to
    profiling in the request nothing is taken. Raises Problem 422 or 429.

    One view a product and page: its widgets may all say it.
    """
    views: dict[tuple[str | None, ...], Event] = {}
    received_at = datetime.now(UTC)
    for ask, shopper in zip(asks, shoppers, strict=True):
        if ask.track is None:
            continue
        if ask.product_id is None:
            raise Problem(422, "`track=view` needs `product_id`: the product of the page.")
        if shopper != NOBODY:
            views.setdefault((ask.event_id, ask.product_id), _view(ask, received_at))
    if not views:
        return ()
    events = [permitted(each, scope, service.access) for each in views.values()]
    if service.access.keys is None:
        return NOT_TRACKED
    service.access.charge_events(request, scope, len(encode(events)))
    try:
        await take_events(service, events, scope, received_at)
    except StoreUnavailable:
        return NOT_TRACKED
    return ()


def _view(ask: Ask, received_at: datetime) -> Event:
    ids = ("customer_id", "anonymous_id", "session_id", "product_id", "customer_token")
    fields = {name: getattr(ask, name) for name in ids if getattr(ask, name) is not None}
    event = parse_event({"type": ask.track, **fields}, received_at, ask.event_id or uuid4().hex)
    return replace(event, nobody=())
