"""The products in a customer's recent e-mails, so that the next one does not repeat them."""

import asyncio
from collections.abc import Sequence
from itertools import chain

import msgspec

from features.store import keys
from features.store.connection import Connection
from features.store.settings import StoreSettings
from features.time_units import DAY_MS, DAY_S

SENDINGS_KEPT = 12  # per customer, the newest


class Sending(msgspec.Struct, array_like=True, frozen=True):
    """One e-mail's products. `send_id` is the shop's id of it: a retry with the same id may repeat them."""

    at_ms: int
    send_id: str
    product_ids: tuple[str, ...]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Sending, ...]).decode


def sendings_of(packed: bytes | None) -> tuple[Sending, ...]:
    """Unpack sendings, newest first; none if they cannot be read."""
    try:
        return _decode(packed) if packed else ()
    except msgspec.DecodeError:
        return ()


def sent_lately(
    sendings: Sequence[Sending], now_ms: int, days: float, send_id: str | None
) -> tuple[str, ...]:
    """The products sent within the last `days`, without those of the sending `send_id` itself."""
    since = now_ms - days * DAY_MS
    recent = [
        sending.product_ids
        for sending in sendings
        if sending.at_ms > since and (send_id is None or sending.send_id != send_id)
    ]
    return tuple(chain(*recent))


def note_sending(
    store: Connection, customer_id: str, earlier: Sequence[Sending], sending: Sending, settings: StoreSettings
) -> asyncio.Future[bytes]:
    """Store one more sending. Raises StoreUnavailable at once if the connection is down."""
    others = [each for each in earlier if each.send_id != sending.send_id]
    packed = _encode((sending, *others[: SENDINGS_KEPT - 1]))
    ttl_s = settings.sent_memory_days * DAY_S
    return store.send("SET", keys.sendings(customer_id), packed, "EX", ttl_s)
