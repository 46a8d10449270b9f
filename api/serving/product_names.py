"""Products by whichever name a shop's pages and server call them: events, questions and changes."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import TypeVar

from msgspec.structs import replace

from api.schemas.offers import OfferAsk, SetsAsk
from api.schemas.recommendations import Ask
from api.serving.service import Service
from api.web.metrics import PRODUCT_NAMES
from features.catalogue.live_names import find_products, note_unknown
from features.events.vocabulary import Event
from features.store.connection import Connection, StoreUnavailable

AnyAsk = TypeVar("AnyAsk", Ask, SetsAsk)


def is_known(service: Service, product_id: str) -> bool:
    """Whether the model has a titled product of this id, or the shop told of it live."""
    if product_id in service.changes:
        return True
    if service.recommender is None:
        return False
    tables = service.recommender.bundle.tables
    row = tables.products.row(product_id)
    return row >= 0 and bool(tables.titles[row])


async def with_own_ids(service: Service, events: list[Event]) -> list[Event]:
    """The events with each product under its own id; names of no product are counted, and stay.

    A request names few products, and nearly always by their own ids: then nothing is asked of the store.
    """
    named = Counter(name for event in events for name in _products_of(event))
    own = await own_ids(service, service.writes, named)
    unknown = {name: n for name, n in named.items() if name not in own and not is_known(service, name)}
    strangers, renamed = sum(unknown.values()), sum(named[name] for name in own if own[name] != name)
    for match, n in (("unknown", strangers), ("alias", renamed), ("id", named.total() - strangers - renamed)):
        if n:
            PRODUCT_NAMES.add(match, n=n)
    if unknown:
        await _note(service, unknown)
    return [_renamed(event, own) for event in events] if own else events


async def own_ids(service: Service, store: Connection, names: Collection[str]) -> dict[str, str]:
    """Name -> id, of the names that are not ids themselves but known. Raises StoreUnavailable."""
    strange = [name for name in names if not is_known(service, name)]
    return await find_products(store, strange) if strange else {}


async def known_ask(service: Service, ask: AnyAsk) -> AnyAsk:
    """The question with its products under their own ids; as it is while the store is away."""
    candidates: tuple[str, ...] = getattr(ask, "candidates", ())
    n_cart, names = len(ask.cart), (*ask.cart, *candidates, *((ask.product_id,) if ask.product_id else ()))
    own = await _under_own_ids(service, names)
    if own is names:
        return ask
    renamed = {"cart": own[:n_cart], "product_id": own[-1] if ask.product_id else None}
    if candidates:
        renamed["candidates"] = own[n_cart : n_cart + len(candidates)]
    return replace(ask, **renamed)


async def known_cart(service: Service, ask: OfferAsk) -> OfferAsk:
    """The question with the products of its cart under their own ids; as it is while the store is away."""
    return replace(ask, cart=await _under_own_ids(service, ask.cart))


async def _under_own_ids(service: Service, names: tuple[str, ...]) -> tuple[str, ...]:
    if all(is_known(service, name) for name in names):
        return names
    try:
        own = await own_ids(service, service.store, names)
    except StoreUnavailable:
        return names
    return tuple([own.get(name, name) for name in names])


async def _note(service: Service, unknown: dict[str, int]) -> None:
    """A count that is lost costs nothing; an event would."""
    try:
        await note_unknown(service.writes, unknown)
    except StoreUnavailable:
        return


def _products_of(event: Event) -> Iterable[str]:
    return [line.product_id for line in event.lines]


def _renamed(event: Event, own: dict[str, str]) -> Event:
    if own.keys().isdisjoint(_products_of(event)):
        return event
    order = event.order
    if order is not None:
        items = [replace(line, product_id=own.get(line.product_id, line.product_id)) for line in order.items]
        order = replace(order, items=tuple(items))
    product_id = own.get(event.product_id, event.product_id) if event.product_id else None
    return replace(event, product_id=product_id, order=order)
