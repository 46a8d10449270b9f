"""Who is who at a service: its contacts by the shop's ids and by the digests of their addresses.

We keep digests of addresses and the service keeps addresses: it tells its contacts, each address becomes its
digest in memory, and what is kept is the service's own id under the name that the customer goes by.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from features.home import Home
from features.people.aliases import current_names
from features.people.names import people_key
from features.store.tombstones import Tombstones, read_tombstones
from training.outbound.destination import Contact, Destination
from training.outbound.state import Known, SentState

OVERLAP = timedelta(minutes=10)  # the service's clock is not ours


def refresh(destination: Destination, state: SentState, home: Home, now: datetime) -> None:
    """Learn of contacts that are new or changed since the last time. Raises Unavailable, NotAllowed."""
    if not destination.keeps_contacts:
        return
    noted = state.noted("people_read")
    since = datetime.fromisoformat(noted) - OVERLAP if noted else None
    aliases, key, erased = _aliases(home), people_key(home), read_tombstones(home)
    state.rename(aliases)
    for page in destination.people(since):
        state.learn(_names(page, {key.email(each.email): each for each in page}, aliases, erased))
    state.note("people_read", now.astimezone(UTC).isoformat())


def _aliases(home: Home) -> dict[str, str]:
    return dict(current_names(home).select("alias", "customer_id").iter_rows())


def _names(
    page: Iterable[Contact],
    by_digest: Mapping[str | None, Contact],
    aliases: Mapping[str, str],
    erased: Tombstones,
) -> dict[str, Known]:
    """By customer; the shop's id says more than an address, which several may share."""
    named = [(name, each) for name, each in by_digest.items()]
    named += [(each.external_id, each) for each in page]
    current = {aliases.get(name, name): Known(each.id, each.subscribed) for name, each in named if name}
    return {name: known for name, known in current.items() if not erased.holds("customer", name)}
