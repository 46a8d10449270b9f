"""One event as a shopper's log keeps it: records of one width, one for each line, the last line first.

A record is followed by the ids behind it, product and order, in as many more records as that text takes.
See docs/decisions/0015-the-live-log-is-fixed-width.md.
"""

import struct
from hashlib import blake2b
from math import inf
from typing import NamedTuple

KINDS = (
    "view",
    "click",
    "wishlist",
    "add_to_cart",
    "remove_from_cart",
    "purchase",
    "refund",
    "cancel",
    "search",
    "checkout",
    "review",
)
"""A record holds the position of its event's type in here: append new types, never insert them."""

RECORD_FIELDS = {
    "at_ms": "q",
    "received_ms": "q",
    "product": "q",
    "quantity": "d",
    "money": "d",
    "mark": "I",
    "kind": "H",
    "names": "H",
}
"""Of a record, in codes of `struct` and of numpy, little-endian. product: `id_hash`, 0 without one; names:
how many records of text follow."""
RECORD = struct.Struct("<" + "".join(RECORD_FIELDS.values()))
UNREADABLE_ENTRY = (ValueError, IndexError, struct.error)  # what `unpack` raises for damaged bytes
_CODES = {kind: code for code, kind in enumerate(KINDS)}
_SEPARATOR = "\0"  # which no id holds


class LogEntry(NamedTuple):
    """One event of a shopper. `mark` tells apart events that are alike otherwise.

    money: what was paid for a purchase's goods, or went back by a refund; infinite where it is not known, and
    where all of it went back. other_number: of a purchase, under which a page may have claimed it.
    """

    at_ms: int
    type: str
    product_ids: tuple[str, ...]
    quantities: tuple[float, ...]
    received_ms: int
    mark: int
    order_id: str | None = None
    money: float = inf
    other_number: str | None = None


def id_hash(name: str) -> int:
    """64 bits of BLAKE2b, signed."""
    digest = blake2b(name.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def pack(entry: LogEntry) -> bytes:
    """Its records."""
    order = f"{entry.order_id or ''}{_SEPARATOR}{entry.other_number or ''}"
    lines = [*zip(entry.product_ids, entry.quantities, strict=True)] or [("", 0.0)]
    return b"".join([_record(entry, product, order, quantity) for product, quantity in reversed(lines)])


def unpack(packed: bytes) -> LogEntry:
    """The reverse of `pack`. Raises one of UNREADABLE_ENTRY."""
    products: list[str] = []
    quantities: list[float] = []
    end = 0
    while end < len(packed) or not end:
        at_ms, received_ms, _, quantity, money, mark, kind, texts = RECORD.unpack_from(packed, end)
        begin = end + RECORD.size
        end = begin + texts * RECORD.size
        product, _, orders = packed[begin:end].rstrip(b"\0").decode().partition(_SEPARATOR)
        if product:
            products.append(product)
            quantities.append(quantity)
    if end != len(packed):
        raise ValueError("the last record is cut off")
    lines = tuple(products[::-1]), tuple(quantities[::-1])
    order, _, other = orders.partition(_SEPARATOR)
    return LogEntry(at_ms, KINDS[kind], *lines, received_ms, mark, order or None, money, other or None)


def _record(entry: LogEntry, product_id: str, order: str, quantity: float) -> bytes:
    names = f"{product_id}{_SEPARATOR}{order}".rstrip(_SEPARATOR).encode()
    texts = -(-len(names) // RECORD.size)
    product, kind = id_hash(product_id) if product_id else 0, _CODES[entry.type]
    head = RECORD.pack(
        entry.at_ms, entry.received_ms, product, quantity, entry.money, entry.mark, kind, texts
    )
    return head + names.ljust(texts * RECORD.size, b"\0")
