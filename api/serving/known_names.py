"""Customers who go by another name now, as far as a process must know them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from features.people.links import LONGEST_CHAIN, NOTHING_SEEN, Seen, changes_since
from features.store.connection import Connection
from recommender.arrays.id_map import IdMap


@dataclass
class KnownNames:
    """owners: a name -> the customer whose further name it is, who may have given way in turn."""

    owners: dict[str, str] = field(default_factory=dict)
    _seen: Seen = NOTHING_SEEN

    def current(self, customer_id: str) -> str:
        """The name that whoever goes by this one goes by now."""
        for _ in range(LONGEST_CHAIN):
            if customer_id not in self.owners:
                break
            customer_id = self.owners[customer_id]
        return customer_id

    async def refresh(self, store: Connection) -> bool:
        """Hear what was linked since; whether anything was. Raises StoreUnavailable."""
        changes = await changes_since(store, self._seen)
        if changes is None:
            return False
        self.owners = changes.names if changes.is_whole else self.owners | changes.names
        self._seen = changes.seen
        return True

    def teach(self, customers: IdMap) -> None:
        """Let a model that knows customers by an old name know them by the new one, too."""
        customers.also(self._pairs())

    def _pairs(self) -> Iterator[tuple[str, str]]:
        return ((self.current(name), name) for name in self.owners)
