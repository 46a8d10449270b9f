"""Which products a customer was written about lately, so that no e-mail repeats the one before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import chain

import msgspec

from features.store import keys
from features.store.connection import Connection
from features.store.settings import StoreSettings
from features.time_units import DAY_MS, DAY_S

REMEMBERED = 12  # newest sendings a customer


class Sending(msgspec.Struct, array_like=True, frozen=True):
    """One e-mail's products. `send_id` is the shop's name for it: asked again, it may say the same."""

    at_ms: int
    send_id: str
    product_ids: tuple[str, ...]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Sending, ...]).decode


def sendings_of(packed: bytes | None) -> tuple[Sending, ...]:
    """Newest first; what cannot be read counts as nothing."""
    try:
        return _decode(packed) if packed else ()
    except msgspec.DecodeError:
        return ()


def sent_lately(
    sendings: Sequence[Sending], now_ms: int, days: float, send_id: str | None
) -> tuple[str, ...]:
    """The products of the last days, but for those of the same sending."""
    since = now_ms - days * DAY_MS
    lately = [
        sending.product_ids
        for sending in sendings
        if sending.at_ms > since and (send_id is None or sending.send_id != send_id)
    ]
    return tuple(chain(*lately))


def note_sending(
    store: Connection, customer_id: str, earlier: Sequence[Sending], sending: Sending, settings: StoreSettings
) -> asyncio.Future[bytes]:
    """Remember one more. Raises StoreUnavailable where the store is known to be away."""
    others = [each for each in earlier if each.send_id != sending.send_id]
    packed = _encode((sending, *others[: REMEMBERED - 1]))
    ttl_s = settings.sent_memory_days * DAY_S
    return store.send("SET", keys.sendings(customer_id), packed, "EX", ttl_s)
