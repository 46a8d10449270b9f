"""Every Redis key. All share one hash tag, so that one script may touch any of them.

One shop fits one Redis node (a million shoppers are about 2 GB); a cluster spreads shops over nodes by
their names. See docs/decisions/0002-one-hash-tag.md.
"""

TAG = "{perennial}"

SHOPPER_LOGS = f"{TAG}:shopper:2:"
"""Prefix of every shopper's log, before `c:<customer>` or `a:<browser>`; see `shopper_log`.

The number is that of the records' format: logs of another one are never read, and expire.
"""

FORMER_SHOPPER_LOGS = f"{TAG}:shopper:"
"""Prefix of logs in the format of before. Life: until they expire. No writer, no reader."""


def shopper_log(shopper_id: str, *, identified: bool) -> str:
    """List of packed LogEntry, newest first, each once. Life: `shopper_ttl_days`. Writer: ingest; readers:
    API, lifecycle.
    identified: `shopper_id` is a customer, not an anonymous browser; their keys never collide."""
    return f"{SHOPPER_LOGS}{'c' if identified else 'a'}:{shopper_id}"


def sendings(customer_id: str) -> str:
    """String: packed Sendings, newest first. Life: `sent_memory_days`. Writer and reader: e-mail picks."""
    return f"{TAG}:sent:{customer_id}"


def alias(anonymous_id: str) -> str:
    """String: the customer who uses a browser. Life: `shopper_ttl_days`. Writer and reader: ingest."""
    return f"{TAG}:alias:{anonymous_id}"


def seen_event(event_id: str) -> str:
    """String "1": this event was ingested. Life: `event_memory_days`. Writer and reader: ingest."""
    return f"{TAG}:seen:event:{event_id}"


def seen_order(kind: str, order_id: str) -> str:
    """String: this order, refund or cancellation was ingested, from `c:<customer>` or `a:<browser>`, "1" if
    neither is given; of a browser's claim `?`, that, a line break, the log entry. Behind that of a purchase
    `:early` and `:words`, see ingest.lua. Life: `order_memory_days`. Writer and reader: ingest."""
    return f"{TAG}:seen:{kind}:{order_id}"


def buyer_of(seen: bytes) -> bytes:
    """The owner in what `seen_order` holds, of a claim, too."""
    return seen.removeprefix(b"?").partition(b"\n")[0]


def event_stream() -> str:
    """Stream: `e` a JSON event, `r` when it was received, in ms. Life: until archived.
    Writer: ingest; reader: archiver."""
    return f"{TAG}:events"


def served_stream() -> str:
    """Stream, one field `s`: JSON list of ServedRecord. Writer: API; reader: archiver."""
    return f"{TAG}:served"


def catalogue() -> str:
    """Hash product_id -> JSON of the fields changed since training. Writer: catalogue; reader: API."""
    return f"{TAG}:catalogue"


def catalogue_changes() -> str:
    """Sorted set product_id by revision of its last change. Writer: catalogue; reader: API."""
    return f"{TAG}:catalogue:changes"


def product_names() -> str:
    """Hash a product's id or alias, in lower case and trimmed -> its id. Writers: imports, training, rebuild,
    catalogue; reader: API."""
    return f"{TAG}:catalogue:names"


def unknown_products() -> str:
    """Sorted set of names of products in events that nobody knows, by how often. Life: 30 days. Writer: API;
    reader: doctor."""
    return f"{TAG}:catalogue:unknown"


def revisions() -> str:
    """Hash name -> counter ("catalogue", "erased", "experiments", "keys", "merchandising",
    "non_products", "offers", "people", "people_parted", "tiers", "triggers").

    Writers: their owners; reader: API, every 200 ms.
    """
    return f"{TAG}:revisions"


def api_keys() -> str:
    """Hash SHA-256 of a key -> JSON ApiKey: a copy of the home's. Writers, readers: `perennial keys`, API."""
    return f"{TAG}:keys"


def connection(service: str) -> str:
    """Hash `n:<kind>`, `at:<kind>` in ms, `trouble`, `trouble_at`. Writers: API, worker; reader: commands."""
    return f"{TAG}:connection:{service}"


def webhook(service: str, delivery_id: str) -> str:
    """String "1": a delivery that was taken. Life: 3 days. Writer and reader: API."""
    return f"{TAG}:webhook:{service}:{delivery_id}"


def webhook_memo(service: str, thing: str) -> str:
    """String: JSON kept of a service's order or product. Life: `order_memory_days`. Writer, reader: API."""
    return f"{TAG}:memo:{service}:{thing}"


def exports_due() -> str:
    """Hash customer -> since when they ask for all that is held, in ms. Writer: API; reader: worker."""
    return f"{TAG}:exports"


def merchandising() -> str:
    """List of versions of the merchant's rules, JSON SettingVersion, newest first. Writer and reader: API."""
    return f"{TAG}:merchandising"


def customer_facts_prefix() -> str:
    """Before `c:<customer>` or `a:<browser>`."""
    return f"{TAG}:told:"


def customer_facts(shopper_id: str, *, identified: bool) -> str:
    """Hash fact -> "<ms> <value>": consent, birthday, tickets ... Life: `shopper_ttl_days`.

    Writer: ingest; reader: lifecycle.
    """
    return f"{customer_facts_prefix()}{'c' if identified else 'a'}:{shopper_id}"


def look_due() -> str:
    """Sorted set customer_id by when to decide about them, in ms. Writers: ingest, lifecycle."""
    return f"{TAG}:triggers:due"


