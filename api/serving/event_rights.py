"""Which events a key may send: a page knows what happens in its browser, the shop's server everything."""

from msgspec.structs import replace

from api.serving.shoppers import is_signed
from api.web.access import Access
from features.events.vocabulary import Event, EventType, InvalidEvent
from features.merchant.api_keys import Scope

ONLY_SERVERS: frozenset[EventType] = frozenset(
    {"refund", "cancel", "consent", "ticket", "referral", "loyalty", "order_status", "product_issue"}
)
"""What takes money or points back, or speaks for a customer. A secret key sends it."""
CLAIMS: frozenset[EventType] = frozenset({"purchase"})
"""What a page may only claim: the shop's own word about the same order replaces it, whichever comes first."""
BROWSER_IDS = "browser:"


def permitted(event: Event, scope: Scope, access: Access) -> Event:
    """The event as far as its sender may tell it. Raises InvalidEvent where it may not tell it at all.

    A page names a customer only with the token that the shop's server made; without it the event is kept as
    that of an unknown customer. Ids of a page's events stand apart: with one of them nobody can make a later
    event of the shop's server look like a repeat.
    """
    if scope == "secret" or access.open:
        return replace(event, customer_token=None) if event.customer_token else event
    if event.type in ONLY_SERVERS:
        raise InvalidEvent(f"`{event.type}` needs a secret key (sk_...): the shop's server tells of it")
    signed = is_signed(access, event.customer_id, event.customer_token)
    if event.type == "identify" and not signed:
        raise InvalidEvent(
            "`identify` needs `customer_token`, which the shop's server makes for its customer"
        )
    order = replace(event.order, other_number=None) if event.order else None
    return replace(
        event,
        order=order,
        revision=0,
        event_id=BROWSER_IDS + event.event_id,
        customer_id=event.customer_id if signed else None,
        customer_token=None,
        claimed=event.type in CLAIMS,
    )
