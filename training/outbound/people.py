"""Who is who at a service: its contacts by the shop's ids and by the digests of their addresses.

We keep digests of addresses and the service keeps addresses: it tells its contacts, each address becomes its
digest in memory, and what is kept is the service's own id under the name that the customer goes by.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property

from features.home import Home
from features.people.aliases import aliases_stamp, current_names
from features.people.names import PeopleKey, people_key
from features.store.tombstones import Tombstones, read_tombstones, tombstones_stamp
from training.outbound.destination import Contact, Destination, Unavailable
from training.outbound.state import Known, SentState

OVERLAP = timedelta(minutes=10)  # the service's clock is not ours


def refresh(destination: Destination, state: SentState, home: Home, now: datetime) -> None:
    """Learn of contacts that are new or changed since the last time. Raises Unavailable, NotAllowed."""
    if not destination.keeps_contacts:
        return
    noted = state.noted("people_read")
    since = datetime.fromisoformat(noted) - OVERLAP if noted else None
    names = _Names(home)
    if names.stamp != state.noted("aliases"):
        state.rename(names.aliases)
        state.note("aliases", names.stamp)
    last: Sequence[Contact] = ()
    for page in destination.people(since):
        if page and page == last:
            raise Unavailable("it tells the same page of contacts again and again")
        if last := page:
            state.learn(names.of(page))
    state.note("people_read", now.astimezone(UTC).isoformat())


def forget_erased(state: SentState, home: Home) -> None:
    """Forget who was erased while they were being sent, or came back with a backup."""
    stamp = tombstones_stamp(home)
    if stamp == state.noted("tombstones"):
        return
    erased = read_tombstones(home)
    state.forget([name for name in state.names() if erased.holds("customer", name)])
    state.note("tombstones", stamp)


class _Names:
    """What the home calls people; read when it is needed first. stamp: another with other aliases."""

    def __init__(self, home: Home) -> None:
        self._home, self.stamp = home, aliases_stamp(home)

    @cached_property
    def aliases(self) -> dict[str, str]:
        return dict(current_names(self._home).select("alias", "customer_id").iter_rows())

    @cached_property
    def _key(self) -> PeopleKey:
        return people_key(self._home)

    @cached_property
    def _erased(self) -> Tombstones:
        return read_tombstones(self._home)

    def of(self, page: Sequence[Contact]) -> dict[str, Known]:
        """By customer; the shop's id says more than an address, which several may share."""
        named = [(self._key.email(each.email), each) for each in page]
        named += [(each.external_id, each) for each in page]
        known = {
            self.aliases.get(name, name): Known(each.id, each.subscribed) for name, each in named if name
        }
        return {name: each for name, each in known.items() if not self._erased.holds("customer", name)}