def triggers() -> str:
    """Stream of triggers to send: `t` JSON, `i` its id, `k` kind, `c` customer, `x` when it expires, in ms.
    Life: 30 days. Writer: lifecycle; reader: API."""
    return f"{TAG}:triggers"


def triggers_copy() -> str:
    """Stream that replaces `triggers` when a customer is forgotten. Life: of that script."""
    return f"{TAG}:triggers:copy"


def triggers_waiting(customer_id: str) -> str:
    """Hash trigger id -> JSON Waiting, until it expires. Writer and reader: lifecycle."""
    return f"{TAG}:triggers:waiting:{customer_id}"


def triggers_done(customer_id: str) -> str:
    """Sorted set of occasions handed out, by time in ms. Life: 400 days. Writer, reader: lifecycle."""
    return f"{TAG}:triggers:done:{customer_id}"


def contacts_prefix() -> str:
    """Prefix of `contacts`, before a customer's id."""
    return f"{TAG}:contacts:"


def contacts(customer_id: str) -> str:
    """Sorted set of trigger ids that were read, by time in ms. Life: 100 days. Writer: API."""
    return f"{contacts_prefix()}{customer_id}"


def trigger_settings() -> str:
    """List of JSON SettingVersion, newest first. Writer: API; readers: API, lifecycle."""
    return f"{TAG}:triggers:settings"


def tier_settings() -> str:
    """List of JSON SettingVersion, newest first; tiers.json in the home is in use. Writer, reader: API."""
    return f"{TAG}:tiers"


def non_product_settings() -> str:
    """List of JSON SettingVersion, newest first; non_products.json is in use. Writer, reader: API."""
    return f"{TAG}:catalogue:non_products"


def product_news() -> str:
    """Hash product_id -> JSON News, of products that changed since training. Writer and reader: lifecycle.

    The field "" holds the revision of the live catalogue that was processed last.
    """
    return f"{TAG}:triggers:goods"


def watchers_prefix() -> str:
    """Prefix of `watchers`, before a product's id."""
    return f"{TAG}:triggers:watchers:"


def watchers(product_id: str) -> str:
    """Sorted set of customers who want it, by time in ms. Life: 60 days. Writer, reader: lifecycle."""
    return f"{watchers_prefix()}{product_id}"


def enrolled() -> str:
    """String: the model version whose customers were all queued. Writer and reader: lifecycle."""
    return f"{TAG}:triggers:enrolled"


def triggers_began() -> str:
    """String: when triggers were first decided, in ms. Writer and reader: lifecycle."""
    return f"{TAG}:triggers:began"


def offer_settings() -> str:
    """List of versions of the merchant's offers, JSON SettingVersion, newest first. Writer, reader: API."""
    return f"{TAG}:offers:catalogue"


def experiment_settings() -> str:
    """List of JSON SettingVersion, newest first. Writer: API; readers: API, lifecycle, reports."""
    return f"{TAG}:experiments"


def promises(visitor: str, *, identified: bool) -> str:
    """String: JSON Promises, offers that a visitor got. Life: 400 days. Writer and reader: offers."""
    return f"{TAG}:offers:{'given' if identified else 'browser'}:{visitor}"


def budgets_spent() -> str:
    """Hash budget -> money promised from it. Writer and reader: offers."""
    return f"{TAG}:offers:spent"


def decision_stream() -> str:
    """Stream, one field `d`: JSON DecisionRecord. Life: until archived. Writer: offers; reader: archiver."""
    return f"{TAG}:decisions"


def erased() -> str:
    """String: JSON Tombstones, a copy of the home's. Writers: `erase`, worker; reader: API."""
    return f"{TAG}:erased"


def erasures() -> str:
    """Hash customer -> when their erasure began, in ms, until it is finished. Writer: API; reader: worker."""
    return f"{TAG}:erasures"


def people() -> str:
    """Hash a further name of a customer -> whose it is. Writers: API, imports; readers: API, ingest.

    Beside it `:links`, a sorted set of those that API processes must know, by when they were linked, in ms
    (digests: 90 days), and hashes for the archiver: `:news`, name -> JSON NewLink; `:emails`, encrypted."""
    return f"{TAG}:people"


def mail_openings(customer_id: str) -> str:
    """Hash name of an e-mail -> "<ms> <JSON Opening>", what its pictures showed. Life: `sent_memory_days`.

    Writer and reader: pictures for e-mails."""
    return f"{TAG}:opened:{customer_id}"


def of_customer(customer_id: str) -> tuple[str, ...]:
    """Every key that bears a customer's id."""
    return (
        shopper_log(customer_id, identified=True),
        customer_facts(customer_id, identified=True),
        sendings(customer_id),
        contacts(customer_id),
        triggers_waiting(customer_id),
        triggers_done(customer_id),
        promises(customer_id, identified=True),
        f"{FORMER_SHOPPER_LOGS}c:{customer_id}",
        mail_openings(customer_id),
    )


def of_browser(anonymous_id: str) -> tuple[str, ...]:
    """Every key that bears a browser's id."""
    return (
        shopper_log(anonymous_id, identified=False),
        customer_facts(anonymous_id, identified=False),
        promises(anonymous_id, identified=False),
        alias(anonymous_id),
        f"{FORMER_SHOPPER_LOGS}a:{anonymous_id}",
    )


def replayed_stream() -> str:
    """Stream in place of `event_stream` for events that are in the history already. Life: of a rebuild."""
    return f"{TAG}:replayed"


def stream_copy() -> str:
    """Stream that replaces another when people are erased. Life: of that script."""
    return f"{TAG}:stream:copy"
