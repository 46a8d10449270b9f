"""Forgetting people in Redis, in its memory and in its log."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import redis

from features.history.archiver import GROUP
from features.home import Home
from features.outgoing.trigger_queue import forget
from features.privacy.person import KEYS_A_STEP, PersonIds, browsers_now, in_steps
from features.store import keys
from features.store.files import write_whole

REWRITE = Path(__file__).with_name("stream_rewrite.lua").read_text(encoding="utf-8")
ORDER_KINDS = ("purchase", "refund", "cancel")
REWRITE_DUE = "log-rewrite-due"  # a file of the home
NO_LOG = "Redis keeps no log of its own; its snapshots hold the person until the next one"
POLL_S, REWRITE_TIMEOUT_S = 0.05, 600.0


def forget_live(client: redis.Redis, person: PersonIds) -> int:
    """Delete every key and every entry of theirs; returns how many keys are gone.

    Archive the streams first. The stream of triggers is rewritten once for each customer.
    """
    found = set(_keys_of(client, person))
    for customer in person.customers:
        forget(client, customer)
    gone = sum(int(client.delete(*page)) for page in in_steps(found))
    for stream in (keys.event_stream(), keys.served_stream(), keys.decision_stream()):
        client.eval(REWRITE, 2, stream, keys.stream_copy(), GROUP)
    return gone


def is_rewrite_due(home: Home) -> bool:
    """Whether Redis's log may still name people who were deleted: whatever was to rewrite it was cut off."""
    return (home.root / REWRITE_DUE).exists()


def note_rewrite(home: Home) -> None:
    """Before it is forgotten who was deleted: the log is to be rewritten, whatever ends until then."""
    write_whole(home.root / REWRITE_DUE, b"")


def finish_rewrite(home: Home, client: redis.Redis) -> str | None:
    """Rewrite the log, and strike the note. Returns why it is still due, or cannot be done; None: done."""
    problem = rewrite_log(client)
    if problem in {None, NO_LOG}:
        (home.root / REWRITE_DUE).unlink(missing_ok=True)
    return problem


def rewrite_log(client: redis.Redis) -> str | None:
    """Let Redis write its log anew, without what was deleted. Returns why it did not; None: it did."""
    try:
        info = client.info("persistence")
        if not info["aof_enabled"]:
            return NO_LOG
        _wait_for_rewrite(client)  # of one that began before
        client.bgrewriteaof()
        return _wait_for_rewrite(client)
    except redis.ResponseError as error:
        return f"Redis refused to rewrite its log ({error}): let it do so, BGREWRITEAOF"


def _wait_for_rewrite(client: redis.Redis) -> str | None:
    deadline = time.monotonic() + REWRITE_TIMEOUT_S
    while time.monotonic() < deadline:
        info = client.info("persistence")
        if not info["aof_rewrite_in_progress"] and not info["aof_rewrite_scheduled"]:
            status = info["aof_last_bgrewrite_status"]
            return None if status == "ok" else f"rewriting Redis's log ended with {status!r}; see redis.log"
        time.sleep(POLL_S)
    return "Redis is still rewriting its log"


def _keys_of(client: redis.Redis, person: PersonIds) -> Iterator[str | bytes]:
    for customer in person.customers:
        yield from keys.of_customer(customer)
    for browser in person.browsers | browsers_now(client, person.customers):
        yield from keys.of_browser(browser)
    for event in person.events:
        yield keys.seen_event(event)
    for kind, number in person.numbers:
        seen = keys.seen_order(kind, number)
        yield from (seen, f"{seen}:early", f"{seen}:words")
    yield from _bought_by(client, person)


def _bought_by(client: redis.Redis, person: PersonIds) -> Iterator[bytes]:
    """Keys of orders that name them as the buyer."""
    owners = {f"c:{name}".encode() for name in person.customers}
    owners |= {f"a:{name}".encode() for name in person.browsers}
    for kind in ORDER_KINDS:
        found = client.scan_iter(match=f"{keys.seen_order(kind, '')}*", count=KEYS_A_STEP)
        for page in in_steps(found):
            buyers = cast(list[bytes | None], client.mget(page))
            yield from (
                key
                for key, buyer in zip(page, buyers, strict=True)
                if buyer and keys.buyer_of(buyer) in owners
            )
