"""A service that is told nothing: what would be sent is handed to a function instead."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from training.outbound.destination import Contact, Destination, Message, Update


class Dry:
    """In place of a service; who is who there is read from it."""

    def __init__(self, real: Destination, show: Callable[[Mapping[str, Any]], None]) -> None:
        self._real, self._show = real, show
        self.batch, self.keeps_contacts, self.takes_orders = (
            real.batch,
            real.keeps_contacts,
            real.takes_orders,
        )
        self.close = real.close

    def prepare(self) -> str:
        """Nothing is made."""
        return ""

    def people(self, since: datetime | None) -> Iterator[Sequence[Contact]]:
        return self._real.people(since)

    def update(self, updates: Sequence[Update], run: str) -> Mapping[str, str]:  # noqa: ARG002
        for each in updates:
            self._show({"customer_id": each.customer_id, "fields": msgspec.to_builtins(each.fields)})
        return {}

    def tell(self, message: Message) -> None:
        self._show({"customer_id": message.customer_id, "event": message.kind, "data": message.data})

    def erase(self, contact: str) -> None:
        self._show({"erase": contact})
