"""What an e-mail showed when it was opened, so that all its pictures and their clicks agree."""

from pathlib import Path

import msgspec

from features.store import keys
from features.store.connection import Connection
from features.store.settings import StoreSettings
from features.time_units import DAY_S

KEEP_SCRIPT = Path(__file__).with_name("mail_openings.lua").read_text(encoding="utf-8")
OPENING_MS = 30 * 60_000  # pictures that are asked for within this time belong to one opening
MOST_OPENINGS = 50  # of a customer


class Opening(msgspec.Struct, array_like=True, frozen=True):
    """The products of an e-mail, by slot, and the id of the recommendation that they are."""

    recommendation_id: str
    product_ids: tuple[str, ...]


_decode = msgspec.json.Decoder(Opening).decode


async def read_opening(store: Connection, customer_id: str, name: str) -> tuple[int, Opening] | None:
    """When an e-mail was opened last, epoch ms, and what it showed. Raises StoreUnavailable."""
    kept = await store.call("HGET", keys.mail_openings(customer_id), name)
    return _read(kept) if kept else None


async def keep_opening(
    store: Connection, customer_id: str, name: str, opening: Opening, now_ms: int, settings: StoreSettings
) -> Opening:
    """Keep an opening, and return the one that counts: of pictures that are asked for at the same time, the
    first one's. Raises StoreUnavailable."""
    packed = b"%d %b" % (now_ms, msgspec.json.encode(opening))
    life_s = settings.sent_memory_days * DAY_S
    reply = await store.call(
        "EVAL",
        KEEP_SCRIPT,
        1,
        keys.mail_openings(customer_id),
        *(name, packed, now_ms, OPENING_MS, life_s, MOST_OPENINGS),
    )
    return _read(reply)[1]


def _read(kept: bytes) -> tuple[int, Opening]:
    at_ms, _, packed = kept.partition(b" ")
    return int(at_ms), _decode(packed)
