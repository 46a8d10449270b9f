"""Every Redis key. All share one hash tag, so that one atomic step may touch any of them.

One shop fits one Redis node (a million shoppers are about 2 GB); in a cluster, shops spread over
nodes by their names. See docs/decisions/0002-one-hash-tag.md.
"""

TAG = "{perennial}"


def shopper_log(shopper_id: str, *, known: bool) -> str:
    """List of packed LogEntry, newest first. Life: `shopper_ttl_days`. Writer: ingest; reader: API.

    `known` tells a customer's id from a browser's anonymous one, so that they never collide.
    """
    return f"{TAG}:shopper:{'c' if known else 'a'}:{shopper_id}"


def sendings(customer_id: str) -> str:
    """String: packed Sendings, newest first. Life: `sent_memory_days`. Writer and reader: e-mail picks."""
    return f"{TAG}:sent:{customer_id}"


def alias(anonymous_id: str) -> str:
    """String: the customer behind a browser. Life: `shopper_ttl_days`. Writer and reader: ingest."""
    return f"{TAG}:alias:{anonymous_id}"


def seen_event(event_id: str) -> str:
    """String "1": this event was taken. Life: `event_memory_days`. Writer and reader: ingest."""
    return f"{TAG}:seen:event:{event_id}"


def seen_order(kind: str, order_id: str) -> str:
    """String "1": this order, refund or cancellation was taken. Life and use as `seen_event`."""
    return f"{TAG}:seen:{kind}:{order_id}"


def event_stream() -> str:
    """Stream: `e` a JSON event, `r` when it was received, in ms. Life: until archived.

    Writer: ingest; reader: archiver.
    """
    return f"{TAG}:events"


def served_stream() -> str:
    """Stream, one field `s`: JSON records of what was shown. Writer: API; reader: archiver."""
    return f"{TAG}:served"


def catalogue() -> str:
    """Hash product_id -> JSON of the fields changed since training. Writer: catalogue; reader: API."""
    return f"{TAG}:catalogue"


def catalogue_changes() -> str:
    """Sorted set product_id by revision of its last change. Writer: catalogue; reader: API."""
    return f"{TAG}:catalogue:changes"


def revisions() -> str:
    """Hash name -> counter ("catalogue", "keys", "merchandising").

    Writers: their owners; reader: API, every 200 ms.
    """
    return f"{TAG}:revisions"


def api_keys() -> str:
    """Hash SHA-256 of a key -> JSON of its scope and name. Writer: `perennial keys`; reader: API."""
    return f"{TAG}:keys"


def merchandising() -> str:
    """List of versions of the merchant's rules, JSON SavedRules, newest first. Writer and reader: API."""
    return f"{TAG}:merchandising"
