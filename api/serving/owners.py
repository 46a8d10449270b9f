"""Whose an event is: addresses in it are proofs of who somebody is, and names that were merged are one."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from api.serving.service import Service
from features.events.vocabulary import Event
from features.live.set_aside import Doubtful
from features.merchant.api_keys import Scope
from features.people.contacts import Contact, has_contact, taken_out
from features.people.kept_emails import email_seal
from features.people.links import EMAIL, hand_over_email, link_names, owner_of


class Owned(NamedTuple):
    """The events under the names that their customers go by now, without addresses; notes: event id -> what
    the sender should know."""

    events: list[Event]
    notes: dict[str, str]


def needs_owner(service: Service, event: Event) -> bool:
    """Whether an event names somebody by an address, or by a name that gave way to another."""
    return has_contact(event) or (bool(service.names.owners) and event.customer_id in service.names.owners)


async def with_owners(service: Service, events: Sequence[Event], scope: Scope) -> Owned:
    """Find the customers of events, and link their addresses to them; whose customer was erased is left out.
    Raises StoreUnavailable.

    A page's word about an address counts where it signs in a customer with their token. An address that is
    another customer's already stays theirs.
    """
    if not any(needs_owner(service, event) for event in events):
        return Owned(list(events), {})
    owned = Owned([], {})
    for event in events:
        known = await _owned(service, event, scope, owned.notes) if needs_owner(service, event) else event
        owned.events.append(known)
    return owned._replace(events=service.erased.admitted(owned.events))


def without_contacts(service: Service, doubtful: Sequence[Doubtful]) -> list[Doubtful]:
    """Events that a person must decide about, without addresses."""
    return [
        each._replace(event=taken_out(each.event, service.people_key.key)[0])
        if has_contact(each.event)
        else each
        for each in doubtful
    ]


async def _owned(service: Service, event: Event, scope: Scope, notes: dict[str, str]) -> Event:
    if event.customer_id is not None:
        event = replace(event, customer_id=service.names.current(event.customer_id))
    if not has_contact(event):
        return event
    event, contact = taken_out(event, service.people_key.key)
    is_proof = scope == "secret" or service.access.open
    is_proof |= event.type == "identify" and event.customer_id is not None  # its token was checked
    if not is_proof:
        return event
    await _keep_email(service, contact)
    if event.customer_id is None:
        name = contact.email or contact.phone or contact.hashed
        return replace(event, customer_id=await owner_of(service.store, name)) if name else event
    names = _names(service, contact)
    if not names:
        return event
    linked = await link_names(service.writes, event.customer_id, names, EMAIL, service.store_settings)
    if linked.taken and scope == "secret":
        notes[event.event_id] = (
            "the e-mail address is another customer's already, and was not linked to this one: if they are "
            "one person, POST /v1/customers/merge"
        )
    if linked.changed:
        await service.refresh_people()
    return replace(event, customer_id=linked.customer_id)


async def _keep_email(service: Service, contact: Contact) -> None:
    """Where this home keeps addresses, encrypted; but for an erased person's."""
    if contact.email is None or contact.address is None or service.erased.holds("customer", contact.email):
        return
    if seal := email_seal(service.home):
        await hand_over_email(service.writes, contact.email, seal.sealed(contact.email, contact.address))


def _names(service: Service, contact: Contact) -> list[str]:
    """Names that the address stands for, but for an erased person's; a number alone proves nothing."""
    hashed = contact.hashed
    if hashed is not None and not service.erased.holds("customer", hashed):
        return [*_names(service, contact._replace(hashed=None)), hashed]
    if contact.email is None or service.erased.holds("customer", contact.email):
        return []
    former = contact.former
    is_used = former is not None and service.recommender is not None
    if is_used and service.recommender and service.recommender.bundle.tables.customers.row(former) >= 0:
        return [contact.email, str(former)]
    return [contact.email]
