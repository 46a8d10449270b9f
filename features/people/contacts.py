"""Addresses and numbers in an event's properties: proofs of who somebody is, kept as names only."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from features.events.vocabulary import Event
from features.people.names import FORMER, PeopleKey, former_name

EMAILS = ("email", "email_address")
PHONES = ("phone", "phone_number")
EMAIL_HASHES = ("email_sha256", "sha256_email_address")
"""SHA-256 of an address in small letters, as ad platforms take it; the second name is Google's."""
CONTACTS = frozenset({*EMAILS, *PHONES, *EMAIL_HASHES})


class Contact(NamedTuple):
    """Names under the home's key, None: not stated. former: what imports of before made of the address;
    hashed: the same, given by the shop in place of the address or beside it; address: as it was written."""

    email: str | None
    phone: str | None
    former: str | None
    hashed: str | None = None
    address: str | None = None


def has_contact(event: Event) -> bool:
    """Whether its properties may hold an address or a number."""
    return event.properties is not None and not CONTACTS.isdisjoint(event.properties)


def taken_out(event: Event, key: PeopleKey) -> tuple[Event, Contact]:
    """The event, every address and number in its properties replaced by its name, and the names."""
    properties = event.properties or {}
    country = event.context.country if event.context else None
    address, number = _text(properties, EMAILS), _text(properties, PHONES)
    hashed = (_text(properties, EMAIL_HASHES) or "").strip().lower()
    contact = Contact(
        key.email(address),
        key.phone(number, country),
        former_name(address),
        hashed if FORMER.fullmatch(hashed) else None,
        address,
    )
    kept: dict[str, Any] = {}
    for field, value in properties.items():
        if field not in CONTACTS or not isinstance(value, str):
            kept[field] = value
        elif field in EMAIL_HASHES:
            continue
        elif name := key.email(value) if field in EMAILS else key.phone(value, country):
            kept[field] = name  # what is neither an address nor a number is left out
    return replace(event, properties=kept or None), contact


def set_apart(event: Event) -> tuple[Event, str | None, str | None]:
    """The event without addresses and numbers in its properties; the address, and the number."""
    properties = event.properties or {}
    kept = {
        name: value
        for name, value in properties.items()
        if name not in CONTACTS or not isinstance(value, str)
    }
    bare = replace(event, properties=kept or None)
    return bare, _text(properties, EMAILS), _text(properties, PHONES)


def _text(properties: Mapping[str, Any], fields: tuple[str, ...]) -> str | None:
    return next((properties[name] for name in fields if isinstance(properties.get(name), str)), None)
