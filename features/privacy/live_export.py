"""What Redis holds about a person, in words."""

from typing import Any, cast

import msgspec
import redis

from features.live.customer_facts import fold_customer, parse_facts
from features.live.log_entry import UNREADABLE_ENTRY, LogEntry, unpack
from features.live.shopper_state import NO_PROFILING
from features.outgoing.email_history import sendings_of
from features.privacy.person import PersonIds
from features.store import keys


def live_data(client: redis.Redis, person: PersonIds) -> dict[str, Any]:
    """By customer and browser: recent events, facts (consents, birthday, tickets), messages and promises."""
    return {
        "customers": {name: _of_customer(client, name) for name in sorted(person.customers)},
        "browsers": {name: _of_owner(client, name, identified=False) for name in sorted(person.browsers)},
    }


def _of_customer(client: redis.Redis, customer: str) -> dict[str, Any]:
    waiting = cast(list[bytes], client.hvals(keys.triggers_waiting(customer)))
    facts = cast(dict[bytes, bytes], client.hgetall(keys.customer_facts(customer, identified=True)))
    return _of_owner(client, customer, identified=True) | {
        "consents": fold_customer((), parse_facts(facts)).all_consents(),
        "emails": sendings_of(cast(bytes | None, client.get(keys.sendings(customer)))),
        "emails_opened": _opened(client, customer),
        "messages_read_ms": _times(client, keys.contacts(customer)),
        "messages_handed_out_ms": _times(client, keys.triggers_done(customer)),
        "messages_waiting": [_json(each) for each in waiting],
        "messages": _triggers_of(client, customer),
        "next_look_ms": client.zscore(keys.look_due(), customer),
        "watched_products": _watched_by(client, customer),
    }


def _of_owner(client: redis.Redis, name: str, *, identified: bool) -> dict[str, Any]:
    log = cast(list[bytes], client.lrange(keys.shopper_log(name, identified=identified), 0, -1))
    facts = cast(dict[bytes, bytes], client.hgetall(keys.customer_facts(name, identified=identified)))
    promises = cast(bytes | None, client.get(keys.promises(name, identified=identified)))
    return {
        "recent_events": [_entry(packed) for packed in log],
        "facts": {name: fact._asdict() for name, fact in parse_facts(facts).items()},
        "offers": _json(promises) if promises else None,
    }


def _entry(packed: bytes) -> dict[str, Any]:
    if packed == NO_PROFILING:
        return {"said": packed.decode()}
    try:
        entry: LogEntry = unpack(packed)
    except UNREADABLE_ENTRY:
        return {"unreadable": packed.hex()}
    return entry._asdict() | {"money": entry.money if entry.money < float("inf") else None}


def _times(client: redis.Redis, key: str) -> dict[str, int]:
    scored = cast(list[tuple[bytes, float]], client.zrange(key, 0, -1, withscores=True))
    return {name.decode(): int(at) for name, at in scored}


def _opened(client: redis.Redis, customer: str) -> dict[str, str]:
    kept = cast(dict[bytes, bytes], client.hgetall(keys.mail_openings(customer)))
    return {name.decode(): opening.decode() for name, opening in kept.items()}


def _triggers_of(client: redis.Redis, customer: str) -> list[Any]:
    entries = cast(list[tuple[bytes, dict[bytes, bytes]]], client.xrange(keys.triggers()))
    return [_json(fields[b"t"]) for _, fields in entries if fields[b"c"].decode() == customer]


def _watched_by(client: redis.Redis, customer: str) -> list[str]:
    found = client.scan_iter(match=f"{keys.watchers_prefix()}*")
    return [
        key.decode().removeprefix(keys.watchers_prefix())
        for key in found
        if client.zscore(key, customer) is not None
    ]


def _json(text: bytes) -> Any:
    return msgspec.json.decode(text)
