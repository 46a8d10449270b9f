"""Events of other services' clients: each call is none, one or several of ours, and has one status."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar

import msgspec

from api.schemas.recommendations import Rejected
from api.serving.receive_events import Status, receive_events
from api.serving.service import Service
from features.connections.arrivals import note, passed
from features.connections.foreign_items import ForeignEvent
from features.connections.payloads import UNREADABLE, what_is_wrong
from features.events.vocabulary import InvalidEvent
from features.merchant.api_keys import Scope
from features.store.connection import StoreUnavailable

Call = TypeVar("Call")
CallStatus = Status | Literal["ignored"]
WORST_FIRST: tuple[CallStatus, ...] = ("rejected", "erased", "accepted", "duplicate")


class CallReceipt(NamedTuple):
    """statuses: one a call, in their order; "ignored": nothing of it concerns us."""

    statuses: list[CallStatus]
    rejected: list[Rejected]


async def receive_foreign(
    service: Service,
    calls: Sequence[Call],
    translate: Callable[[Call], Iterable[ForeignEvent]],
    scope: Scope,
    received_at: datetime,
    *,
    source: str,
) -> CallReceipt:
    """Translate calls, and take what they tell, durable when it returns; a bad call never refuses the others.

    translate raises InvalidEvent, or one of UNREADABLE. source: the name under which `perennial connect`
    shows them. Raises Problem 503 where the store is away.
    """
    ours: list[bytes] = []
    spans: list[range] = []
    rejected: list[Rejected] = []
    for index, call in enumerate(calls):
        first = len(ours)
        try:
            ours += [msgspec.json.encode(each.event) for each in translate(call)]
        except InvalidEvent as error:
            rejected.append(Rejected(index, str(error)))
        except UNREADABLE as error:
            rejected.append(Rejected(index, what_is_wrong(error, call)))
        spans.append(range(first, len(ours)))
    receipt = await receive_events(service, ours, scope, received_at)
    reasons = {each.index: each.reason for each in receipt.answer.rejected}
    for index, span in enumerate(spans):
        rejected += [Rejected(index, reasons[place]) for place in span if place in reasons]
    statuses = _statuses([[receipt.statuses[place] for place in span] for span in spans], rejected)
    await _note(service, source, received_at, statuses)
    return CallReceipt(statuses, rejected)


def _statuses(of_events: Sequence[Sequence[Status]], rejected: Sequence[Rejected]) -> list[CallStatus]:
    places = {each.index for each in rejected}
    return [
        "rejected" if index in places else next((each for each in WORST_FIRST if each in some), "ignored")
        for index, some in enumerate(of_events)
    ]


async def _note(service: Service, source: str, at: datetime, statuses: Sequence[CallStatus]) -> None:
    """A count that is lost costs nothing; the events are kept already."""
    try:
        for status in set(statuses):
            await note(service.writes, passed(source, status, at, statuses.count(status)))
    except StoreUnavailable:
        return
