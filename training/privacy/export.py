"""Everything that is held about a customer, for them to read and to take along."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import redis

from features.history.archiver import Archiver
from features.home import Home
from features.live.customer_facts import fold_customer
from features.merchant.tiers import read_tiers
from features.people.aliases import current_name
from features.people.kept_emails import emails_of
from features.privacy.files import lines_about
from features.privacy.live_export import live_data
from features.privacy.person import PersonIds, find_person, scan_files
from features.store import keys
from features.store.settings import StoreSettings
from recommender.customers.build_profile import build_profile
from recommender.customers.profile import Profile
from recommender.customers.tiers import BadTiers, TierPlan, read_plan
from recommender.model import versions
from recommender.model.availability import Availability
from recommender.model.bundle_files import BadBundle
from training.outbound.every_service import held_in_all

ORDER_TYPES = {"purchase", "refund", "cancel"}
Rows = list[dict[str, Any]]


def export_person(
    home: Home, client: redis.Redis, settings: StoreSettings, customer_id: str, now: datetime
) -> dict[str, Any]:
    """Ready for JSON: names and ids, orders, events, recommendations, decisions, live state, derived values.

    `summary` says it in sentences. Somebody unknown has a summary that says so.
    """
    Archiver(client, home, settings).run(burst=True)
    person = find_person(home, client, [customer_id])
    rows = _rows(home.events, person)
    held = {
        "names": sorted(person.customers),
        "emails": sorted(emails_of(home, person.customers).values()),
        "browsers": sorted(person.browsers),
        "sessions": sorted(person.sessions),
        "orders": [row for row in rows if row["type"] in ORDER_TYPES],
        "events": [row for row in rows if row["type"] not in ORDER_TYPES],
        "recommendations": _rows(home.served, person),
        "decisions": _rows(home.decisions, person),
        "rejected_lines": lines_about(home, person),
        "live": live_data(client, person),
        "sent_to": held_in_all(home, person.customers),
        "derived": msgspec.to_builtins(_derived(home, client, current_name(home, customer_id), now)),
    }
    head = {"customer_id": customer_id, "exported_at": now.isoformat(), "summary": [*_sentences(held)]}
    return head | held


def _rows(folder: Path, person: PersonIds) -> Rows:
    """Their rows, oldest file first, without what is empty."""
    rows = scan_files(folder)
    if rows is None:
        return []
    theirs = rows.filter(person.rows(set(rows.collect_schema().names()))).collect()
    iso = pl.selectors.datetime().dt.to_string("iso:strict")
    return [
        {name: value for name, value in row.items() if value is not None}
        for row in theirs.with_columns(iso).iter_rows(named=True)
    ]


def _derived(home: Home, client: redis.Redis, customer_id: str, now: datetime) -> Profile:
    """What the model that serves makes of them: value, segment, tier, likings, what runs out when."""
    try:
        bundle = versions.load_current(home.models)
    except BadBundle:
        bundle = None
    try:
        plan = read_plan(read_tiers(home)) or TierPlan()
    except BadTiers:
        plan = TierPlan()
    log: Any = client.lrange(keys.shopper_log(customer_id, identified=True), 0, -1)
    return build_profile(
        customer_id,
        bundle,
        Availability.of(bundle.tables) if bundle else None,
        fold_customer(log, {}).shopper.purchases,
        plan,
        now.timestamp(),
        np.random.default_rng(0),
    )


def _sentences(held: dict[str, Any]) -> Iterator[str]:
    purchases = [row for row in held["orders"] if row["type"] == "purchase"]
    times = sorted(row["timestamp"] for row in (*held["orders"], *held["events"]))
    orders = {row["order_id"] for row in purchases}
    if times:
        yield f"Events are kept from {times[0][:10]} to {times[-1][:10]}."
    yield f"Orders: {len(orders):,}, of {len(purchases):,} lines. Other events: {len(held['events']):,}."
    yield f"Browsers that are known to be theirs alone: {len(held['browsers']):,}."
    yield f"Recommendations shown: {len(held['recommendations']):,}."
    yield f"Offers decided: {len(held['decisions']):,}."
    for live in held["live"]["customers"].values():
        consents = [f"{channel} {'yes' if given else 'no'}" for channel, given in live["consents"].items()]
        yield f"Consents: {', '.join(consents) or 'none told'}. E-mails remembered: {len(live['emails']):,}."
    if held["sent_to"]:
        yield f"Sent to other services: {', '.join(held['sent_to'])}; ask for what they hold there, too."
    derived = held["derived"]
    if derived.get("segment"):
        yield f"They are counted among the {derived['segment']!r}; `derived` says what else is expected."
    rejected = sum(map(len, held["rejected_lines"].values()))
    if rejected:
        yield f"Lines of imports and events that could not be taken: {rejected:,}."
